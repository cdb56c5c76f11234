import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.lang.reflect.AccessibleObject;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.common.config.ConfigDef;

/**
 * Prints the configuration keys that classes on the class path declare, as JSON without any documentation text.
 *
 * <p>Each argument is {@code table=class#member}: a method or field, of any visibility, that gives a Kafka ConfigDef or a set of
 * Debezium fields; {@code *} stands for every Debezium field that the class keeps as a constant. A member that is not static is asked
 * of a new instance. Arguments with the same table are put together; of two keys with one name the first is kept.
 */
public final class DumpKeys {
  public static void main(String[] arguments) throws Exception {
    Map<String, Map<String, Object>> tables = new TreeMap<>();
    for (String argument : arguments) {
      int equals = argument.indexOf('=');
      int hash = argument.indexOf('#');
      Class<?> type = Class.forName(argument.substring(equals + 1, hash));
      String member = argument.substring(hash + 1);
      Object declared = member.equals("*") ? constants(type) : member(type, member);
      Map<String, Object> keys = tables.computeIfAbsent(argument.substring(0, equals), name -> new TreeMap<>());
      if (declared instanceof ConfigDef definition) {
        definition.configKeys().forEach((name, key) -> keys.putIfAbsent(name, described(key)));
      } else {
        for (Object field : (Iterable<?>) declared) {
          keys.putIfAbsent((String) call(field, "name"), described(field, !member.equals("*")));
        }
      }
    }
    System.out.println(new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValueAsString(tables));
  }

  private static Map<String, Object> described(ConfigDef.ConfigKey key) {
    Map<String, Object> entry = entry(key.type, key.hasDefault() ? key.defaultValue : null, !key.hasDefault());
    restrict(entry, key.validator);
    return entry;
  }

  /** A key kept as a constant may be one that only some part requires; only a declared set says what all of it requires. */
  private static Map<String, Object> described(Object field, boolean ofSet) throws Exception {
    boolean required = ofSet && (Boolean) call(field, "isRequired");
    Map<String, Object> entry = entry((ConfigDef.Type) call(field, "type"), call(field, "defaultValue"), required);
    Collection<?> allowed = (Collection<?>) call(field, "allowedValues");
    if (allowed != null && !allowed.isEmpty()) {
      entry.put("valid", sorted(allowed));
    }
    Collection<?> aliases = (Collection<?>) call(field, "deprecatedAliases");
    if (aliases != null && !aliases.isEmpty()) {
      entry.put("deprecated", sorted(aliases));
    }
    return entry;
  }

  private static Map<String, Object> entry(ConfigDef.Type type, Object standard, boolean required) {
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put("type", type.name().toLowerCase(Locale.ROOT));
    entry.put("default", type == ConfigDef.Type.PASSWORD ? null : written(standard));
    entry.put("required", required);
    if (type == ConfigDef.Type.PASSWORD) {
      entry.put("secret", true);
    }
    return entry;
  }

  private static void restrict(Map<String, Object> entry, ConfigDef.Validator validator) {
    if (validator == null) {
      return;
    }
    Object holder = validator;
    if (validator instanceof ConfigDef.ValidList) {
      holder = read(validator, "validString");
    }
    if (validator instanceof ConfigDef.CompositeValidator) {
      ((List<?>) read(validator, "validators")).forEach(each -> restrict(entry, (ConfigDef.Validator) each));
    } else if (holder instanceof ConfigDef.ValidString || holder instanceof ConfigDef.CaseInsensitiveValidString) {
      List<String> valid = sorted((Collection<?>) read(holder, "validStrings"));
      if (!valid.isEmpty()) {
        entry.put("valid", valid);
        if (holder instanceof ConfigDef.CaseInsensitiveValidString) {
          entry.put("anyCase", true);
        }
      }
    } else if (validator instanceof ConfigDef.Range) {
      for (String bound : List.of("min", "max")) {
        if (read(validator, bound) != null) {
          entry.put(bound, read(validator, bound));
        }
      }
    }
  }

  private static String written(Object value) {
    if (value == null) {
      return null;
    }
    if (value instanceof Class<?> type) {
      return type.getName();
    }
    if (value instanceof Collection<?> list) {
      return String.join(",", list.stream().map(DumpKeys::written).toList());
    }
    return value.toString();
  }

  private static List<String> sorted(Collection<?> values) {
    List<String> all = new ArrayList<>();
    values.forEach(value -> all.add(String.valueOf(value)));
    all.sort(null);
    return all;
  }

  private static List<Object> constants(Class<?> type) throws IllegalAccessException {
    List<Object> found = new ArrayList<>();
    for (Field constant : type.getDeclaredFields()) {
      if (isStatic(constant.getModifiers()) && constant.getType().getName().equals("io.debezium.config.Field")) {
        found.add(open(constant).get(null));
      }
    }
    return found;
  }

  private static Object member(Class<?> type, String name) throws Exception {
    for (Class<?> holder = type; holder != null; holder = holder.getSuperclass()) {
      for (Method method : holder.getDeclaredMethods()) {
        Object[] given = parameters(method);
        if (method.getName().equals(name) && declaresKeys(method.getReturnType()) && given != null) {
          return open(method).invoke(isStatic(method.getModifiers()) ? null : type.getDeclaredConstructor().newInstance(), given);
        }
      }
      for (Field field : holder.getDeclaredFields()) {
        if (field.getName().equals(name)) {
          return open(field).get(isStatic(field.getModifiers()) ? null : type.getDeclaredConstructor().newInstance());
        }
      }
    }
    throw new NoSuchFieldException(type.getName() + " has no member " + name);
  }

  /** What a method wants besides its object: the instances that its parameters' types name SYSTEM; null if one has no such instance. */
  private static Object[] parameters(Method method) throws IllegalAccessException {
    List<Object> given = new ArrayList<>();
    for (Class<?> type : method.getParameterTypes()) {
      try {
        given.add(open(type.getDeclaredField("SYSTEM")).get(null));
      } catch (NoSuchFieldException error) {
        return null;
      }
    }
    return given.toArray();
  }

  private static boolean declaresKeys(Class<?> type) {
    return ConfigDef.class.isAssignableFrom(type) || Iterable.class.isAssignableFrom(type);
  }

  private static boolean isStatic(int modifiers) {
    return java.lang.reflect.Modifier.isStatic(modifiers);
  }

  private static Object call(Object target, String method) throws Exception {
    return target.getClass().getMethod(method).invoke(target);
  }

  private static Object read(Object target, String field) {
    try {
      return open(target.getClass().getDeclaredField(field)).get(target);
    } catch (ReflectiveOperationException error) {
      throw new IllegalStateException(error);
    }
  }

  private static <T extends AccessibleObject> T open(T member) {
    member.setAccessible(true);
    return member;
  }
}
