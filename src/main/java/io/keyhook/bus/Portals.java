package io.keyhook.bus;

import io.keyhook.bus.Webhooks.Filters;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * Requests about links by which a customer of the account sees and manages their own webhooks, and their responses. A token and
 * a cookie are secrets and not part of any {@code toString}.
 */
public interface Portals {
  /** The lifetime of a link and of the session that it opens, in seconds. */
  int LIFETIME_MIN = 300;
  int LIFETIME_MAX = 7 * 24 * 3600;
  int LIFETIME_DEFAULT = 3600;
  /** How many webhooks a customer may have. */
  int WEBHOOKS_MAX = 50;
  int WEBHOOKS_DEFAULT = 5;
  /** What a credential of a session begins with. */
  String PREFIX = "khp_";

  /**
   * Creates a link. It opens once; the session that it opens ends with it.
   *
   * @param owner never null: the customer, and the filters of all webhooks that are created through the link
   * @param expiresInSeconds {@value #LIFETIME_MIN} to {@value #LIFETIME_MAX}; null: {@value #LIFETIME_DEFAULT}
   * @param events that the customer's webhooks may subscribe to, about licenses; null: all of them
   * @param canManage false: the customer sees webhooks and deliveries and changes nothing; null: true
   * @param maxWebhooks of the customer, up to {@value #WEBHOOKS_MAX}; null: {@value #WEBHOOKS_DEFAULT}
   */
  record Create(Caller caller, Webhooks.Owner owner, Integer expiresInSeconds, List<String> events, Boolean canManage,
      Integer maxWebhooks) {
    public Create {
      expiresInSeconds = expiresInSeconds == null ? LIFETIME_DEFAULT : expiresInSeconds;
      canManage = canManage == null || canManage;
      maxWebhooks = maxWebhooks == null ? WEBHOOKS_DEFAULT : maxWebhooks;
      boolean isOfCustomer = owner == null || owner.customer() != null;
      Check.that().is("customer", isOfCustomer, "is required").is("customerFilters", isOfCustomer, "is required")
          .range("expiresInSeconds", expiresInSeconds, LIFETIME_MIN, LIFETIME_MAX)
          .range("maxWebhooks", maxWebhooks, 1, WEBHOOKS_MAX).done();
    }

    /** Returns a request with the defaults. */
    public static Create of(Caller caller, String customer, Filters customerFilters) {
      return new Create(caller, new Webhooks.Owner(customer, customerFilters), null, null, null, null);
    }
  }

  /**
   * A link that has not expired.
   *
   * @param events null: all about licenses
   * @param createdBy an e-mail address, the name of an API key, or another name
   * @param openedAt null: nobody has opened it yet
   */
  record Link(String id, String customer, Filters customerFilters, List<String> events, boolean canManage, int maxWebhooks,
      String createdBy, Instant createdAt, Instant openedAt, Instant expiresAt) {}

  /**
   * A new link. Only this record contains the token.
   *
   * @param path of the portal, to append to the address of the dashboard; the token is its fragment, which browsers do not send to servers
   * @param url the same with the address of the dashboard; null: it is not configured
   */
  record Created(String id, String customer, Filters customerFilters, List<String> events, boolean canManage, int maxWebhooks,
      String createdBy, Instant createdAt, Instant expiresAt, String token, String path, String url) {
    @Override
    public String toString() {
      return "Created[id=" + id + "]";
    }
  }

  record ListAll(Caller caller, Page.Request page) {}

  /** Ends a link and its session. The next request of the session is refused, on every node. */
  record Revoke(Caller caller, String id) {}

  /**
   * Opens a link, once.
   *
   * @param ipAddress of the client; null: unknown
   */
  record Open(String token, String ipAddress) {
    public Open {
      Check.that().required("token", token).text("token", token, Check.NAME).done();
    }

    @Override
    public String toString() {
      return "Open[]";
    }
  }

  /**
   * Finds the session of a cookie. Fails with {@link Failure.SessionEnded}.
   *
   * @param cookie null: none
   */
  record Resume(String cookie, String ipAddress) {
    @Override
    public String toString() {
      return "Resume[]";
    }
  }

  /**
   * Ends a session, and its link.
   *
   * @param session the value of its cookie; null: none
   */
  record End(String session, String ipAddress) {
    @Override
    public String toString() {
      return "End[]";
    }
  }

  /**
   * What the customer sees of a session.
   *
   * @param token for the calls of the session
   * @param accountName of the seller
   * @param events null: all about licenses
   */
  record Session(String token, String accountName, String customer, List<String> events, boolean canManage, int maxWebhooks,
      Instant expiresAt) {
    @Override
    public String toString() {
      return "Session[customer=" + customer + "]";
    }
  }

  /**
   * A session as its page opens or resumes it.
   *
   * @param cookie to {@link Resume} with
   * @param lasts how long the cookie is valid
   */
  record Opened(Session session, String cookie, Duration lasts) {
    @Override
    public String toString() {
      return "Opened[session=" + session + "]";
    }
  }

  /**
   * What a caller in a session may do: nothing but what {@code x-portal} names in the OpenAPI document, with the webhooks of one customer.
   *
   * @param events null: all about licenses
   */
  record Grant(String customer, Filters customerFilters, List<String> events, boolean canManage, int maxWebhooks) {}
}
