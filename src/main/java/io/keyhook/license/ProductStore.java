package io.keyhook.license;

import static io.keyhook.db.Rows.all;
import static io.keyhook.db.Rows.first;
import static io.keyhook.db.Rows.instant;

import io.keyhook.bus.Id;
import io.keyhook.bus.Page;
import io.keyhook.bus.Products;
import io.keyhook.bus.Products.Product;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/** The SQL of products. */
final class ProductStore {
  private static final String COLUMNS = "product_id, name, created_at, updated_at";
  private static final String INSERT = "INSERT INTO keyhook.product (account_id, name) VALUES ($1, $2) RETURNING " + COLUMNS;
  private static final String GET = "SELECT " + COLUMNS + " FROM keyhook.product WHERE account_id = $1 AND product_id = $2";
  private static final String LOCK = GET + " FOR UPDATE";
  private static final String LIST = "SELECT " + COLUMNS + """

      FROM keyhook.product WHERE account_id = $1 AND product_id < $2 ORDER BY product_id DESC LIMIT $3""";
  private static final String UPDATE = """
      UPDATE keyhook.product SET name = $3, updated_at = now()
      WHERE account_id = $1 AND product_id = $2 AND name IS DISTINCT FROM $3 RETURNING\s""" + COLUMNS;
  private static final String COUNT = """
      SELECT count(*) FROM (SELECT FROM keyhook.product WHERE account_id = $1 LIMIT $2) p""";
  private static final String DELETE = "DELETE FROM keyhook.product WHERE account_id = $1 AND product_id = $2";
  /** Keeps them from being deleted until the transaction ends; in one order, so that two transactions never wait for each other. */
  private static final String HOLD = """
      SELECT product_id FROM keyhook.product WHERE account_id = $1 AND product_id = ANY ($2::uuid[]) ORDER BY product_id FOR KEY SHARE""";
  private static final String USES = """
      SELECT (SELECT count(*) FROM (SELECT FROM keyhook.license WHERE account_id = $1 AND product_id = $2 LIMIT $3) l),
        (SELECT count(*) FROM (SELECT FROM keyhook.policy WHERE account_id = $1 AND product_id = $2 LIMIT $3) p)""";

  private ProductStore() {}

  /** How many licenses and policies belong to a product; counting stops at a limit. */
  record Uses(long licenses, long policies) {}

  static Future<Product> insert(SqlClient tx, Products.Create product) {
    return tx.preparedQuery(INSERT).execute(Tuple.of(product.caller().accountId(), product.name()))
        .map(rows -> product(rows.iterator().next()));
  }

  /** How many products there are; counting stops at a limit. */
  static Future<Long> count(SqlClient tx, UUID accountId, long limit) {
    return tx.preparedQuery(COUNT).execute(Tuple.of(accountId, limit)).map(rows -> rows.iterator().next().getLong(0));
  }

  static Future<Product> get(SqlClient client, UUID accountId, UUID productId) {
    return client.preparedQuery(GET).execute(Tuple.of(accountId, productId))
        .map(rows -> first(rows, ProductStore::product).orElseThrow(Id.PRODUCT::notFound));
  }

  /** The same, while no license and no policy becomes one of the product until the transaction ends. */
  static Future<Product> lock(SqlClient tx, UUID accountId, UUID productId) {
    return tx.preparedQuery(LOCK).execute(Tuple.of(accountId, productId))
        .map(rows -> first(rows, ProductStore::product).orElseThrow(Id.PRODUCT::notFound));
  }

  static Future<Page<Product>> list(SqlClient client, Products.List query) {
    Page.Request page = query.page();
    return client.preparedQuery(LIST)
        .execute(Tuple.of(query.caller().accountId(), page.before(), (long) page.limit() + 1))
        .map(rows -> Page.of(all(rows, ProductStore::product), page.limit(), product -> Id.PRODUCT.parse(product.id())));
  }

  /** Empty if nothing differs, or there is none. */
  static Future<Optional<Product>> rename(SqlClient tx, UUID accountId, UUID productId, String name) {
    return tx.preparedQuery(UPDATE).execute(Tuple.of(accountId, productId, name))
        .map(rows -> first(rows, ProductStore::product));
  }

  static Future<Void> delete(SqlClient tx, UUID accountId, UUID productId) {
    return tx.preparedQuery(DELETE).execute(Tuple.of(accountId, productId)).mapEmpty();
  }

  static Future<Uses> uses(SqlClient tx, UUID accountId, UUID productId, long limit) {
    return tx.preparedQuery(USES).execute(Tuple.of(accountId, productId, limit)).map(rows -> {
      Row row = rows.iterator().next();
      return new Uses(row.getLong(0), row.getLong(1));
    });
  }

  /** Those of some products that there are, which nobody deletes until the transaction ends. */
  static Future<Set<UUID>> hold(SqlClient tx, UUID accountId, Set<UUID> products) {
    return products.isEmpty() ? Future.succeededFuture(Set.of())
        : tx.preparedQuery(HOLD).execute(Tuple.of(accountId).addArrayOfUUID(products.toArray(UUID[]::new)))
            .map(rows -> Set.copyOf(all(rows, row -> row.getUUID(0))));
  }

  private static Product product(Row row) {
    return new Product(Id.PRODUCT.of(row.getUUID(0)), row.getString(1), instant(row, 2), instant(row, 3));
  }
}
