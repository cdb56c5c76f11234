package dataingestion.connect;

import io.confluent.connect.avro.AvroConverter;
import io.confluent.connect.avro.AvroConverterConfig;
import io.confluent.kafka.schemaregistry.avro.AvroSchemaProvider;
import io.confluent.kafka.schemaregistry.client.CachedSchemaRegistryClient;
import io.confluent.kafka.schemaregistry.client.SchemaRegistryClient;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.storage.Converter;

/**
 * Confluent's Avro converter, with one difference: while the schema registry gives no answer, a record waits.
 *
 * <p>Connect retries a conversion for {@code errors.retry.timeout} only after a RetriableException. Confluent's converter throws a
 * DataException for a registry that cannot be reached too, as for a record that is no Avro, and Connect writes such records of a sink to
 * the dead-letter topic. Here the failures of the registry are told apart where they happen, in its client.
 */
public final class RetryingAvroConverter implements Converter {
  private AvroConverter converter;

  /** {@inheritDoc} The keys are those of Confluent's converter. */
  @Override
  public void configure(Map<String, ?> configs, boolean isKey) {
    AvroConverterConfig config = new AvroConverterConfig(configs);
    SchemaRegistryClient client =
        new CachedSchemaRegistryClient(
            config.getSchemaRegistryUrls(),
            config.getMaxSchemasPerSubject(),
            List.of(new AvroSchemaProvider()),
            configs,
            config.requestHeaders());
    converter = new AvroConverter(RetriableRegistry.around(client));
    converter.configure(configs, isKey);
  }

  /** {@inheritDoc} Throws RetriableException while the registry gives no answer. */
  @Override
  public byte[] fromConnectData(String topic, Schema schema, Object value) {
    return retriable(() -> converter.fromConnectData(topic, schema, value));
  }

  /** {@inheritDoc} Throws RetriableException while the registry gives no answer. */
  @Override
  public SchemaAndValue toConnectData(String topic, byte[] value) {
    return retriable(() -> converter.toConnectData(topic, value));
  }

  /** Throw the cause that can be retried, if there is one, in place of the exception that Confluent's converter made of it. */
  private static <T> T retriable(Supplier<T> conversion) {
    try {
      return conversion.get();
    } catch (RuntimeException error) {
      for (Throwable cause = error; cause != null; cause = cause.getCause()) {
        if (cause instanceof RegistryAwayException away) {
          throw away;
        }
      }
      throw error;
    }
  }
}
