import java.net.URI;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.openapitools.client.ApiClient;
import org.openapitools.client.ApiException;
import org.openapitools.client.JSON;
import org.openapitools.client.api.DeliveriesApi;
import org.openapitools.client.api.LicensesApi;
import org.openapitools.client.api.ValidationApi;
import org.openapitools.client.api.WebhooksApi;
import org.openapitools.client.model.CreateLicenseRequest;
import org.openapitools.client.model.CreateWebhookRequest;
import org.openapitools.client.model.DeliveryPayload;
import org.openapitools.client.model.DeliveryStatus;
import org.openapitools.client.model.DeliverySummary;
import org.openapitools.client.model.EventType;
import org.openapitools.client.model.InvalidLicense;
import org.openapitools.client.model.License;
import org.openapitools.client.model.LicenseActivated;
import org.openapitools.client.model.LicenseDisabled;
import org.openapitools.client.model.LicenseExpired;
import org.openapitools.client.model.LicensePage;
import org.openapitools.client.model.LicenseValidated;
import org.openapitools.client.model.Problem;
import org.openapitools.client.model.TestWebhookRequest;
import org.openapitools.client.model.ValidLicense;
import org.openapitools.client.model.ValidateRequest;
import org.openapitools.client.model.WebhookTest;
import org.openapitools.client.model.WebhookWithSecret;

/** Uses the client that {@code openapi-generator -g java --library native} makes. */
public final class Scenario {
  private interface Call {
    void run() throws ApiException;
  }

  private Scenario() {}

  public static void main(String[] args) throws Exception {
    ApiClient client = new ApiClient();
    client.updateBaseUri(System.getenv("KEYHOOK_URL"));
    client.setRequestInterceptor(request -> request.header("Authorization", "Bearer " + System.getenv("KEYHOOK_KEY")));
    LicensesApi licenses = new LicensesApi(client);
    ValidationApi validation = new ValidationApi(client);
    WebhooksApi webhooks = new WebhooksApi(client);
    DeliveriesApi deliveries = new DeliveriesApi(client);

    WebhookWithSecret webhook = webhooks.createWebhook(new CreateWebhookRequest()
        .url(URI.create(System.getenv("RECEIVER_URL"))).events(Stream.of("license.validated", "license.activated", "license.expired", "license.disabled")
            .map(EventType::fromValue).toList()), retryKey());
    licenses.createLicense(new CreateLicenseRequest().name("Short").expiresAt(OffsetDateTime.now().plusSeconds(1)),
        retryKey());
    License studio = licenses.createLicense(new CreateLicenseRequest().name("Studio").customerEmail("ada@example.com"),
        retryKey());

    ValidLicense valid = validation.validateLicense(
        new ValidateRequest().licenseKey(studio.getKey()).fingerprint("device-1"));
    System.out.println("valid " + valid.getCurrentActivations() + " of " + valid.getMaxActivations());
    ApiException refused = failure(() -> validation.validateLicense(
        new ValidateRequest().licenseKey(studio.getKey()).fingerprint("device-2")));
    System.out.println("refused " + refused.getCode() + " " + body(refused, InvalidLicense.class).getCode());
    System.out.println("status " + licenses.disableLicense(studio.getId()).getStatus());

    Problem missing = body(failure(() -> licenses.getLicense("lic_01jhsqm7r3fwdb1n9y2c5x8g4k")), Problem.class);
    System.out.println("problem " + missing.getStatus() + " " + missing.getCode());
    Problem invalid = body(failure(() -> licenses.createLicense(
        new CreateLicenseRequest().name("Past").expiresAt(OffsetDateTime.parse("2025-01-03T00:00:00Z")), retryKey())),
        Problem.class);
    System.out.println("problem " + invalid.getStatus() + " " + invalid.getCode() + " " + invalid.getErrors().get(0).getField());

    List<String> names = new ArrayList<>();
    String cursor = null;
    do {
      LicensePage page = licenses.listLicenses(null, null, "name", 1, cursor, null, null);
      page.getData().forEach(license -> names.add(license.getName()));
      cursor = page.getNextCursor();
    } while (cursor != null);
    System.out.println("listed " + String.join(" ", names));

    webhooks.testWebhook(new TestWebhookRequest().webhookId(webhook.getId()), retryKey());
    URI.create(System.getenv("DELIVERED_URL")).toURL().openStream().close(); // answers when all are delivered
    Map<String, String> delivered = new TreeMap<>();
    for (DeliverySummary one : deliveries.listDeliveries(
        webhook.getId(), DeliveryStatus.DELIVERED, null, null, null, null, null).getData()) {
      if (one.getLastError() == null) {
        delivered.put(one.getEvent().getValue(), one.getId());
      }
    }
    for (Map.Entry<String, String> one : delivered.entrySet()) {
      DeliveryPayload payload = deliveries.getDelivery(one.getValue()).getPayload();
      System.out.println("delivered " + one.getKey() + " " + detail(payload.getActualInstance(), webhook.getId()));
    }
  }

  /** For a call that can be sent again, which this program never does. */
  private static String retryKey() {
    return UUID.randomUUID().toString();
  }

  private static String detail(Object payload, String webhookId) {
    if (payload instanceof LicenseActivated activated) {
      return activated.getData().getCustomerEmail();
    } else if (payload instanceof LicenseDisabled disabled) {
      return disabled.getData().getLicenseName();
    } else if (payload instanceof LicenseExpired expired) {
      return expired.getData().getLicenseName();
    } else if (payload instanceof LicenseValidated validated) {
      return validated.getData().getFingerprint();
    }
    return Boolean.toString(((WebhookTest) payload).getData().getWebhookId().equals(webhookId));
  }

  private static ApiException failure(Call call) {
    try {
      call.run();
    } catch (ApiException e) {
      return e;
    }
    throw new IllegalStateException("The call succeeded");
  }

  private static <T> T body(ApiException failed, Class<T> type) throws Exception {
    return JSON.getDefault().getMapper().readValue(failed.getResponseBody(), type);
  }
}
