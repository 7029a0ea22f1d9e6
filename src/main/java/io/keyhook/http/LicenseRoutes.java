package io.keyhook.http;

import static io.keyhook.http.Authentication.caller;
import static io.keyhook.http.Calls.id;
import static io.keyhook.http.Calls.read;

import io.keyhook.KeyhookClient;
import io.keyhook.bus.Check;
import io.keyhook.bus.Licenses;
import io.keyhook.bus.Page;
import io.keyhook.fair.Admissions;
import io.vertx.core.Future;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Routes for licenses, single and in bulk, and their devices. */
final class LicenseRoutes {
  private final KeyhookClient client;
  private final Admissions admissions;

  LicenseRoutes(KeyhookClient client, Admissions admissions) {
    this.client = client;
    this.admissions = admissions;
  }

  void mount(Calls calls) {
    many(calls);
    calls.accountOnce("/api/licenses", 201, context -> client.createLicense(read(context, in ->
        create(context, in, true))));
    calls.accountQuery("/api/licenses", (context, in) -> list(context, in, in.sortedPage()), client::listLicenses);
    calls.account(HttpMethod.GET, "/api/licenses/:id", 200, context ->
        client.getLicense(new Licenses.Get(caller(context), id(context))));
    calls.account(HttpMethod.PATCH, "/api/licenses/:id", 200, context -> client.updateLicense(read(context, in ->
        new Licenses.Update(caller(context), id(context), in.change("name", in::text),
            in.change("customerName", in::text), in.change("customerEmail", in::text), in.change("metadata", in::object),
            in.part(() -> termsChange(in))))));
    calls.account(HttpMethod.DELETE, "/api/licenses/:id", 204, context ->
        client.deleteLicense(new Licenses.Delete(caller(context), id(context))));
    calls.account(HttpMethod.POST, "/api/licenses/:id/disable", 200, context -> client.setLicenseDisabled(
        read(context, in -> new Licenses.SetDisabled(caller(context), id(context), true))));
    calls.account(HttpMethod.POST, "/api/licenses/:id/enable", 200, context -> client.setLicenseDisabled(
        read(context, in -> new Licenses.SetDisabled(caller(context), id(context), false))));
    calls.account(HttpMethod.POST, "/api/licenses/:id/check", 200, context -> client.checkDevice(read(context, in ->
        new Licenses.CheckDevice(caller(context), id(context), in.text("fingerprint")))));
    calls.accountOnce("/api/licenses/:id/files", 201, context -> client.createLicenseFile(read(context, in ->
        new Licenses.CreateFile(caller(context), id(context), in.text("licenseKey"), in.text("fingerprint"), in.text("deviceName"),
            in.text("deviceType"), in.time("validUntil"), in.text("productId")))));
    calls.accountQuery("/api/licenses/:id/activations", (context, in) ->
        new Licenses.ListActivations(caller(context), id(context), in.page()), client::listActivations);
    calls.account(HttpMethod.DELETE, "/api/licenses/:id/activations/:activationId", 204, context ->
        client.deleteActivation(
            new Licenses.DeleteActivation(caller(context), id(context), context.pathParam("activationId"))));
  }

  private void many(Calls calls) {
    calls.accountOnce("/api/licenses/bulk", 201, context -> client.createLicenses(read(context, in ->
        new Licenses.CreateMany(caller(context), in.integer("count"),
            in.part(() -> create(context, in, false))))));
    calls.accountOnce("/api/licenses/import", 200, context -> {
      CsvBody.requireLibrary();
      String text = CsvBody.text(context);
      UUID accountId = caller(context).accountId();
      Supplier<Future<Licenses.Import>> read =
          () -> context.vertx().executeBlocking(() -> LicenseCsv.read(caller(context), text), false);
      return LicenseCsv.isLong(text)
          ? admissions.imports().run(accountId, () -> read.get().compose(client::importLicenses))
          : admissions.management().run(accountId, read).compose(client::importLicenses);
    });
    calls.accountStream("/api/licenses/export", (context, in) -> {
      CsvBody.requireLibrary();
      boolean marked = in.bool("bom");
      Licenses.List all = list(context, in, new Page.Sorted(Page.MAX_LIMIT, null));
      Licenses.GetAll selected = selected(context, in);
      LicenseExport export = new LicenseExport(client);
      return () -> admissions.exports().run(caller(context).accountId(), () -> StreamedFile.send(context,
          "text/csv; charset=utf-8", "licenses.csv", () -> selected == null ? export.first(all, marked) : export.only(selected, marked)))
          .onFailure(context::fail);
    });
  }

  /** The licenses that a query names, which filters do not select further; null: it names none. */
  private static Licenses.GetAll selected(RoutingContext context, QueryInput in) {
    String ids = in.text("ids");
    if (ids != null && Stream.of("search", "status", "sort", "policyId", "productId").anyMatch(name -> in.text(name) != null)) {
      throw Check.invalid("ids", "cannot be combined with search, status, sort, policyId or productId");
    }
    return ids == null ? null : new Licenses.GetAll(caller(context), List.of(ids.split(",", -1)));
  }

  private static Licenses.Create create(RoutingContext context, Input in, boolean keyed) {
    return new Licenses.Create(caller(context), in.text("name"), keyed ? in.text("key") : null, in.text("customerName"),
        in.text("customerEmail"), in.object("metadata"), in.part(() -> terms(in)));
  }

  private static Licenses.Terms terms(Input in) {
    return new Licenses.Terms(in.integer("maxActivations"), in.time("expiresAt"), in.text("policyId"), in.text("productId"),
        in.integer("heartbeatSeconds"), in.integer("leaseSeconds"), in.object("entitlements"));
  }

  private static Licenses.TermsChange termsChange(Input in) {
    return new Licenses.TermsChange(in.change("maxActivations", in::integer), in.change("expiresAt", in::time),
        in.change("policyId", in::text), in.change("productId", in::text), in.change("heartbeatSeconds", in::integer),
        in.change("leaseSeconds", in::integer), in.change("entitlements", in::object), in.change("inherited", in::texts));
  }

  private static Licenses.List list(RoutingContext context, QueryInput in, Page.Sorted page) {
    return new Licenses.List(caller(context), in.text("search"), in.choice("status", Licenses.Status.values()),
        in.choice("sort", Licenses.Sort.values(), Licenses.Sort::wireName), page, in.text("policyId"), in.text("productId"));
  }
}
