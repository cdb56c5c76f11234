import dataingestion.connect.RetryingAvroConverter;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.errors.RetriableException;

/** Reads one record and writes another for each argument after the registry's address, and prints what became of both. */
public final class Probe {
  public static void main(String[] arguments) {
    RetryingAvroConverter converter = new RetryingAvroConverter();
    converter.configure(
        Map.of(
            "schema.registry.url", arguments[0],
            "basic.auth.credentials.source", "USER_INFO",
            "basic.auth.user.info", "reader:sesame"),
        false);
    for (int i = 1; i < arguments.length; i++) {
      int number = Integer.parseInt(arguments[i]);
      byte[] record = ByteBuffer.allocate(7).put((byte) 0).putInt(number).put((byte) 2).put((byte) 'a').array();
      String read = outcome(() -> converter.toConnectData("topic", record));
      String written = outcome(() -> converter.fromConnectData("topic-" + number, Schema.STRING_SCHEMA, "a"));
      System.out.println(number + " " + read + " " + written);
    }
    System.out.println("garbage " + outcome(() -> converter.toConnectData("topic", new byte[] {0, 0, 0, 0, 1})) + " -");
  }

  private static String outcome(Supplier<Object> conversion) {
    try {
      conversion.get();
      return "done";
    } catch (RetriableException error) {
      return "waits";
    } catch (RuntimeException error) {
      return "bad";
    }
  }
}
