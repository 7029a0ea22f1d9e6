package io.keyhook.idempotency;

import static io.keyhook.db.Rows.all;
import static io.keyhook.db.Rows.first;
import static io.keyhook.db.Rows.uuids;

import io.keyhook.bus.Claim;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;

/** The SQL of idempotency keys. */
final class IdempotencyStore {
  private static final String CLAIM = """
      INSERT INTO keyhook.idempotency AS i (account_id, key_id, request, token, leased_until, expires_at)
      VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5), now() + make_interval(secs => $6))
      ON CONFLICT (account_id, key_id) DO UPDATE SET request = excluded.request, token = excluded.token,
        leased_until = excluded.leased_until, expires_at = excluded.expires_at, status = NULL, answer = NULL
      -- that is now(), said without it: what a distributed table compares here has to depend on nothing but the row
      WHERE i.expires_at AT TIME ZONE 'UTC' <= excluded.leased_until AT TIME ZONE 'UTC' - make_interval(secs => $5)""";
  private static final String FIND = """
      SELECT request, token, leased_until > now(), status, answer FROM keyhook.idempotency
      WHERE account_id = $1 AND key_id = $2""";
  private static final String TAKE_OVER = """
      UPDATE keyhook.idempotency SET token = $4, leased_until = now() + make_interval(secs => $5),
        expires_at = now() + make_interval(secs => $6)
      WHERE account_id = $1 AND key_id = $2 AND token = $3 AND status IS NULL AND leased_until <= now()""";
  private static final String KEEP = """
      UPDATE keyhook.idempotency SET status = $4, answer = $5
      WHERE account_id = $1 AND key_id = $2 AND token = $3 AND status IS NULL""";
  private static final String RELEASE = """
      DELETE FROM keyhook.idempotency WHERE account_id = $1 AND key_id = $2 AND token = $3 AND status IS NULL""";
  private static final String EXPIRED = """
      SELECT account_id, key_id FROM keyhook.idempotency WHERE expires_at <= now() ORDER BY expires_at LIMIT $1""";
  private static final String DELETE_EXPIRED = """
      DELETE FROM keyhook.idempotency i USING unnest($1::uuid[], $2::uuid[]) q (account_id, key_id)
      WHERE i.account_id = q.account_id AND i.key_id = q.key_id AND i.expires_at <= now()""";
  private static final String SEALED = """
      SELECT account_id, key_id, request, answer FROM keyhook.idempotency
      WHERE (account_id, key_id) > ($1, $2) ORDER BY account_id, key_id LIMIT $3""";
  // A key that was answered or claimed again in between is not overwritten.
  private static final String RESEAL = """
      UPDATE keyhook.idempotency i SET request = q.request, answer = q.answer
      FROM unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::bytea[], $5::bytea[], $6::bytea[])
        q (account_id, key_id, old_request, old_answer, request, answer)
      WHERE i.account_id = q.account_id AND i.key_id = q.key_id
        AND i.request = q.old_request AND i.answer IS NOT DISTINCT FROM q.old_answer""";

  private IdempotencyStore() {}

  /**
   * A claim as it is kept.
   *
   * @param leased whether the request may be under way
   * @param status null: no response yet
   * @param answer null: no response yet
   */
  record Row(byte[] request, UUID token, boolean leased, Integer status, byte[] answer) {}

  /**
   * What is sealed of a claim.
   *
   * @param answer null: no response yet
   */
  record Sealed(UUID accountId, UUID keyId, byte[] request, byte[] answer) {}

  private record KeyId(UUID accountId, UUID keyId) {}

  /** Returns whether the key was free, or its claim had expired. */
  static Future<Boolean> claim(
      SqlClient client, UUID accountId, Claim claim, byte[] request, Duration lease, Duration kept) {
    return client.preparedQuery(CLAIM)
        .execute(Tuple.of(accountId, claim.keyId(), Buffer.buffer(request), claim.token(), seconds(lease), seconds(kept)))
        .map(rows -> rows.rowCount() > 0);
  }

  static Future<Optional<Row>> find(SqlClient client, UUID accountId, UUID keyId) {
    return client.preparedQuery(FIND).execute(Tuple.of(accountId, keyId)).map(rows -> first(rows, row -> {
      Buffer answer = row.getBuffer(4);
      return new Row(row.getBuffer(0).getBytes(), row.getUUID(1), row.getBoolean(2), row.getInteger(3),
          answer == null ? null : answer.getBytes());
    }));
  }

  /** Replaces a claim whose lease ended without a response, unless another request was faster. */
  static Future<Boolean> takeOver(
      SqlClient client, UUID accountId, UUID token, Claim claim, Duration lease, Duration kept) {
    return client.preparedQuery(TAKE_OVER)
        .execute(Tuple.of(accountId, claim.keyId(), token, claim.token(), seconds(lease), seconds(kept)))
        .map(rows -> rows.rowCount() > 0);
  }

  /** Returns whether the claim was valid and had no response yet. */
  static Future<Boolean> keep(SqlClient client, UUID accountId, Claim claim, int status, byte[] answer) {
    return client.preparedQuery(KEEP)
        .execute(Tuple.of(accountId, claim.keyId(), claim.token(), (short) status, Buffer.buffer(answer)))
        .map(rows -> rows.rowCount() > 0);
  }

  static Future<Void> release(SqlClient client, UUID accountId, Claim claim) {
    return client.preparedQuery(RELEASE).execute(Tuple.of(accountId, claim.keyId(), claim.token())).mapEmpty();
  }

  /** Deletes at most {@code limit} expired keys and returns how many it found. */
  static Future<Integer> deleteExpired(SqlClient client, int limit) {
    return client.preparedQuery(EXPIRED).execute(Tuple.of((long) limit)).compose(rows -> {
      List<KeyId> expired = all(rows, row -> new KeyId(row.getUUID(0), row.getUUID(1)));
      return expired.isEmpty() ? Future.succeededFuture(0) : client.preparedQuery(DELETE_EXPIRED)
          .execute(Tuple.tuple()
              .addArrayOfUUID(uuids(expired, KeyId::accountId))
              .addArrayOfUUID(uuids(expired, KeyId::keyId)))
          .map(expired.size());
    });
  }

  /** In the order of their ids, after these. */
  static Future<List<Sealed>> sealed(SqlClient client, UUID afterAccount, UUID afterKey, int limit) {
    return client.preparedQuery(SEALED).execute(Tuple.of(afterAccount, afterKey, (long) limit))
        .map(rows -> all(rows, row -> new Sealed(row.getUUID(0), row.getUUID(1), row.getBuffer(2).getBytes(),
            row.getBuffer(3) == null ? null : row.getBuffer(3).getBytes())));
  }

  /** Replaces each of {@code from} by the one of {@code to} at the same place, where it is still the same. */
  static Future<Void> reseal(SqlClient client, List<Sealed> from, List<Sealed> to) {
    return client.preparedQuery(RESEAL)
        .execute(Tuple.tuple()
            .addArrayOfUUID(uuids(from, Sealed::accountId))
            .addArrayOfUUID(uuids(from, Sealed::keyId))
            .addArrayOfBuffer(buffers(from, Sealed::request))
            .addArrayOfBuffer(buffers(from, Sealed::answer))
            .addArrayOfBuffer(buffers(to, Sealed::request))
            .addArrayOfBuffer(buffers(to, Sealed::answer)))
        .mapEmpty();
  }

  private static Buffer[] buffers(List<Sealed> sealed, Function<Sealed, byte[]> part) {
    return sealed.stream().map(part).map(bytes -> bytes == null ? null : Buffer.buffer(bytes)).toArray(Buffer[]::new);
  }

  private static double seconds(Duration duration) {
    return duration.toMillis() / 1000.0;
  }
}
