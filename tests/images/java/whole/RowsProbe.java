package dataingestion.connect;

import io.confluent.connect.avro.AvroData;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.sink.SinkRecord;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.source.SourceTask;

/**
 * Runs a source task and its chain of transforms, takes each row through Avro's bytes as the converters do, and through the sink's check of
 * values; and prints of each {@code @ topic}, its columns as ValuesProbe does, and {@code % key}. A failure is printed as {@code ! message}.
 *
 * <p>Arguments: a file with the configuration of the source and {@code transforms.sound.} of the sink, and the seconds after which it ends.
 */
public final class RowsProbe {
  private static final String SOUND = "transforms.sound.";

  public static void main(String[] arguments) throws Exception {
    Map<String, String> config = GuardProbe.config(arguments[0]);
    long end = System.nanoTime() + Long.parseLong(arguments[1]) * 1_000_000_000L;
    try {
      run(config, end);
    } catch (RuntimeException error) {
      System.out.println("! " + error);
    }
    System.exit(0);
  }

  private static void run(Map<String, String> config, long end) throws Exception {
    Chain chain = new Chain(config);
    AvroData avro = new AvroData(100);
    SoundValues sound = new SoundValues();
    sound.configure(sound(config));
    SourceTask task = GuardProbe.started(config, new HashMap<>());
    while (System.nanoTime() < end) {
      Iterable<SourceRecord> records = task.poll();
      if (records != null) {
        for (SourceRecord record : records) {
          SourceRecord named = chain.apply(record);
          SchemaAndValue read = read(avro, named);
          SinkRecord row = sound.apply(new SinkRecord(named.topic(), 0, null, null, read.schema(), read.value(), 0));
          System.out.println("@ " + row.topic());
          ValuesProbe.print("after", (Struct) row.value());
          System.out.println("% " + named.key());
        }
        System.out.flush();
      }
    }
  }

  private static SchemaAndValue read(AvroData avro, SourceRecord record) throws IOException {
    Schema schema = avro.fromConnectSchema(record.valueSchema());
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(bytes, null);
    new GenericDatumWriter<Object>(schema).write(avro.fromConnectData(record.valueSchema(), record.value()), encoder);
    encoder.flush();
    Object value = new GenericDatumReader<Object>(schema).read(null, DecoderFactory.get().binaryDecoder(bytes.toByteArray(), null));
    return avro.toConnectData(schema, value);
  }

  private static Map<String, String> sound(Map<String, String> config) {
    Map<String, String> found = new HashMap<>();
    config.forEach(
        (key, value) -> {
          if (key.startsWith(SOUND)) {
            found.put(key.substring(SOUND.length()), value);
          }
        });
    return found;
  }
}
