package dataingestion.connect;

import java.io.FileReader;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.connect.IcebergSinkConfig;
import org.apache.iceberg.connect.data.IcebergWriterResult;
import org.apache.iceberg.connect.data.SinkWriter;
import org.apache.iceberg.connect.data.SinkWriterResult;
import org.apache.iceberg.data.IcebergGenerics;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.hadoop.HadoopCatalog;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.iceberg.types.Types;
import org.apache.kafka.connect.data.Decimal;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.sink.SinkRecord;

/** Gives judged rows to the sink's own writer with the program's routes, and prints which table each is in. */
public final class QuarantineProbe {
  private static final Schema ROW =
      SchemaBuilder.struct()
          .field("id", Schema.OPTIONAL_INT32_SCHEMA)
          .field("price", Decimal.builder(2).optional().build())
          .field("__op", Schema.OPTIONAL_STRING_SCHEMA)
          .field("__topic", Schema.OPTIONAL_STRING_SCHEMA)
          .build();

  private QuarantineProbe() {}

  public static void main(String[] arguments) throws Exception {
    Properties read = new Properties();
    try (FileReader file = new FileReader(arguments[0], StandardCharsets.UTF_8)) {
      read.load(file);
    }
    Map<String, String> config = new HashMap<>();
    Map<String, String> ofTransform = new HashMap<>();
    read.forEach((key, value) -> config.put(key.toString(), value.toString()));
    config.forEach((key, value) -> ofTransform.put(key.replaceFirst("^transforms\\.quality\\.", ""), value));
    HadoopCatalog catalog = new HadoopCatalog(new Configuration(), arguments[1]);
    for (String name : config.get("iceberg.tables").split(",")) {
      List<Types.NestedField> columns = new ArrayList<>();
      columns.add(Types.NestedField.optional(1, "id", Types.IntegerType.get()));
      columns.add(Types.NestedField.optional(2, "price", Types.DecimalType.of(10, 2)));
      columns.add(Types.NestedField.optional(3, "__op", Types.StringType.get()));
      columns.add(Types.NestedField.optional(4, "__topic", Types.StringType.get()));
      if (name.endsWith("_quarantine")) {
        columns.add(Types.NestedField.optional(5, "__quality_rules", Types.StringType.get()));
      }
      catalog.createTable(TableIdentifier.parse(name), new org.apache.iceberg.Schema(columns));
    }
    SinkWriter writer = new SinkWriter(catalog, new IcebergSinkConfig(config));
    try (Quality quality = new Quality()) {
      quality.configure(ofTransform);
      String[] prices = {"1.00", "-1.00", "2.00", "-2.00"};
      String[] operations = {"c", "u", "r", "d"};
      for (int offset = 0; offset < prices.length; offset++) {
        Struct row = new Struct(ROW).put("id", offset).put("price", new BigDecimal(prices[offset])).put("__op", operations[offset]);
        row.put("__topic", arguments[2]);
        writer.save(List.of(quality.apply(new SinkRecord(arguments[2], 3, null, null, ROW, row, offset))));
      }
    }
    SinkWriterResult result = writer.completeWrite();
    result.sourceOffsets().forEach((place, offset) -> System.out.println("OFFSET " + place + " " + offset.offset()));
    Map<String, String> found = new TreeMap<>();
    for (IcebergWriterResult one : result.writerResults()) {
      Table table = catalog.loadTable(one.tableReference().identifier());
      for (DataFile file : one.dataFiles()) {
        table.newAppend().appendFile(file).commit();
      }
    }
    for (String name : config.get("iceberg.tables").split(",")) {
      Table table = catalog.loadTable(TableIdentifier.parse(name));
      try (CloseableIterable<Record> rows = IcebergGenerics.read(table).build()) {
        for (Record row : rows) {
          Object rules = table.schema().findField("__quality_rules") == null ? "-" : row.getField("__quality_rules");
          found.put(name + " " + row.getField("id"), row.getField("price") + " " + row.getField("__topic") + " " + rules);
        }
      }
      found.put(name, table.schema().columns().size() + " columns");
    }
    found.forEach((key, value) -> System.out.println("FOUND " + key + "|" + value));
  }
}
