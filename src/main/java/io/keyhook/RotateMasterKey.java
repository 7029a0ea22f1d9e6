package io.keyhook;

import io.keyhook.account.TotpResealing;
import io.keyhook.alert.AlertResealing;
import io.keyhook.config.KeyhookOptions;
import io.keyhook.config.LocalSecrets;
import io.keyhook.db.Cipher;
import io.keyhook.db.Database;
import io.keyhook.db.EmbeddedServer;
import io.keyhook.db.Shares;
import io.keyhook.idempotency.KeptAnswers;
import io.keyhook.signing.SigningKeyResealing;
import io.keyhook.webhook.Resealing;
import io.vertx.core.Vertx;
import java.util.concurrent.CompletionException;

/**
 * The command {@code rotate-master-key}: encrypts with {@code secrets.masterKey} all webhook secrets, all keys for two-factor
 * authentication, all Slack URLs, all keys that sign validations, and all answers that are kept under idempotency keys, that are under
 * one of {@code secrets.previousMasterKeys}. A master key that was generated beside an embedded database is first replaced by a new one. Nodes that have both keys go on meanwhile; a second run does nothing.
 */
final class RotateMasterKey {
  private RotateMasterKey() {}

  /** Blocks until it is done, and tells on the terminal what was; whether that is all of it. */
  static boolean run(KeyhookOptions options) {
    if (options.database().uri().isPresent()) {
      return reseal(options);
    }
    try (EmbeddedServer server = EmbeddedServer.start(options.database().directory())) {
      boolean generated = options.secrets().masterKey().isEmpty();
      if (generated) {
        LocalSecrets.beginRotation(server.directory());
      }
      boolean done = reseal(Main.onEmbedded(options, server));
      if (generated && done) {
        LocalSecrets.endRotation(server.directory());
      }
      return done;
    }
  }

  private static boolean reseal(KeyhookOptions options) {
    Cipher cipher = Keyhook.cipher(options.secrets());
    Vertx vertx = Vertx.vertx();
    try {
      Database database = Database.of(
          vertx, options.database().uri().orElseThrow(), options.database().pooler(), Shares.single(1));
      DatabaseCommand.await(database.readShards());
      DatabaseCommand.await(new KeptAnswers(database, cipher).reseal());
      Resealing.Result result = DatabaseCommand.await(new Resealing(database, cipher).run());
      System.out.println("Secrets of " + result.resealed() + " webhooks are now under the master key " + cipher.keyId()
          + "; those of " + result.alreadyCurrent() + " already were");
      if (result.unreadable() > 0) {
        System.err.println("Secrets of " + result.unreadable() + " webhooks cannot be decrypted with the given keys:"
            + " check that secrets.previousMasterKeys has all previous keys");
      }
      if (result.changed() > 0) {
        System.err.println(result.changed() + " webhooks kept changing: run it again");
      }
      int unreadableKeys = DatabaseCommand.await(new TotpResealing(database, cipher).run());
      if (unreadableKeys > 0) {
        System.err.println("The keys for two-factor authentication of " + unreadableKeys + " team members cannot be decrypted with"
            + " the given keys: check that secrets.previousMasterKeys has all previous keys");
      }
      int unreadableUrls = DatabaseCommand.await(new AlertResealing(database, cipher).run());
      if (unreadableUrls > 0) {
        System.err.println("The Slack URLs of " + unreadableUrls + " team members cannot be decrypted with the given keys: check that"
            + " secrets.previousMasterKeys has all previous keys");
      }
      int unreadableSigningKeys = DatabaseCommand.await(new SigningKeyResealing(database, cipher).run());
      if (unreadableSigningKeys > 0) {
        System.err.println(unreadableSigningKeys + " signing keys cannot be decrypted with the given keys: check that"
            + " secrets.previousMasterKeys has all previous keys");
      }
      return result.unreadable() + result.changed() + unreadableKeys + unreadableUrls + unreadableSigningKeys == 0;
    } catch (CompletionException e) {
      System.err.println("Not done, run it again: " + e.getCause().getMessage());
      return false;
    } finally {
      DatabaseCommand.await(vertx.close());
    }
  }
}
