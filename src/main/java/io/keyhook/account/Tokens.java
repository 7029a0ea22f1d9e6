package io.keyhook.account;

import io.keyhook.account.AccountStore.Member;
import io.keyhook.bus.Accounts.Token;
import io.keyhook.bus.Check;
import io.keyhook.bus.Id;
import io.keyhook.config.KeyhookOptions.Jwt;
import io.keyhook.db.Hashes;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.auth.JWTOptions;
import io.vertx.ext.auth.PubSecKeyOptions;
import io.vertx.ext.auth.User;
import io.vertx.ext.auth.authentication.TokenCredentials;
import io.vertx.ext.auth.jwt.JWTAuth;
import io.vertx.ext.auth.jwt.JWTAuthOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;

/** JSON Web Tokens: issues them to users who logged in, and reads those of the configured issuer. */
final class Tokens {
  /** Tokens issued here name their user in a claim of our own: other issuers' subjects look like anything. */
  private static final String USER = "keyhook_user";
  private static final String PASSWORD = "keyhook_password";
  private static final String SESSION = "keyhook_session";
  static final int MARK_BYTES = 12;
  private static final Pattern UNSTORABLE = Pattern.compile("[\\x00\\p{Cs}]");

  private static final Instant LAST = Instant.parse("9999-12-31T23:59:59Z");

  private final Jwt options;
  private final JWTAuth auth;
  private final TokenSignatures signatures;

  /**
   * @throws IllegalStateException no key is configured: without one, unsigned tokens would be accepted
   */
  Tokens(Vertx vertx, Jwt options) {
    this.options = options;
    JWTAuthOptions auth = new JWTAuthOptions().setJWTOptions(new JWTOptions()
        .setIssuer(options.issuer()).setAudience(List.of(options.audience())));
    secret().ifPresent(secret -> auth.addPubSecKey(key(secret)));
    options.publicKey().ifPresent(pem -> auth.addPubSecKey(key(pem)));
    options.privateKey().ifPresent(pem -> auth.addPubSecKey(key(pem)));
    options.jwks().ifPresent(file -> keysOf(file).forEach(key -> auth.addJwk((JsonObject) key)));
    if ((auth.getPubSecKeys() == null || auth.getPubSecKeys().isEmpty())
        && (auth.getJwks() == null || auth.getJwks().isEmpty())) {
      throw new IllegalStateException("No key for tokens: set auth.jwt.secret, auth.jwt.publicKey or auth.jwt.jwks");
    }
    this.auth = JWTAuth.create(vertx, auth);
    this.signatures = TokenSignatures.of(auth);
  }

  private PubSecKeyOptions key(String key) {
    return new PubSecKeyOptions().setAlgorithm(options.algorithm()).setBuffer(Buffer.buffer(key));
  }

  private static JsonArray keysOf(java.nio.file.Path file) {
    try {
      return new JsonObject(Files.readString(file)).getJsonArray("keys");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** An algorithm with key pairs has no use for it. */
  private Optional<String> secret() {
    return options.secret().filter(secret -> options.algorithm().equals("HS256"));
  }

  /** Whether tokens can be issued here, or only read. */
  boolean canIssue() {
    return secret().isPresent() || options.privateKey().isPresent();
  }

  /** How long a token lasts whose session cannot be renewed. */
  Duration lifetime() {
    return options.lifetime();
  }

  /**
   * @param sessionId of the session with which the token ends
   */
  Token issue(Member user, UUID sessionId, Duration lifetime) {
    Instant expiresAt = Instant.now().plus(lifetime);
    String userId = Id.USER.of(user.userId());
    JsonObject claims = new JsonObject().put(options.accountClaim(), Id.ACCOUNT.of(user.accountId()))
        .put(USER, userId).put(PASSWORD, mark(user.passwordHash())).put("email", user.email())
        .put(SESSION, Id.SESSION.of(sessionId));
    String token = auth.generateToken(claims,
        new JWTOptions().setAlgorithm(options.algorithm()).setSubject(userId).setIssuer(options.issuer())
            .setAudience(List.of(options.audience())).setExpiresInSeconds((int) lifetime.toSeconds()));
    return new Token(token, Instant.ofEpochSecond(expiresAt.getEpochSecond()));
  }

  /** Tells a password from the one that it was changed to, and nothing else: its hash has a random salt. */
  static byte[] markOf(String passwordHash) {
    return Arrays.copyOf(Hashes.sha256(passwordHash.getBytes(StandardCharsets.UTF_8)), MARK_BYTES);
  }

  private static String mark(String passwordHash) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(markOf(passwordHash));
  }

  /**
   * Who a token speaks for.
   *
   * @param userId the user who logged in here; null: the token is of another issuer
   * @param password mark of the one that was logged in with; null: the token is another issuer's
   * @param sessionId of the session that the token belongs to; null: the token is another issuer's, or a node of an earlier
   *     version has issued it
   * @param name for people: an e-mail, or the token's subject
   */
  record Claims(String accountId, String userId, String password, String sessionId, String name, Instant expiresAt) {
    /** Whether a password of this hash is still the one that was logged in with. */
    boolean isOf(String passwordHash) {
      return mark(passwordHash).equals(password);
    }
  }

  /** Empty where the token is not valid: signature, {@code exp}, {@code iss}, {@code aud}, and the account's claim. */
  Future<Optional<Claims>> read(String token) {
    return authenticate(token).transform(done -> {
      if (done.failed()) {
        return Future.succeededFuture(Optional.<Claims>empty());
      }
      JsonObject claims = done.result().attributes().getJsonObject("accessToken", done.result().principal());
      return Future.succeededFuture(claims.getValue("exp") instanceof Number end
          && claims.getValue(options.accountClaim()) instanceof String account
          ? Optional.of(new Claims(account, text(claims, USER), text(claims, PASSWORD), text(claims, SESSION), name(claims),
              Instant.ofEpochSecond(Math.min(end.longValue(), LAST.getEpochSecond()))))
          : Optional.empty());
    });
  }

  /** A claim of a wrong type is thrown and not failed. */
  private Future<User> authenticate(String token) {
    if (!signatures.isSigned(token)) {
      return Future.failedFuture("The signature is not valid");
    }
    try {
      return auth.authenticate(new TokenCredentials(token));
    } catch (RuntimeException e) {
      return Future.failedFuture(e);
    }
  }

  private static String name(JsonObject claims) {
    String email = text(claims, "email");
    String subject = text(claims, "sub");
    return shown(email != null ? email : subject != null ? subject : "token");
  }

  /** Names of another issuer may contain characters that PostgreSQL refuses. */
  private static String shown(String name) {
    int length = Math.min(Check.EMAIL, name.codePointCount(0, name.length()));
    return UNSTORABLE.matcher(name.substring(0, name.offsetByCodePoints(0, length))).replaceAll("?");
  }

  private static String text(JsonObject claims, String name) {
    return claims.getValue(name) instanceof String value ? value : null;
  }
}
