package io.keyhook.webhook;

import io.keyhook.bus.Id;
import io.keyhook.bus.Webhooks.Filters;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.function.UnaryOperator;

/**
 * Filters as they are stored and compared: without the fields that they do not have, with IDs as those of rows, and with e-mail addresses
 * in lower case.
 */
final class FilterJson {
  private FilterJson() {}

  /** Null: there are none. */
  static JsonObject of(Filters filters) {
    if (filters == null) {
      return null;
    }
    JsonObject json = new JsonObject();
    put(json, "licenseIds", filters.licenseIds(), id -> Id.LICENSE.parse(id).toString());
    put(json, "productIds", filters.productIds(), id -> Id.PRODUCT.parse(id).toString());
    put(json, "policyIds", filters.policyIds(), id -> Id.POLICY.parse(id).toString());
    put(json, "customerEmails", filters.customerEmails(), email -> email.toLowerCase(Locale.ROOT));
    if (filters.metadata() != null) {
      json.put("metadata", new JsonObject(new LinkedHashMap<>(filters.metadata())));
    }
    return json;
  }

  private static void put(JsonObject json, String field, List<String> texts, UnaryOperator<String> as) {
    if (texts != null) {
      json.put(field, new JsonArray(texts.stream().map(as).distinct().toList()));
    }
  }

  /**
   * @param json null: there are none
   */
  static Filters read(JsonObject json) {
    return json == null ? null : new Filters(
        texts(json.getJsonArray("licenseIds"), id -> Id.LICENSE.of(UUID.fromString(id))),
        texts(json.getJsonArray("productIds"), id -> Id.PRODUCT.of(UUID.fromString(id))),
        texts(json.getJsonArray("policyIds"), id -> Id.POLICY.of(UUID.fromString(id))),
        texts(json.getJsonArray("customerEmails"), email -> email),
        json.getJsonObject("metadata") == null ? null : json.getJsonObject("metadata").getMap());
  }

  private static List<String> texts(JsonArray array, UnaryOperator<String> as) {
    return array == null ? null : array.stream().map(text -> as.apply((String) text)).toList();
  }
}
