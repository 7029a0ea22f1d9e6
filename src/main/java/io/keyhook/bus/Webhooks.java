package io.keyhook.bus;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Requests about webhooks, and their responses. */
public interface Webhooks {
  int URL_BYTES = 2048;
  int DESCRIPTION = 1000;
  int MAX_OVERLAP_HOURS = 24 * 30;
  int DEFAULT_OVERLAP_HOURS = 24;
  /** The maximum number of previous secrets that sign alongside the current one. */
  int MAX_PREVIOUS_SECRETS = 5;
  String SECRET_PREFIX = "whsec_";
  int SECRET_BYTES_MIN = 24;
  int SECRET_BYTES_MAX = 64;
  int SECRET_CHARACTERS_MAX = 100;

  /** The longest template, and the longest of all templates of a webhook together, in characters. */
  int TEMPLATE = 4_000;
  int TEMPLATES = 16_000;
  /** The highest rate limit, in attempts per second. */
  int MAX_RATE = 1_000;
  /** Stands for the types of events that have no template of their own. */
  String ALL_OTHERS = "*";

  /** What a response shows instead of the value of a header. In an update it leaves the value as it is. */
  String MASK = "********";

  /** What the service behind a URL reads. */
  enum Format {
    /** The payload that the guide describes. */
    KEYHOOK,
    /** Incoming webhooks of Slack. */
    SLACK,
    /** Webhooks of Discord. */
    DISCORD,
    /** Workflows of Microsoft Teams. */
    TEAMS,
    /** What a template says: JSON, or text. */
    GENERIC;

    /** Returns the name in JSON. */
    public String wireName() {
      return name().toLowerCase(Locale.ROOT);
    }

    /** Returns the format of a {@link #wireName}. */
    public static Format named(String wireName) {
      return valueOf(wireName.toUpperCase(Locale.ROOT));
    }
  }

  /** Whether events wait for each other. */
  enum Ordering {
    /** None does. */
    NONE,
    /** Those of a license are sent one at a time and in order, each after the one before has been delivered or has failed. */
    LICENSE
  }

  /**
   * Which events of licenses a webhook receives: those whose license fits each field that is not null. Events about webhooks pass.
   *
   * @param licenseIds the licenses; 1 to {@value #MOST}
   * @param productIds the products of the licenses or their policies; 1 to {@value #MOST}
   * @param policyIds the policies of the licenses; 1 to {@value #MOST}
   * @param customerEmails the e-mail addresses of customers, in any case; up to {@value #MOST}. Empty: no license passes, as after the
   *     erasure of the last of these customers
   * @param metadata text, numbers and booleans that the license's metadata has, too; 1 to {@value #MOST_METADATA}
   */
  record Filters(
      List<String> licenseIds, List<String> productIds, List<String> policyIds, List<String> customerEmails,
      Map<String, Object> metadata) {
    public static final int MOST = 100;
    public static final int MOST_METADATA = 20;
    private static final int VALUE = 1_000;

    public Filters {
      Check.that()
          .is("licenseIds", licenseIds == null || !licenseIds.isEmpty() && licenseIds.size() <= MOST, "does not have 1 to " + MOST + " ids")
          .is("licenseIds", licenseIds == null || licenseIds.stream().allMatch(Id.LICENSE::fits),
              "contains something that is not the id of a license")
          .is("productIds", productIds == null || !productIds.isEmpty() && productIds.size() <= MOST, "does not have 1 to " + MOST + " ids")
          .is("productIds", productIds == null || productIds.stream().allMatch(Id.PRODUCT::fits),
              "contains something that is not the id of a product")
          .is("policyIds", policyIds == null || !policyIds.isEmpty() && policyIds.size() <= MOST, "does not have 1 to " + MOST + " ids")
          .is("policyIds", policyIds == null || policyIds.stream().allMatch(Id.POLICY::fits),
              "contains something that is not the id of a policy")
          .is("customerEmails", customerEmails == null || customerEmails.size() <= MOST, "has more than " + MOST + " addresses")
          .is("customerEmails", customerEmails == null || customerEmails.stream().allMatch(email -> Check.isText(email, Check.EMAIL)),
              "contains an address that is too long, or one with a NUL character or a lone surrogate")
          .is("metadata", metadata == null || !metadata.isEmpty() && metadata.size() <= MOST_METADATA,
              "does not have 1 to " + MOST_METADATA + " fields")
          .is("metadata", metadata == null || metadata.entrySet().stream().allMatch(Filters::isPlain),
              "contains a value that is not text of up to " + VALUE + " characters, a number or a boolean")
          .texts("metadata", metadata)
          .done();
    }

    private static boolean isSomething(Filters filters) {
      return filters == null || filters.licenseIds != null || filters.productIds != null || filters.policyIds != null
          || filters.customerEmails != null || filters.metadata != null;
    }

    private static final String NOTHING = "names nothing to filter by; send null to have no filters";
    private static final String NOTHING_OF_CUSTOMER = "names nothing to filter by";

    private static boolean isPlain(Map.Entry<String, Object> field) {
      return field.getKey().length() <= VALUE && (field.getValue() instanceof Number || field.getValue() instanceof Boolean
          || field.getValue() instanceof String text && text.length() <= VALUE);
    }

    public static Filters ofLicenses(String... ids) {
      return new Filters(List.of(ids), null, null, null, null);
    }
  }

  /**
   * Whose a webhook is. It stays so: another owner would see the deliveries of the former.
   *
   * @param customer the seller's own ID of a customer, up to {@value #MOST_CHARACTERS} characters; null: the webhook is the account's own
   * @param customerFilters which events all webhooks of the customer receive at the most; null, as {@code customer} is: there are none
   */
  record Owner(String customer, Filters customerFilters) {
    public static final int MOST_CHARACTERS = 100;
    /** The account itself. */
    public static final Owner ACCOUNT = new Owner(null, null);

    public Owner {
      Check.that().text("customer", customer, MOST_CHARACTERS).is("customer", customer == null || !customer.isBlank(), "is blank")
          .is("customer", customer != null || customerFilters == null, "is missing; customerFilters are those of a customer")
          .is("customerFilters", customer == null || customerFilters != null,
              "is missing; without filters, the customer would receive the events of all licenses")
          .is("customerFilters", Filters.isSomething(customerFilters), Filters.NOTHING_OF_CUSTOMER).done();
    }
  }

  /**
   * What is sent to an endpoint.
   *
   * @param format null: {@link Format#KEYHOOK}
   * @param templates the texts of events by type, with {@value #ALL_OTHERS} for those that are not named; null: the default texts
   * @param rateLimit attempts per second, 1 to {@value #MAX_RATE}; null: no limit
   * @param filters null: none
   * @param ordering null: {@link Ordering#NONE}
   */
  record Options(Format format, Map<String, String> templates, Integer rateLimit, Filters filters, Ordering ordering) {
    /** Keyhook's own payload of all events, without a limit and without an order. */
    public static final Options DEFAULT = new Options(null, null, null, null);

    /** Without an order. */
    public Options(Format format, Map<String, String> templates, Integer rateLimit, Filters filters) {
      this(format, templates, rateLimit, filters, null);
    }

    public Options {
      format = format == null ? Format.KEYHOOK : format;
      ordering = ordering == null ? Ordering.NONE : ordering;
      templates = templates == null ? Map.of() : templates;
      Check check = Check.that();
      checkTemplates(check, templates);
      check.is("templates", format != Format.KEYHOOK || templates.isEmpty(), "is for other formats than keyhook")
          .range("rateLimit", rateLimit, 1, MAX_RATE).is("filters", Filters.isSomething(filters), Filters.NOTHING).done();
    }

    private static void checkTemplates(Check check, Map<String, String> templates) {
      int characters = 0;
      for (Map.Entry<String, String> template : templates.entrySet()) {
        String field = "templates." + shortened(template.getKey());
        check.is(field, template.getValue() != null, "is null; send a text, or leave it out to send the default text").text(field, template.getValue(), TEMPLATE);
        characters += template.getValue() == null ? 0 : template.getValue().length();
      }
      check.is("templates", characters <= TEMPLATES, "has more than " + TEMPLATES + " characters");
    }

    private static String shortened(String name) {
      return name.length() > NAME ? name.substring(0, NAME) : name;
    }

    private static final int NAME = 50;
  }

  /**
   * A change of what is sent to an endpoint.
   *
   * @param format another format without {@code templates} has its default texts
   * @param templates replaces all of them; null: the default texts
   * @param rateLimit null: no limit
   * @param filters replaces all of them; null: none
   * @param ordering for events that occur from then on
   */
  record OptionChanges(Field<Format> format, Field<Map<String, String>> templates, Field<Integer> rateLimit, Field<Filters> filters,
      Field<Ordering> ordering) {
    public static final OptionChanges NONE =
        new OptionChanges(Field.absent(), Field.absent(), Field.absent(), Field.absent());

    /** A change that leaves the order as it is. */
    public OptionChanges(
        Field<Format> format, Field<Map<String, String>> templates, Field<Integer> rateLimit, Field<Filters> filters) {
      this(format, templates, rateLimit, filters, Field.absent());
    }

    public OptionChanges {
      Check check = Check.that();
      check.kept("format", format).kept("ordering", ordering);
      if (templates.value() != null) {
        Options.checkTemplates(check, templates.value());
      }
      check.range("rateLimit", rateLimit.value(), 1, MAX_RATE)
          .is("filters", Filters.isSomething(filters.value()), Filters.NOTHING).done();
    }

    public OptionChanges withFormat(Format format) {
      return new OptionChanges(Field.of(format), templates, rateLimit, filters, ordering);
    }

    /**
     * @param templates null: the default texts
     */
    public OptionChanges withTemplates(Map<String, String> templates) {
      return new OptionChanges(format, Field.of(templates), rateLimit, filters, ordering);
    }

    /**
     * @param rateLimit null: no limit
     */
    public OptionChanges withRateLimit(Integer rateLimit) {
      return new OptionChanges(format, templates, Field.of(rateLimit), filters, ordering);
    }

    /**
     * @param filters null: none
     */
    public OptionChanges withFilters(Filters filters) {
      return new OptionChanges(format, templates, rateLimit, Field.of(filters), ordering);
    }

    public OptionChanges withOrdering(Ordering ordering) {
      return new OptionChanges(format, templates, rateLimit, filters, Field.of(ordering));
    }
  }

  /**
   * How requests to an endpoint are authenticated. In an update, what is null keeps its value if the type stays the same.
   *
   * @param username of {@link Type#BASIC}; may be empty
   * @param password of {@link Type#BASIC}; may be empty
   * @param token of {@link Type#BEARER}
   * @param client of {@link Type#OAUTH2}; null for other types
   * @param certificate of {@link Type#MTLS}; null for other types
   */
  record Authentication(
      Type type, String username, String password, String token, ClientCredentials client, ClientCertificate certificate) {
    /** How the credentials are sent. */
    public enum Type {
      /** RFC 7617, in UTF-8. */
      BASIC,
      /** RFC 6750. */
      BEARER,
      /** As {@link #BEARER}, with tokens that an authorization server issues (RFC 6749, 4.4). */
      OAUTH2,
      /** With a client certificate in the TLS handshake, and no header (RFC 8446, 4.3.2). */
      MTLS;

      /** Returns the name in JSON. */
      public String wireName() {
        return name().toLowerCase(Locale.ROOT);
      }
    }

    public Authentication {
      client = client == null ? ClientCredentials.NONE : client;
      client = client.isNone() && type != Type.OAUTH2 ? null : client;
      certificate = certificate == null ? ClientCertificate.NONE : certificate;
      certificate = certificate.isNone() && type != Type.MTLS ? null : certificate;
    }

    /** Returns the credentials of {@link Type#BASIC} or {@link Type#BEARER}. */
    public Authentication(Type type, String username, String password, String token) {
      this(type, username, password, token, null, null);
    }

    public static Authentication basic(String username, String password) {
      return new Authentication(Type.BASIC, username, password, null);
    }

    public static Authentication bearer(String token) {
      return new Authentication(Type.BEARER, null, null, token);
    }

    public static Authentication oauth2(ClientCredentials client) {
      return new Authentication(Type.OAUTH2, null, null, null, client, null);
    }

    public static Authentication mtls(ClientCertificate certificate) {
      return new Authentication(Type.MTLS, null, null, null, null, certificate);
    }

    static String only(String type) {
      return "is for the type " + type + " only";
    }

    /** Without the credentials. */
    @Override
    public String toString() {
      return "Authentication[type=" + type + "]";
    }
  }

  /**
   * @param isActive null: true
   * @param secret {@code whsec_} and the standard base64 of {@value #SECRET_BYTES_MIN} to {@value #SECRET_BYTES_MAX} random
   *     bytes, for endpoints that migrate from another sender; null: generated
   * @param headers that every request to the endpoint carries, within {@link HeaderRules}; null: none
   * @param authentication null: none
   * @param options null: {@link Options#DEFAULT}
   * @param owner null: {@link Owner#ACCOUNT}. A caller in a portal creates webhooks of its customer and must not name another owner
   */
  record Create(
      Caller caller, String url, List<String> events, Boolean isActive, String description, String secret,
      Map<String, String> headers, Authentication authentication, Options options, Owner owner) {
    public Create {
      isActive = isActive == null || isActive;
      options = options == null ? Options.DEFAULT : options;
      owner = owner == null ? Owner.ACCOUNT : owner;
      Check check = Check.that().required("url", url).text("url", url, URL_BYTES).required("events", events)
          .text("description", description, DESCRIPTION)
          .is("secret", secret == null || isSecret(secret), "is not " + SECRET_PREFIX + " and the base64 of "
              + SECRET_BYTES_MIN + " to " + SECRET_BYTES_MAX + " random bytes, with padding");
      HeaderRules.check(check, headers, false);
      HeaderRules.check(check, authentication);
      check.done();
    }

    /** Returns a request for a webhook of the account itself. */
    public Create(
        Caller caller, String url, List<String> events, Boolean isActive, String description, String secret,
        Map<String, String> headers, Authentication authentication, Options options) {
      this(caller, url, events, isActive, description, secret, headers, authentication, options, null);
    }

    /** Returns a request with the default options. */
    public Create(
        Caller caller, String url, List<String> events, Boolean isActive, String description, String secret,
        Map<String, String> headers, Authentication authentication) {
      this(caller, url, events, isActive, description, secret, headers, authentication, null);
    }

    /** Returns a request without headers and authentication. */
    public Create(Caller caller, String url, List<String> events, Boolean isActive, String description, String secret) {
      this(caller, url, events, isActive, description, secret, null, null);
    }

    /** Returns a request with a generated secret, without headers and authentication. */
    public Create(Caller caller, String url, List<String> events, Boolean isActive, String description) {
      this(caller, url, events, isActive, description, null);
    }

    private static boolean isSecret(String secret) {
      if (!secret.startsWith(SECRET_PREFIX) || secret.length() > SECRET_CHARACTERS_MAX) {
        return false;
      }
      String base64 = secret.substring(SECRET_PREFIX.length());
      try {
        byte[] bytes = Base64.getDecoder().decode(base64);
        return bytes.length >= SECRET_BYTES_MIN && bytes.length <= SECRET_BYTES_MAX
            && Base64.getEncoder().encodeToString(bytes).equals(base64);
      } catch (IllegalArgumentException e) {
        return false;
      }
    }

    @Override
    public String toString() {
      return "Create[url=" + url + ", events=" + events + "]";
    }

    /** Returns a request for an active webhook with a generated secret. */
    public static Create of(Caller caller, String url, String... events) {
      return new Create(caller, url, List.of(events), true, null);
    }

    public Create inactive() {
      return new Create(caller, url, events, false, description, secret, headers, authentication, options, owner);
    }

    public Create withDescription(String description) {
      return new Create(caller, url, events, isActive, description, secret, headers, authentication, options, owner);
    }

    public Create withHeaders(Map<String, String> headers) {
      return new Create(caller, url, events, isActive, description, secret, headers, authentication, options, owner);
    }

    public Create withAuthentication(Authentication authentication) {
      return new Create(caller, url, events, isActive, description, secret, headers, authentication, options, owner);
    }

    public Create withOptions(Options options) {
      return new Create(caller, url, events, isActive, description, secret, headers, authentication, options, owner);
    }

    /** Returns a request for a webhook of a customer. */
    public Create withOwner(Owner owner) {
      return new Create(caller, url, events, isActive, description, secret, headers, authentication, options, owner);
    }
  }

  /**
   * Changes the present fields and leaves the others. Values of headers and credentials never go to another host than the one that
   * they were set for: a change of the URL to another host fails unless it sets or removes each of them.
   *
   * @param headers the headers to set, and those to remove with null as their value. Others stay; null removes all
   * @param authentication null removes it
   * @param customerFilters of a webhook of a customer; a caller in a portal must not change them
   */
  record Update(
      Caller caller,
      String id,
      Field<String> url,
      Field<List<String>> events,
      Field<Boolean> isActive,
      Field<String> description,
      Field<Map<String, String>> headers,
      Field<Authentication> authentication,
      OptionChanges options,
      Field<Filters> customerFilters) {
    public Update {
      options = options == null ? OptionChanges.NONE : options;
      Check check = Check.that();
      check.kept("url", url).text("url", url.value(), URL_BYTES).kept("events", events).kept("isActive", isActive)
          .text("description", description.value(), DESCRIPTION);
      HeaderRules.check(check, headers.value(), true);
      HeaderRules.check(check, authentication.value());
      check.kept("customerFilters", customerFilters)
          .is("customerFilters", Filters.isSomething(customerFilters.value()), Filters.NOTHING_OF_CUSTOMER).done();
    }

    /** Without the values of headers and the credentials. */
    @Override
    public String toString() {
      return "Update[id=" + id + ", changed=" + changed() + "]";
    }

    /** Returns a change without fields, to be extended. */
    public static Update of(Caller caller, String id) {
      return new Update(caller, id, Field.absent(), Field.absent(), Field.absent(), Field.absent(), Field.absent(),
          Field.absent(), OptionChanges.NONE, Field.absent());
    }

    public Update withUrl(String url) {
      return new Update(caller, id, Field.of(url), events, isActive, description, headers, authentication, options, customerFilters);
    }

    public Update withEvents(String... events) {
      return new Update(caller, id, url, Field.of(List.of(events)), isActive, description, headers, authentication, options, customerFilters);
    }

    public Update withActive(boolean isActive) {
      return new Update(caller, id, url, events, Field.of(isActive), description, headers, authentication, options, customerFilters);
    }

    /**
     * @param description null: none
     */
    public Update withDescription(String description) {
      return new Update(caller, id, url, events, isActive, Field.of(description), headers, authentication, options, customerFilters);
    }

    /**
     * @param headers to set, or to remove with null as their value; null: removes all
     */
    public Update withHeaders(Map<String, String> headers) {
      return new Update(caller, id, url, events, isActive, description, Field.of(headers), authentication, options, customerFilters);
    }

    /**
     * @param authentication null: none
     */
    public Update withAuthentication(Authentication authentication) {
      return new Update(caller, id, url, events, isActive, description, headers, Field.of(authentication), options, customerFilters);
    }

    public Update withOptions(OptionChanges options) {
      return new Update(caller, id, url, events, isActive, description, headers, authentication, options, customerFilters);
    }

    public Update withCustomerFilters(Filters customerFilters) {
      return new Update(caller, id, url, events, isActive, description, headers, authentication, options, Field.of(customerFilters));
    }

    /** Returns the names of the fields that are present. */
    public List<String> changed() {
      return Field.present(Map.ofEntries(Map.entry("url", url), Map.entry("events", events), Map.entry("isActive", isActive),
          Map.entry("description", description), Map.entry("headers", headers), Map.entry("authentication", authentication),
          Map.entry("format", options.format), Map.entry("templates", options.templates), Map.entry("rateLimit", options.rateLimit),
          Map.entry("filters", options.filters), Map.entry("ordering", options.ordering),
          Map.entry("customerFilters", customerFilters)));
    }
  }

  /**
   * @param pausedAt since when its events wait to be sent; null: it is not paused
   * @param deactivatedReason null if it is active, or if a team member deactivated it
   * @param previousSecretUntil when the oldest active previous secret stops signing; null: there is none
   * @param headers the names of its headers, each with {@value #MASK}; empty: it has none
   * @param authentication null: it has none
   * @param templates by type of event; empty: the default texts
   * @param rateLimit attempts per second; null: no limit
   * @param filters null: none
   * @param ordering of its events
   * @param customer whose it is; null: the account's own
   * @param customerFilters which events webhooks of the customer receive at the most; null: it is the account's own
   */
  record Webhook(
      String id,
      String url,
      List<String> events,
      boolean isActive,
      String description,
      Map<String, String> headers,
      ShownAuthentication authentication,
      Format format,
      Map<String, String> templates,
      Integer rateLimit,
      Filters filters,
      Instant pausedAt,
      String deactivatedReason,
      Instant previousSecretUntil,
      Instant createdAt,
      Instant updatedAt,
      Ordering ordering,
      String customer,
      Filters customerFilters) {}

  /**
   * An authentication without its credentials.
   *
   * @param client of {@code oauth2}; null for other types
   * @param certificate of {@code mtls}; null for other types
   */
  record ShownAuthentication(String type, @JsonUnwrapped ShownClient client, @JsonUnwrapped ShownCertificate certificate) {
    /** Returns one of a type of which nothing else is shown. */
    public ShownAuthentication(String type) {
      this(type, null, null);
    }
  }

  /**
   * A client of an authorization server, without its secret.
   *
   * @param clientAuthentication the name of its {@link ClientCredentials.Method}
   * @param scope null: the server's own choice
   * @param audience null: it is not named
   * @param resource null: it is not named
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record ShownClient(
      String tokenUrl, String clientId, String clientAuthentication, String scope, String audience, String resource) {}

  /**
   * A client certificate.
   *
   * @param subject the distinguished name (RFC 2253)
   * @param issuer likewise
   * @param fingerprint its SHA-256 in hex
   */
  record ShownCertificate(String subject, String issuer, Instant expiresAt, String fingerprint) {}

  /** A webhook with its secret, which is only returned when it is created or rotated. */
  record WithSecret(@JsonUnwrapped Webhook webhook, String secret) {
    @Override
    public String toString() {
      return "WithSecret[webhook=" + webhook.id() + "]";
    }
  }

  record Get(Caller caller, String id) {}

  /**
   * @param customer whose; null: all that the caller sees
   */
  record ListAll(Caller caller, Page.Request page, String customer) {
    public ListAll {
      Check.that().text("customer", customer, Owner.MOST_CHARACTERS).done();
    }

    public ListAll(Caller caller, Page.Request page) {
      this(caller, page, null);
    }
  }

  record Delete(Caller caller, String id) {}

  /**
   * Pauses a webhook, or resumes it. While it is paused, events are recorded and wait, for as long as the account's plan keeps
   * the log; they are sent when it resumes, oldest first. Fails with {@link Failure.Conflict} if the webhook is inactive.
   */
  record SetPaused(Caller caller, String id, boolean paused) {}

  /**
   * Replaces the secret. Fails with {@link Failure.Conflict} if {@value #MAX_PREVIOUS_SECRETS} previous secrets sign already.
   *
   * @param overlapHours how long the old secret signs alongside the new one; null: 24; 0: all previous secrets end immediately
   */
  record RotateSecret(Caller caller, String id, Integer overlapHours) {
    public RotateSecret {
      overlapHours = overlapHours == null ? DEFAULT_OVERLAP_HOURS : overlapHours;
      Check.that().range("overlapHours", overlapHours, 0, MAX_OVERLAP_HOURS).done();
    }
  }

  /**
   * @param event null: {@code webhook.test}
   */
  record Test(Caller caller, String webhookId, String event) {
    public Test {
      Check.that().required("webhookId", webhookId).done();
    }
  }

  /**
   * Renders an event with sample data, as a webhook would send it.
   *
   * @param event null: {@code webhook.test}
   * @param template null: the default text
   */
  record Preview(Caller caller, Format format, String event, String template) {
    public Preview {
      Check.that().required("format", format).is("format", format != Format.KEYHOOK, "has no templates")
          .text("template", template, TEMPLATE).done();
    }
  }

  /**
   * @param template that made the body
   * @param values the names of what a template for this event can show
   * @param contentType of the request
   * @param body of the request
   */
  record Previewed(String event, String template, List<String> values, String contentType, String body) {}

  /**
   * @param statusCode null if there was no response
   * @param responseTime milliseconds
   * @param responseBody the first 4 KB; null if there was no response
   * @param error null where there was none
   * @param errorDetail what else is known of the error; null: nothing
   */
  record TestResult(
      boolean success,
      String deliveryId,
      Integer statusCode,
      long responseTime,
      String responseBody,
      @JsonInclude(JsonInclude.Include.NON_NULL) String error,
      @JsonInclude(JsonInclude.Include.NON_NULL) String errorDetail) {}

  record GetHealth(Caller caller, String id) {}

  /**
   * The health of an endpoint. Counts, times and response times cover attempts, without those of test events.
   *
   * @param pending the number of pending deliveries
   */
  record Health(
      Window lastHour,
      Window lastDay,
      Window lastWeek,
      ResponseTime responseTime,
      long consecutiveFailures,
      Instant lastSuccessAt,
      Instant lastFailureAt,
      long pending) {}

  /**
   * @param successRate 0 to 1; null if there was no attempt
   */
  record Window(long count, long succeeded, Double successRate) {
    public static Window of(long succeeded, long failed) {
      long count = succeeded + failed;
      return new Window(count, succeeded, count == 0 ? null : Math.round(10_000.0 * succeeded / count) / 10_000.0);
    }
  }

  /**
   * Milliseconds, over the latest attempts; null if there was none.
   */
  record ResponseTime(Long p50, Long p95) {}
}
