package io.keyhook.idempotency;

import io.keyhook.bus.Caller;
import io.keyhook.bus.Claim;
import io.keyhook.bus.Failure;
import io.keyhook.bus.FailureException;
import io.keyhook.bus.JsonText;
import io.keyhook.db.Cipher;
import io.keyhook.db.Database;
import io.keyhook.db.UnreadableSecretException;
import io.keyhook.fair.Admission;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.SqlConnection;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.InflaterInputStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries out a request once under its idempotency key (draft-ietf-httpapi-idempotency-key-header-07). A request claims its
 * key first, in a row that all nodes see. A change stores its response in its own transaction, so that both are committed or
 * neither: a retry finds the response, or nothing was changed. The claim is a lease with a fencing token. A request whose node
 * died is carried out again once its lease is over, and one that was only slow finds its claim gone and is rolled back.
 *
 * <p>Requests and responses are sealed with the master key, because responses contain secrets that are shown once. Any thread.
 */
public final class Idempotency {
  private static final Logger log = LoggerFactory.getLogger(Idempotency.class);

  static final Duration KEPT = Duration.ofHours(24);
  /** Longer than any call on the bus waits. */
  static final Duration LEASE = Duration.ofSeconds(60);

  private static final int CLAIM_TRIES = 3;
  private static final int EXPIRED_AT_ONCE = 1000;
  /** The largest are those of 1,000 licenses at once, which are alike but for ids and keys: about 100 KB. */
  private static final int MAX_ANSWER_BYTES = 1024 * 1024;
  /** Compressing and sealing more takes milliseconds. */
  private static final int LARGE_ANSWER_BYTES = 64 * 1024;

  private final Vertx vertx;
  private final Database database;
  private final Cipher cipher;
  private final Admission<Object> management;

  /**
   * @param management admits claims, by account: they use the shared connections. What follows a claim, {@link #keepLate} or
   *     {@link #release}, is one short statement, which an account that floods must not lose
   */
  public Idempotency(Vertx vertx, Database database, Cipher cipher, Admission<Object> management) {
    this.vertx = vertx;
    this.database = database;
    this.cipher = cipher;
    this.management = management;
  }

  /** The stored response of a key. */
  public record Answer(int status, String json) {}

  /**
   * Claims a key.
   *
   * @param requestHash identifies the request
   * @return the stored response; empty: the request has to be carried out, and then {@linkplain #keepLate stored} or
   *     {@linkplain #release released}. Fails with 409 while another request with the key is under way, and with 422 where the
   *     key belongs to another request
   */
  public Future<Optional<Answer>> claim(UUID accountId, Claim claim, byte[] requestHash) {
    return management.run(accountId, () -> claim(accountId, claim, requestHash, 1));
  }

  private Future<Optional<Answer>> claim(UUID accountId, Claim claim, byte[] requestHash, int attempt) {
    byte[] sealed = cipher.sealBytes(requestHash, accountId, claim.keyId());
    return IdempotencyStore.claim(database.pool(), accountId, claim, sealed, LEASE, KEPT).compose(claimed -> claimed
        ? Future.succeededFuture(Optional.empty())
        : IdempotencyStore.find(database.pool(), accountId, claim.keyId()).compose(found -> {
          if (found.isPresent()) {
            return claimed(accountId, claim, requestHash, found.get());
          }
          return attempt < CLAIM_TRIES ? claim(accountId, claim, requestHash, attempt + 1)
              : Future.failedFuture(inUse()); // it is claimed and released all the time
        }));
  }

  private Future<Optional<Answer>> claimed(
      UUID accountId, Claim claim, byte[] requestHash, IdempotencyStore.Row row) {
    if (!MessageDigest.isEqual(requestHash, open(row.request(), accountId, claim))) {
      throw new Failure.Unprocessable("IDEMPOTENCY_KEY_REUSED",
          "This Idempotency-Key was sent with another request; use a new key for a new request").exception();
    }
    if (row.status() != null) {
      return Future.succeededFuture(Optional.of(
          new Answer(row.status(), decompress(open(row.answer(), accountId, claim)))));
    }
    if (row.leased()) {
      throw inUse();
    }
    return IdempotencyStore.takeOver(database.pool(), accountId, row.token(), claim, LEASE, KEPT)
        .compose(taken -> taken ? Future.succeededFuture(Optional.empty()) : Future.failedFuture(inUse()));
  }

  private byte[] open(byte[] sealed, UUID accountId, Claim claim) {
    try {
      return cipher.openBytes(sealed, accountId, claim.keyId());
    } catch (UnreadableSecretException e) {
      log.warn("Could not decrypt the response of an idempotency key: {}", e.getMessage());
      throw new Failure.Conflict("IDEMPOTENCY_KEY_UNREADABLE", "The response to this Idempotency-Key can no longer be read"
          + " as the master key has changed; see what the first request did before you send another").exception();
    }
  }

  private static FailureException inUse() {
    return new Failure.Conflict("IDEMPOTENCY_KEY_IN_USE",
        "A request with this Idempotency-Key is in progress; retry in a moment to get its response").exception();
  }

  /**
   * Stores the response of a change in its transaction. Does nothing if the caller has no claim.
   *
   * @return the response. Fails, which rolls the change back, if the claim was taken over or released in the meantime
   */
  public <T> Future<T> keep(SqlConnection tx, Caller caller, T answer) {
    Claim claim = caller.claim();
    return claim == null ? Future.succeededFuture(answer)
        : keep(tx, caller.accountId(), claim, new Answer(claim.status(), JsonText.of(answer))).map(kept -> {
          if (!kept) {
            throw inUse();
          }
          return answer;
        });
  }

  /**
   * Stores a response that its change did not store, such as an error. Until then, a retry is refused; if this node dies before,
   * a retry after the lease carries out the request again. Never fails: the response is sent, stored or not.
   */
  public Future<Void> keepLate(UUID accountId, Claim claim, Answer answer) {
    return keep(database.pool(), accountId, claim, answer).<Void>mapEmpty().otherwise(e -> {
      log.warn("Could not store the response of an idempotency key; a retry may carry out the request again: {}",
          e.getMessage());
      return null;
    });
  }

  private Future<Boolean> keep(SqlClient client, UUID accountId, Claim claim, Answer answer) {
    return seal(accountId, claim, answer.json)
        .compose(sealed -> IdempotencyStore.keep(client, accountId, claim, answer.status, sealed));
  }

  private Future<byte[]> seal(UUID accountId, Claim claim, String json) {
    return json.length() <= LARGE_ANSWER_BYTES
        ? Future.succeededFuture(json).map(text -> cipher.sealBytes(compress(text), accountId, claim.keyId()))
        : vertx.executeBlocking(() -> cipher.sealBytes(compress(json), accountId, claim.keyId()), false);
  }

  /**
   * Releases the key of a request that failed for now: a retry carries it out again. A change that is still in progress for it is
   * rolled back, or waited for if it has stored its response. Never fails: the lease ends.
   */
  public Future<Void> release(UUID accountId, Claim claim) {
    return IdempotencyStore.release(database.pool(), accountId, claim).otherwise(e -> {
      log.debug("An idempotency key stays claimed until its lease ends: {}", e.getMessage());
      return null;
    });
  }

  /** Deletes expired keys, batch by batch. */
  Future<Void> deleteExpired() {
    return IdempotencyStore.deleteExpired(database.pool(), EXPIRED_AT_ONCE)
        .compose(deleted -> deleted < EXPIRED_AT_ONCE ? Future.succeededFuture() : deleteExpired());
  }

  private static byte[] compress(String json) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    Deflater fast = new Deflater(Deflater.BEST_SPEED);
    try (DeflaterOutputStream out = new DeflaterOutputStream(bytes, fast)) {
      out.write(json.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) { // in memory
      throw new UncheckedIOException(e);
    } finally {
      fast.end();
    }
    if (bytes.size() > MAX_ANSWER_BYTES) {
      throw new IllegalStateException("A response is too large to be stored: " + bytes.size() + " bytes");
    }
    return bytes.toByteArray();
  }

  private static String decompress(byte[] bytes) {
    try (InflaterInputStream in = new InflaterInputStream(new ByteArrayInputStream(bytes))) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) { // sealed, so nobody has changed it
      throw new UncheckedIOException(e);
    }
  }
}
