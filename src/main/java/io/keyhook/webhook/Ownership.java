package io.keyhook.webhook;

import io.keyhook.bus.Caller;
import io.keyhook.bus.Check;
import io.keyhook.bus.Failure;
import io.keyhook.bus.Field;
import io.keyhook.bus.Portals;
import io.keyhook.bus.Webhooks;
import io.keyhook.bus.Webhooks.Owner;
import io.keyhook.bus.Webhooks.Webhook;
import io.keyhook.event.Subscription;
import java.util.List;

/**
 * Whose a webhook is, and which events it may receive: rules over values.
 *
 * <p>A webhook of a customer receives the events that pass the filters of the customer and its own. Only the account changes the former,
 * so whatever the customer sets narrows. Events about webhooks pass all filters and name webhooks of others: no webhook of a customer
 * receives them.
 */
final class Ownership {
  private Ownership() {}

  /**
   * Whose a new webhook is.
   *
   * @throws io.keyhook.bus.FailureException a caller in a portal names an owner
   */
  static Owner of(Webhooks.Create request) {
    Portals.Grant portal = request.caller().portal();
    if (portal == null) {
      return request.owner();
    }
    Check.that().is("customer", request.owner().customer() == null, "is set by the portal")
        .is("customerFilters", request.owner().customerFilters() == null, "is set by the portal").done();
    return new Owner(portal.customer(), portal.customerFilters());
  }

  /**
   * Checks a change.
   *
   * @param events other ones; null: they stay
   * @throws io.keyhook.bus.FailureException invalid
   */
  static void check(Webhooks.Update request, Webhook there, Subscription events) {
    Field<Webhooks.Filters> filters = request.customerFilters();
    Check.that().is("customerFilters", !filters.present() || request.caller().portal() == null, "is set by the portal")
        .is("customerFilters", !filters.present() || there.customer() != null,
            "is for webhooks of a customer; the customer is set when a webhook is created").done();
    if (events != null) {
      check(request.caller(), there.customer(), events);
    }
  }

  /**
   * Checks the events of a webhook.
   *
   * @param customer whose it is; null: the account's own
   * @throws io.keyhook.bus.FailureException invalid
   */
  static void check(Caller caller, String customer, Subscription events) {
    List<String> offered = caller.portal() == null ? null : caller.portal().events();
    boolean all = offered == null || offered.contains(Subscription.ALL_LICENSE_EVENTS);
    Check.that().is("events", customer == null || events.names().stream().noneMatch(name -> name.startsWith("webhook.")),
            "contains events about webhooks, which webhooks of customers do not receive")
        .is("events", all || offered.containsAll(events.names()), "contains events that this portal does not offer; it offers "
            + (all ? "" : String.join(", ", offered))).done();
  }

  /**
   * Checks the number of webhooks that the customer of a portal has.
   *
   * @throws io.keyhook.bus.FailureException conflict
   */
  static void checkRoom(Portals.Grant portal, long used) {
    if (used >= portal.maxWebhooks()) {
      throw new Failure.Conflict("TOO_MANY_WEBHOOKS", "You can have at most " + portal.maxWebhooks()
          + " webhooks here; delete one that you no longer need").exception();
    }
  }
}
