package io.keyhook;

import io.keyhook.account.AdministratedAccounts;
import io.keyhook.account.AdministratedAccounts.Created;
import io.keyhook.bus.Accounts;
import io.keyhook.bus.Actor;
import io.keyhook.config.KeyhookOptions;

/**
 * The commands {@code create-account} and {@code reset-password}, for an administrator who has no operator key or no node that
 * runs. What they generate is printed once and kept nowhere in readable form.
 */
final class AccountCommands {
  private static final Actor ADMINISTRATOR = Actor.named("administrator");

  private AccountCommands() {}

  /** Creates an account whose first team member has this e-mail address. Blocks; returns whether it was created. */
  static boolean create(KeyhookOptions configured, String email, String plan) {
    return DatabaseCommand.run(configured, (vertx, database, options) -> {
      if (!options.plans().containsKey(plan)) {
        throw new IllegalArgumentException("There is no plan \"" + plan + "\". The plans are "
            + String.join(", ", options.plans().keySet()) + ".");
      }
      AdministratedAccounts accounts = new AdministratedAccounts(database);
      return accounts.create(new Accounts.Create(ADMINISTRATOR, email, email, accounts.password(), plan))
          .onSuccess(AccountCommands::print).mapEmpty();
    });
  }

  private static void print(Created created) {
    System.out.println("The account " + created.account().id() + " was created on the plan " + created.account().plan()
        + ". The password and the API key are shown only now.\n\n  e-mail    " + created.account().email()
        + "\n  password  " + created.password() + "\n  API key   " + created.apiKey());
  }

  /**
   * Gives the team member with this e-mail address a new password, ends their sessions, turns two-factor authentication off, and
   * deletes their passkeys. Blocks; returns whether there is
   * one.
   */
  static boolean resetPassword(KeyhookOptions configured, String email) {
    return DatabaseCommand.run(configured, (vertx, database, options) -> {
      AdministratedAccounts accounts = new AdministratedAccounts(database);
      String password = accounts.password();
      return accounts.resetPassword(ADMINISTRATOR, email, password).onSuccess(reset -> System.out.println(
          "The password of " + email + " was reset, all their sessions have ended, two-factor authentication is off, and"
              + " their passkeys are deleted. The password is shown only now."
              + "\n\n  password  " + password));
    });
  }
}
