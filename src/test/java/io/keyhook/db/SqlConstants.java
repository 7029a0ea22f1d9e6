package io.keyhook.db;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The constants of the stores. */
final class SqlConstants {
  /** No other class is read: to read all of them takes seconds. */
  private static final ImportOption IN_STORES = location -> location.contains("Store.class");
  private static final List<Class<?>> STORES = new ClassFileImporter().withImportOption(new ImportOption.DoNotIncludeTests())
      .withImportOption(IN_STORES).importPackages("io.keyhook").stream()
      .filter(one -> one.getSimpleName().endsWith("Store")).<Class<?>>map(JavaClass::reflect).toList();

  private SqlConstants() {}

  /** Those of a type, by class and name. */
  static Map<String, Object> of(Class<?> type) {
    Map<String, Object> constants = new TreeMap<>();
    for (Class<?> store : STORES) {
      for (Field field : store.getDeclaredFields()) {
        if (Modifier.isStatic(field.getModifiers()) && field.getType() == type) {
          field.setAccessible(true);
          try {
            constants.put(store.getSimpleName() + "." + field.getName(), field.get(null));
          } catch (IllegalAccessException e) {
            throw new IllegalStateException(e);
          }
        }
      }
    }
    assertThat(constants).isNotEmpty();
    return constants;
  }
}
