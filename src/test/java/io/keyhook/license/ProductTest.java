package io.keyhook.license;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Exchange;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.vertx.core.json.JsonObject;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A license is for one product, by itself or by its policy, and validations can name the product. */
class ProductTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  private static String product(String name) {
    return keyhook.api().post("/api/products", new JsonObject().put("name", name)).expect(201).json().getString("id");
  }

  private static License license(JsonObject fields) {
    return keyhook.license(new JsonObject().put("name", "L").mergeIn(fields));
  }

  private static Exchange validate(License license, String productId) {
    return keyhook.api().anonymous().post("/api/validate", new JsonObject().put("licenseKey", license.key())
        .put("fingerprint", "device").put("productId", productId));
  }

  @Test
  void aProductIsCreatedReadRenamedAndDeleted() {
    JsonObject made = keyhook.api().post("/api/products", new JsonObject().put("name", "Studio")).expect(201).json();
    assertThat(made.getString("id")).startsWith("product_");
    String path = "/api/products/" + made.getString("id");
    assertThat(keyhook.api().get(path).expect(200).json()).isEqualTo(made);
    assertThat(keyhook.api().get("/api/products").expect(200).data()).contains(made);
    assertThat(keyhook.api().patch(path, new JsonObject().put("name", "Studio")).expect(200).json()).isEqualTo(made);
    assertThat(keyhook.api().patch(path, new JsonObject().put("name", "Studio 2")).expect(200).json().getString("name"))
        .isEqualTo("Studio 2");
    keyhook.api().delete(path).expect(204);
    keyhook.api().get(path).expect(404, "NOT_FOUND");
    assertThat(keyhook.api().get("/api/audit?subjectId=" + made.getString("id")).data()).extracting(e -> e.getString("action"))
        .containsExactly("product.deleted", "product.updated", "product.created");
  }

  @Test
  void aLicenseForAnotherProductIsRefusedAndNotActivated() {
    String studio = product("Studio");
    String server = product("Server");
    License license = license(new JsonObject().put("productId", studio));
    assertThat(validate(license, server).expect(403, "PRODUCT_MISMATCH").body())
        .isEqualTo("{\"valid\":false,\"error\":\"License is for another product\",\"code\":\"PRODUCT_MISMATCH\"}");
    assertThat(keyhook.api().get("/api/licenses/" + license.id()).json().getInteger("currentActivations")).isZero();
    validate(license, studio).expect(200);
    keyhook.api().validate(license.key(), "device").expect(200);
    keyhook.api().patch("/api/licenses/" + license.id(), new JsonObject().put("productId", server)).expect(200);
    validate(license, studio).expect(403, "PRODUCT_MISMATCH");
  }

  @Test
  void aLicenseWithoutAProductIsForAll() {
    validate(license(new JsonObject()), product("Any")).expect(200);
  }

  @Test
  void aLicenseIsForTheProductOfItsPolicy() {
    String studio = product("Studio");
    String server = product("Server");
    String policyId = keyhook.api().post("/api/policies", new JsonObject().put("name", "Studio").put("productId", studio)).expect(201)
        .json().getString("id");
    License license = license(new JsonObject().put("policyId", policyId));
    License own = license(new JsonObject().put("policyId", policyId).put("productId", server));
    validate(license, studio).expect(200);
    validate(license, server).expect(403, "PRODUCT_MISMATCH");
    validate(own, server).expect(200);
    assertThat(keyhook.api().get("/api/licenses?productId=" + studio).data()).extracting(one -> one.getString("id"))
        .containsExactly(license.id());
    assertThat(keyhook.api().get("/api/licenses?sort=name&search=L&productId=" + server).data()).extracting(one -> one.getString("id"))
        .containsExactly(own.id());
    keyhook.api().patch("/api/policies/" + policyId, new JsonObject().put("productId", server)).expect(200);
    validate(license, studio).expect(403, "PRODUCT_MISMATCH");
  }

  @Test
  void aProductInUseIsNotDeleted() {
    String product = product("Used");
    License license = license(new JsonObject().put("productId", product));
    String policyId = keyhook.api().post("/api/policies", new JsonObject().put("name", "P").put("productId", product)).expect(201).json()
        .getString("id");
    assertThat(keyhook.api().delete("/api/products/" + product).expect(409, "PRODUCT_IN_USE").json().getString("detail"))
        .isEqualTo("1 license and 1 policy name this product; assign another product or none first");
    keyhook.api().patch("/api/licenses/" + license.id(), new JsonObject().putNull("productId")).expect(200);
    keyhook.api().delete("/api/policies/" + policyId).expect(204);
    keyhook.api().delete("/api/products/" + product).expect(204);
  }

  @Test
  void aProductThatThereIsNotIsRefused() {
    String unknown = "product_01jhsqb1h7d3f5g9j2m4q6s8vx";
    for (String path : List.of("/api/licenses", "/api/policies")) {
      assertThat(keyhook.api().post(path, new JsonObject().put("name", "N").put("productId", unknown)).expect(400, "INVALID_REQUEST")
          .badFields()).containsExactly("productId");
    }
    validate(license(new JsonObject()), "studio").expect(400, "INVALID_REQUEST");
  }
}
