package dataingestion.connect;

import io.debezium.bean.StandardBeanNames;
import io.debezium.bean.spi.BeanRegistry;
import io.debezium.config.Configuration;
import io.debezium.converters.custom.CustomConverterServiceProvider;
import io.debezium.relational.Column;
import io.debezium.relational.CustomConverterRegistry;
import io.debezium.relational.TableId;
import io.debezium.relational.ValueConverter;
import io.debezium.relational.ValueConverterProvider;
import io.debezium.service.spi.ServiceRegistry;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaBuilder;

/**
 * Debezium's registry of converters, which keeps NULL in columns that are NOT NULL.
 *
 * <p>Debezium asks the database what a column allows, when it starts and when a table's schema changes. A change from before {@code SET NOT
 * NULL} that is read afterwards has NULL there, and Debezium writes the column's default, 0 or an empty text in its place. Here every
 * column allows NULL, and a NULL stays one; a mark in the column's schema says that the database allows none now. ArchivedNames takes
 * mark and allowance away from rows without such a NULL.
 *
 * <p>All other values are converted as without it, and of a type that Debezium has no form for, the column is left out as without it.
 */
final class KeptNulls extends CustomConverterRegistry {
  // Parameter of a schema
  private static final String NOT_NULL = "dataingestion.not_null";

  private final CustomConverterRegistry own;
  private final BeanRegistry beans;
  private final Map<String, Declared> columns = new HashMap<>();

  /** Schema of a column that is NOT NULL, and its default in the form of the schema. */
  private record Declared(SchemaBuilder schema, Object value) {}

  /** Makes the registry in place of Debezium's, with the same converters. */
  static final class Provider extends CustomConverterServiceProvider {
    /** {@inheritDoc} */
    @Override
    public CustomConverterRegistry createService(Configuration config, ServiceRegistry services) {
      return new KeptNulls(super.createService(config, services), services.getService(BeanRegistry.class));
    }
  }

  private KeptNulls(CustomConverterRegistry own, BeanRegistry beans) {
    super(List.of());
    this.own = own;
    this.beans = beans;
  }

  /** Return whether the marks of a source end with its transforms; without ArchivedNames its schemas stay as Debezium makes them. */
  static boolean isUnmarked(Configuration config) {
    return Arrays.stream(config.getString("transforms", "").split(","))
        .anyMatch(name -> ArchivedNames.class.getName().equals(config.getString("transforms." + name.trim() + ".type")));
  }

  /** Return whether a column's schema allows NULL only for changes from before the column was NOT NULL. */
  static boolean isMarked(Schema schema) {
    return schema.parameters() != null && schema.parameters().containsKey(NOT_NULL);
  }

  /** Return the parameters of a column's schema without the mark; null for none. */
  static Map<String, String> unmarked(Schema schema) {
    if (!isMarked(schema)) {
      return schema.parameters();
    }
    Map<String, String> rest = new HashMap<>(schema.parameters());
    rest.remove(NOT_NULL);
    return rest.isEmpty() ? null : rest;
  }

  /** {@inheritDoc} */
  @Override
  public synchronized Optional<SchemaBuilder> registerConverterFor(TableId table, Column column, Object defaultValue) {
    Optional<SchemaBuilder> schema = own.registerConverterFor(table, column, defaultValue);
    columns.remove(name(table, column));
    if (column.isOptional()) {
      return schema;
    }
    Optional<SchemaBuilder> marked = schema.or(() -> Optional.ofNullable(debeziums().schemaBuilder(column)));
    marked.ifPresent(
        builder -> {
          builder.optional().parameter(NOT_NULL, "true");
          columns.put(name(table, column), new Declared(builder, defaultValue));
        });
    return marked;
  }

  /** {@inheritDoc} */
  @Override
  public synchronized Optional<ValueConverter> getValueConverter(TableId table, Column column) {
    Optional<ValueConverter> converter = own.getValueConverter(table, column);
    Declared declared = columns.get(name(table, column));
    if (declared == null) {
      return converter;
    }
    if (converter.isPresent()) {
      return converter.map(ValueConverter::nullOr);
    }
    Field field = new Field(column.name(), 0, declared.schema().build());
    ValueConverter debeziums = debeziums().converter(column, field);
    // Debezium has made the default's value already, and asks for it to be converted like a row's
    return Optional.ofNullable(debeziums).map(one -> value -> value == null || value == declared.value() ? value : one.convert(value));
  }

  /** {@inheritDoc} */
  @Override
  public boolean isEmpty() {
    return own.isEmpty();
  }

  private ValueConverterProvider debeziums() {
    return beans.lookupByName(StandardBeanNames.VALUE_CONVERTER, ValueConverterProvider.class);
  }

  private static String name(TableId table, Column column) {
    return table + "." + column.name();
  }
}
