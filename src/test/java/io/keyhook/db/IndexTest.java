package io.keyhook.db;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Installation;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** One row is found by the index that leads to it alone, however few rows there seem to be. */
class IndexTest {
  private static final String NOBODY = "'00000000-0000-7000-8000-000000000000'";

  @RegisterExtension
  static final Installation keyhook = Installation.withoutNode();

  @ParameterizedTest
  @CsvSource({
      "delivery_queue, webhook_id, delivery_id",
      "delivery, webhook_id, delivery_id",
      "activation, license_id, fingerprint"})
  void aLookUpOfOneRowCanOnlyUseThePrimaryKey(String table, String second, String third) {
    String plan = keyhook.database().value("""
        EXPLAIN (FORMAT JSON) SELECT FROM keyhook.%s
        WHERE account_id = %4$s AND %2$s = %4$s AND %3$s = %4$s""".formatted(table, second, third, NOBODY));
    assertThat(plan).doesNotContain("delivery_queue_due", "activation_newest", "delivery_undelivered");
    long others = keyhook.database().number("""
        SELECT count(*) FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[1]
        WHERE i.indrelid = 'keyhook.%s'::regclass AND a.attname = ? AND NOT i.indisprimary AND i.indpred IS NULL"""
        .formatted(table), second);
    assertThat(others).as("indexes without a condition that begin as the primary key does").isZero();
  }
}
