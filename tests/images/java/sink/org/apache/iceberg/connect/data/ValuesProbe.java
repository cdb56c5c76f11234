package org.apache.iceberg.connect.data;

import dataingestion.connect.SoundValues;
import java.io.File;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Date;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.iceberg.Files;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.connect.IcebergSinkConfig;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.data.parquet.GenericParquetReaders;
import org.apache.iceberg.data.parquet.GenericParquetWriter;
import org.apache.iceberg.hadoop.HadoopCatalog;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.iceberg.io.FileAppender;
import org.apache.iceberg.parquet.Parquet;
import org.apache.iceberg.types.Types;
import org.apache.iceberg.util.ByteBuffers;
import org.apache.kafka.connect.data.Decimal;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.data.Timestamp;
import org.apache.kafka.connect.sink.SinkRecord;

/** Gives each value to the image's transform and to the sink's own converter and writer, and prints what both make of it. */
public final class ValuesProbe {
  private static final Schema LOCAL = SchemaBuilder.string().name("dataingestion.connect.LocalTimestamp").optional().build();
  private static final Schema ZONED = SchemaBuilder.string().name("io.debezium.time.ZonedTimestamp").optional().build();
  private static final Schema DAY = org.apache.kafka.connect.data.Date.builder().optional().build();
  private static final Schema MONEY =
      Decimal.builder(2).parameter("connect.decimal.precision", "10").optional().build();

  private final HadoopCatalog catalog;
  private int number;

  private ValuesProbe(String warehouse) {
    catalog = new HadoopCatalog(new Configuration(), warehouse);
  }

  public static void main(String[] arguments) throws Exception {
    ValuesProbe probe = new ValuesProbe(arguments[0]);
    for (String text : arguments[1].split("\\|")) {
      probe.show("timestamp", LOCAL, text);
      probe.show("timestamptz", ZONED, text.endsWith("infinity") ? text : text + "Z");
    }
    for (String days : arguments[2].split("\\|")) {
      probe.show("date", DAY, new Date(Long.parseLong(days) * 86_400_000L));
    }
    for (String amount : arguments[3].split("\\|")) {
      BigDecimal exact = new BigDecimal(amount);
      probe.show("decimal(10,2)", Decimal.builder(exact.scale()).parameter("connect.decimal.precision", "10").build(), exact);
    }
    probe.show("float", Schema.FLOAT32_SCHEMA, Float.NaN);
    probe.show("double", Schema.FLOAT64_SCHEMA, Double.NEGATIVE_INFINITY);
    probe.show("double", Schema.FLOAT32_SCHEMA, 0.5f);
    probe.show("float", Schema.INT32_SCHEMA, 16_777_217);
    probe.show("int", Schema.INT16_SCHEMA, (short) 7);
    probe.show("int", Schema.FLOAT64_SCHEMA, 7.5);
    probe.show("int", Schema.STRING_SCHEMA, "seven");
    probe.show("long", Schema.INT32_SCHEMA, 8);
    probe.show("long", Timestamp.SCHEMA, new Date(7));
    probe.show("boolean", Schema.STRING_SCHEMA, "t");
    probe.show("boolean", Schema.BOOLEAN_SCHEMA, true);
    probe.show("string", Schema.STRING_SCHEMA, "seven");
    probe.show("string", DAY, new Date(0));
    probe.show("string", Schema.BYTES_SCHEMA, new byte[] {7});
    probe.show("binary", Schema.BYTES_SCHEMA, ByteBuffer.wrap(new byte[] {0, -1, 7}));
    probe.show("binary", Schema.BYTES_SCHEMA, ByteBuffer.wrap(new byte[0]));
    probe.show("binary", Schema.STRING_SCHEMA, "c2V2");
    probe.show("binary", Schema.INT32_SCHEMA, 7);
    probe.show("date", Timestamp.SCHEMA, new Date(90_000_000));
    probe.show("date", Schema.STRING_SCHEMA, "tomorrow");
    probe.show("timestamp", Timestamp.SCHEMA, new Date(1_767_323_045_123L));
    probe.show("timestamp", Timestamp.SCHEMA, new Date(9_223_372_036_825_200_000L));
    probe.show("timestamp", Schema.INT64_SCHEMA, 1_767_323_045_123_456L);
    probe.show("timestamp", ZONED, "2026-01-02T03:04:05+02:00");
    probe.show("timestamptz", LOCAL, "2026-01-02T03:04:05");
    probe.show("timestamptz", ZONED, "soon");
    probe.show("decimal(10,2)", Schema.STRING_SCHEMA, "seven");
    probe.show("decimal(10,2)", Schema.INT32_SCHEMA, 7);
    probe.show("", MONEY, new BigDecimal("100000000.00"));
    probe.show("", MONEY, new BigDecimal("99999999.99"));
    probe.show("", DAY, new Date(Integer.MAX_VALUE * 86_400_000L));
    probe.show("", LOCAL, "infinity");
    probe.show("", Schema.STRING_SCHEMA, "__debezium_unavailable_value");
    probe.show("binary", Schema.BYTES_SCHEMA, ByteBuffer.wrap("__debezium_unavailable_value".getBytes(StandardCharsets.UTF_8)));
    probe.show("string", Schema.STRING_SCHEMA, "__debezium_unavailable_values");
  }

  private void show(String type, Schema schema, Object value) {
    Object shown = value instanceof Date ? ((Date) value).getTime() : value instanceof byte[] ? "bytes" : text(value);
    String kept = type.isEmpty() ? "-" : kept(type, schema, value);
    System.out.println("RESULT " + type + " " + shown + "|" + judged(type, schema, value) + "|" + kept);
  }

  private static String judged(String type, Schema schema, Object value) {
    Map<String, String> config = new LinkedHashMap<>();
    if (!type.isEmpty()) {
      config.put("types.shop.public.t", "id=int x=" + type);
    }
    try (SoundValues transform = new SoundValues()) {
      transform.configure(config);
      SinkRecord record = new SinkRecord("shop.public.t", 0, null, null, null, row(schema, value), 0);
      return transform.apply(record) == record ? "passes" : "is changed";
    } catch (RuntimeException error) {
      return error.getClass().getSimpleName() + ": " + error.getMessage();
    }
  }

  private String kept(String type, Schema schema, Object value) {
    try {
      org.apache.iceberg.Schema columns =
          new org.apache.iceberg.Schema(Types.NestedField.optional(1, "x", Types.fromPrimitiveString(type)));
      RecordConverter converter =
          new RecordConverter(
              catalog.createTable(TableIdentifier.of("a", "t" + ++number), columns),
              new IcebergSinkConfig(Map.of("iceberg.catalog.type", "hadoop", "iceberg.tables", "a.t", "topics", "t")));
      File file = File.createTempFile("values", ".parquet");
      file.deleteOnExit();
      try (FileAppender<Record> writer =
          Parquet.write(Files.localOutput(file)).schema(columns).createWriterFunc(GenericParquetWriter::create).overwrite().build()) {
        writer.add(converter.convert(row(schema, value)));
      }
      try (CloseableIterable<Record> rows =
          Parquet.read(Files.localInput(file))
              .project(columns)
              .createReaderFunc(found -> GenericParquetReaders.buildReader(columns, found))
              .build()) {
        return text(rows.iterator().next().getField("x"));
      }
    } catch (Exception error) {
      return "fails: " + error.getClass().getSimpleName();
    }
  }

  private static String text(Object value) {
    return value instanceof ByteBuffer ? "x" + HexFormat.of().formatHex(ByteBuffers.toByteArray((ByteBuffer) value)) : String.valueOf(value);
  }

  private static Struct row(Schema schema, Object value) {
    Schema row = SchemaBuilder.struct().field("x", schema).build();
    return new Struct(row).put("x", value);
  }
}
