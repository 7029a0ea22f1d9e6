package io.keyhook.bus;

import io.keyhook.bus.Webhooks.Filters;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.function.UnaryOperator;

/**
 * Filters as they are stored and compared: without the fields that they do not have, with IDs as those of rows, and with e-mail addresses
 * in lower case.
 *
 * <p>A webhook of a customer has two: those of the customer, which the customer cannot change, and its own. What is compared is what both
 * have in common, with the two beside it.
 */
public final class FilterJson {
  private static final String OF_CUSTOMER = "within";
  private static final String OWN = "own";
  private static final String EMAILS = "customerEmails";
  private static final String METADATA = "metadata";
  private static final List<String> LISTS = List.of("licenseIds", "productIds", "policyIds", EMAILS);

  private FilterJson() {}

  /** Null: there are none. */
  public static JsonObject of(Filters filters) {
    if (filters == null) {
      return null;
    }
    JsonObject json = new JsonObject();
    put(json, "licenseIds", filters.licenseIds(), id -> Id.LICENSE.parse(id).toString());
    put(json, "productIds", filters.productIds(), id -> Id.PRODUCT.parse(id).toString());
    put(json, "policyIds", filters.policyIds(), id -> Id.POLICY.parse(id).toString());
    put(json, EMAILS, filters.customerEmails(), email -> email.toLowerCase(Locale.ROOT));
    if (filters.metadata() != null) {
      json.put(METADATA, new JsonObject(new LinkedHashMap<>(filters.metadata())));
    }
    return json;
  }

  /**
   * The filters of a webhook.
   *
   * @param ofCustomer null: the webhook is the account's own
   * @param own null: none
   */
  public static JsonObject of(Filters ofCustomer, Filters own) {
    return together(of(ofCustomer), of(own));
  }

  /**
   * The filters of a webhook after a change.
   *
   * @param stored null: there are none
   */
  public static JsonObject changed(JsonObject stored, Field<Filters> ofCustomer, Field<Filters> own) {
    JsonObject ownStored = stored == null || stored.containsKey(OF_CUSTOMER) ? part(stored, OWN) : stored;
    return together(ofCustomer.present() ? of(ofCustomer.value()) : part(stored, OF_CUSTOMER), own.present() ? of(own.value()) : ownStored);
  }

  private static JsonObject together(JsonObject ofCustomer, JsonObject own) {
    if (ofCustomer == null) {
      return own;
    }
    JsonObject json = (own == null ? ofCustomer.copy() : common(ofCustomer, own)).put(OF_CUSTOMER, ofCustomer);
    return own == null ? json : json.put(OWN, own);
  }

  /** The filters that a license passes if, and only if, it passes two. */
  private static JsonObject common(JsonObject a, JsonObject b) {
    JsonObject common = new JsonObject();
    for (String list : LISTS) {
      JsonArray one = a.getJsonArray(list);
      JsonArray other = b.getJsonArray(list);
      JsonArray both = one == null ? other : other == null ? one : new JsonArray(one.stream().filter(other::contains).toList());
      if (both != null && both.isEmpty()) {
        return nothing();
      } else if (both != null) {
        common.put(list, both.copy());
      }
    }
    JsonObject metadata = a.getJsonObject(METADATA, new JsonObject()).copy();
    for (Map.Entry<String, Object> field : b.getJsonObject(METADATA, new JsonObject())) {
      if (metadata.containsKey(field.getKey()) && !isSame(metadata.getValue(field.getKey()), field.getValue())) {
        return nothing();
      }
      metadata.put(field.getKey(), field.getValue());
    }
    return metadata.isEmpty() ? common : common.put(METADATA, metadata);
  }

  /** Filters that no license passes. */
  private static JsonObject nothing() {
    return new JsonObject().put(EMAILS, new JsonArray());
  }

  private static boolean isSame(Object a, Object b) {
    return a instanceof Number && b instanceof Number
        ? new BigDecimal(a.toString()).compareTo(new BigDecimal(b.toString())) == 0 : a.equals(b);
  }

  private static void put(JsonObject json, String field, List<String> texts, UnaryOperator<String> as) {
    if (texts != null) {
      json.put(field, new JsonArray(texts.stream().map(as).distinct().toList()));
    }
  }

  private static JsonObject part(JsonObject stored, String name) {
    return stored == null ? null : stored.getJsonObject(name);
  }

  /** The filters of the customer whose webhook it is; null: it is the account's own. */
  public static Filters ofCustomer(JsonObject stored) {
    return read(part(stored, OF_CUSTOMER));
  }

  /** The own filters of a webhook; null: there are none. */
  public static Filters own(JsonObject stored) {
    return read(stored == null || !stored.containsKey(OF_CUSTOMER) ? stored : part(stored, OWN));
  }

  /**
   * @param json null: there are none
   */
  public static Filters read(JsonObject json) {
    return json == null ? null : new Filters(
        texts(json.getJsonArray("licenseIds"), id -> Id.LICENSE.of(UUID.fromString(id))),
        texts(json.getJsonArray("productIds"), id -> Id.PRODUCT.of(UUID.fromString(id))),
        texts(json.getJsonArray("policyIds"), id -> Id.POLICY.of(UUID.fromString(id))),
        texts(json.getJsonArray(EMAILS), email -> email),
        json.getJsonObject(METADATA) == null ? null : json.getJsonObject(METADATA).getMap());
  }

  private static List<String> texts(JsonArray array, UnaryOperator<String> as) {
    return array == null ? null : array.stream().map(text -> as.apply((String) text)).toList();
  }
}
