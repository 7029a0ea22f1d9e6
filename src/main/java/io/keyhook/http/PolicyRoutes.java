package io.keyhook.http;

import static io.keyhook.http.Authentication.caller;
import static io.keyhook.http.Calls.id;
import static io.keyhook.http.Calls.read;

import io.keyhook.KeyhookClient;
import io.keyhook.bus.Policies;
import io.keyhook.bus.Policies.ExpiryBasis;
import io.keyhook.bus.Products;
import io.vertx.core.http.HttpMethod;

/** Routes for policies and products. */
final class PolicyRoutes {
  private final KeyhookClient client;

  PolicyRoutes(KeyhookClient client) {
    this.client = client;
  }

  void mount(Calls calls) {
    policies(calls);
    products(calls);
  }

  private void policies(Calls calls) {
    calls.accountOnce("/api/policies", 201, context -> client.createPolicy(read(context, in ->
        new Policies.Create(caller(context), in.text("name"), in.text("productId"), in.part(() -> terms(in))))));
    calls.accountQuery("/api/policies", (context, in) -> new Policies.List(caller(context), in.page()), client::listPolicies);
    calls.account(HttpMethod.GET, "/api/policies/:id", 200, context ->
        client.getPolicy(new Policies.Get(caller(context), id(context))));
    calls.account(HttpMethod.PATCH, "/api/policies/:id", 200, context -> client.updatePolicy(read(context, in ->
        new Policies.Update(caller(context), id(context), in.change("name", in::text), in.change("productId", in::text),
            in.part(() -> termsChange(in))))));
    calls.account(HttpMethod.DELETE, "/api/policies/:id", 204, context ->
        client.deletePolicy(new Policies.Delete(caller(context), id(context))));
  }

  private static Policies.Terms terms(Input in) {
    return new Policies.Terms(in.integer("durationSeconds"), in.choice("expiryBasis", ExpiryBasis.values()), in.bool("trial"),
        in.integer("maxActivations"), in.integer("graceSeconds"), in.integer("heartbeatSeconds"), in.integer("leaseSeconds"),
        in.object("entitlements"));
  }

  private static Policies.TermsChange termsChange(Input in) {
    return new Policies.TermsChange(in.change("durationSeconds", in::integer),
        in.change("expiryBasis", name -> in.choice(name, ExpiryBasis.values())), in.change("trial", in::bool),
        in.change("maxActivations", in::integer), in.change("graceSeconds", in::integer), in.change("heartbeatSeconds", in::integer),
        in.change("leaseSeconds", in::integer), in.change("entitlements", in::object));
  }

  private void products(Calls calls) {
    calls.accountOnce("/api/products", 201, context -> client.createProduct(read(context, in ->
        new Products.Create(caller(context), in.text("name")))));
    calls.accountQuery("/api/products", (context, in) -> new Products.List(caller(context), in.page()), client::listProducts);
    calls.account(HttpMethod.GET, "/api/products/:id", 200, context ->
        client.getProduct(new Products.Get(caller(context), id(context))));
    calls.account(HttpMethod.PATCH, "/api/products/:id", 200, context -> client.updateProduct(read(context, in ->
        new Products.Update(caller(context), id(context), in.change("name", in::text)))));
    calls.account(HttpMethod.DELETE, "/api/products/:id", 204, context ->
        client.deleteProduct(new Products.Delete(caller(context), id(context))));
  }
}
