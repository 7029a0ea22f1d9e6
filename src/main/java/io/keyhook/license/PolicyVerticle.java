package io.keyhook.license;

import io.keyhook.account.PlanStore;
import io.keyhook.audit.Action;
import io.keyhook.audit.AuditStore;
import io.keyhook.bus.Addresses;
import io.keyhook.bus.Bus;
import io.keyhook.bus.Caller;
import io.keyhook.bus.Check;
import io.keyhook.bus.Failure;
import io.keyhook.bus.Id;
import io.keyhook.bus.Policies;
import io.keyhook.bus.Policies.Policy;
import io.keyhook.bus.Policies.Terms;
import io.keyhook.bus.Products;
import io.keyhook.bus.Products.Product;
import io.keyhook.db.Chore;
import io.keyhook.db.Database;
import io.keyhook.event.Outbox;
import io.keyhook.idempotency.Idempotency;
import io.keyhook.license.PolicyStore.Held;
import io.keyhook.license.PolicyStore.Revised;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.SqlClient;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps policies and products. Validations read a policy's own row, and so follow a change at once. Limit and expiry are in the rows of
 * its licenses too, for lists and expiries, and any change is an event of each license, for receivers that mirror them: the first
 * licenses change with the policy, the others in pieces after it, which any node does.
 */
public final class PolicyVerticle extends VerticleBase {
  private static final Logger log = LoggerFactory.getLogger(PolicyVerticle.class);
  /** Where counting the licenses of a policy stops. */
  private static final long COUNTED = 1000;
  /** Revisions that another node began and did not end. */
  private static final Duration INTERVAL = Duration.ofSeconds(10);
  private static final int POLICIES = 100;

  private final Bus bus;
  private final Database database;
  private final Pool pool;
  private final Idempotency idempotency;
  private final Outbox outbox;
  private final Revision revision;
  private Chore chore;

  public PolicyVerticle(Bus bus, Database database, Idempotency idempotency, Outbox outbox) {
    this.bus = bus;
    this.database = database;
    this.pool = database.pool();
    this.idempotency = idempotency;
    this.outbox = outbox;
    this.revision = new Revision(outbox);
  }

  @Override
  public Future<?> start() {
    bus.answer(Addresses.CREATE_POLICY, this::create);
    bus.answer(Addresses.LIST_POLICIES, query -> PolicyStore.list(pool, query));
    bus.answer(Addresses.GET_POLICY, query ->
        PolicyStore.get(pool, query.caller().accountId(), Id.POLICY.parse(query.id())));
    bus.answer(Addresses.UPDATE_POLICY, this::update);
    bus.answer(Addresses.DELETE_POLICY, this::delete);
    bus.answer(Addresses.CREATE_PRODUCT, this::create);
    bus.answer(Addresses.LIST_PRODUCTS, query -> ProductStore.list(pool, query));
    bus.answer(Addresses.GET_PRODUCT, query ->
        ProductStore.get(pool, query.caller().accountId(), Id.PRODUCT.parse(query.id())));
    bus.answer(Addresses.UPDATE_PRODUCT, this::update);
    bus.answer(Addresses.DELETE_PRODUCT, this::delete);
    chore = Chore.every(vertx, log, "bring licenses into line with their policy", INTERVAL, this::reviseAll);
    chore.start(Duration.ZERO);
    return Future.succeededFuture();
  }

  @Override
  public Future<?> stop() {
    return chore.stop();
  }

  private Future<Policy> create(Policies.Create request) {
    Caller caller = request.caller();
    return database.transaction(tx -> PlanStore.lock(tx, caller.accountId())
        .compose(plan -> PolicyStore.count(tx, caller.accountId(), Policies.MAX_POLICIES))
        .compose(count -> {
          checkRoom(count, Policies.MAX_POLICIES, "TOO_MANY_POLICIES", "policies; delete one that no license uses first");
          return holdProduct(tx, caller.accountId(), request.productId());
        })
        .compose(held -> PolicyStore.insert(tx, request))
        .compose(policy -> AuditStore.write(tx, caller, Action.POLICY_CREATED, policy.id(), List.of())
            .compose(written -> idempotency.keep(tx, caller, policy))));
  }

  private static void checkRoom(long count, int max, String code, String what) {
    if (count >= max) {
      throw new Failure.Conflict(code, String.format(Locale.ROOT, "This account already has %,d ", max) + what).exception();
    }
  }

  /** Fails if there is no such product. */
  private static Future<Void> holdProduct(SqlClient tx, UUID accountId, String productId) {
    Set<UUID> product = productId == null ? Set.of() : Set.of(Id.PRODUCT.parse(productId));
    return ProductStore.hold(tx, accountId, product).map(held -> {
      Check.that().is("productId", held.equals(product), References.NO_PRODUCT).done();
      return null;
    });
  }

  private record Updated(Policy policy, Revision.Step step) {}

  private Future<Policy> update(Policies.Update request) {
    Caller caller = request.caller();
    UUID accountId = caller.accountId();
    UUID policyId = Id.POLICY.parse(request.id());
    return database.transaction(tx -> holdProduct(tx, accountId, request.productId().value())
        .compose(held -> PolicyStore.lock(tx, accountId, policyId))
        .compose(held -> {
          Policy before = held.policy();
          Policy after = request.of(before);
          return after.equals(before) ? Future.succeededFuture(new Updated(before, Revision.Step.NOTHING))
              : revision.isAnnounced(tx, accountId, held, after).compose(announced -> update(tx, request, held, after, announced));
        }))
        .map(updated -> {
          outbox.dispatch(updated.step.written());
          if (!updated.step.isLast()) {
            chore.hurry();
          }
          return updated.policy;
        });
  }

  private Future<Updated> update(SqlClient tx, Policies.Update request, Held before, Policy after, boolean announced) {
    Caller caller = request.caller();
    boolean revised = announced || isRevised(before.policy().terms(), after.terms());
    return PolicyStore.update(tx, caller.accountId(), after, revised ? caller.name() : null, before,
            announced ? Inheritance.said(before.policy()) : null)
        .compose(policy -> AuditStore.write(tx, caller, Action.POLICY_UPDATED, policy.id(), request.changed())
            .compose(written -> !revised ? Future.succeededFuture(Revision.Step.NOTHING)
                : revision.step(tx, new Revised(caller.accountId(), Id.POLICY.parse(policy.id()))))
            .map(step -> new Updated(policy, step)));
  }

  /** Whether the change is one of what licenses have in their own rows. */
  private static boolean isRevised(Terms before, Terms after) {
    return !before.maxActivations().equals(after.maxActivations()) || before.expiryBasis() != after.expiryBasis()
        || !Objects.equals(before.durationSeconds(), after.durationSeconds());
  }

  private Future<Void> delete(Policies.Delete request) {
    UUID accountId = request.caller().accountId();
    UUID policyId = Id.POLICY.parse(request.id());
    return database.transaction(tx -> PolicyStore.lock(tx, accountId, policyId)
        .compose(policy -> PolicyStore.uses(tx, accountId, policyId, COUNTED))
        .compose(uses -> {
          if (uses > 0) {
            throw new Failure.Conflict("POLICY_IN_USE", count(uses, "license", "licenses") + (uses == 1 ? " uses" : " use")
                + " this policy; assign another policy or none first").exception();
          }
          return PolicyStore.delete(tx, accountId, policyId);
        })
        .compose(deleted -> AuditStore.write(tx, request.caller(), Action.POLICY_DELETED, request.id(), List.of())));
  }

  private static String count(long number, String one, String many) {
    return String.format(Locale.ROOT, "%,d ", number) + (number == COUNTED ? "or more " : "") + (number == 1 ? one : many);
  }

  private Future<Product> create(Products.Create request) {
    Caller caller = request.caller();
    return database.transaction(tx -> PlanStore.lock(tx, caller.accountId())
        .compose(plan -> ProductStore.count(tx, caller.accountId(), Products.MAX_PRODUCTS))
        .compose(count -> {
          checkRoom(count, Products.MAX_PRODUCTS, "TOO_MANY_PRODUCTS", "products; delete one that no license and no policy names first");
          return ProductStore.insert(tx, request);
        })
        .compose(product -> AuditStore.write(tx, caller, Action.PRODUCT_CREATED, product.id(), List.of())
            .compose(written -> idempotency.keep(tx, caller, product))));
  }

  private Future<Product> update(Products.Update request) {
    UUID accountId = request.caller().accountId();
    UUID productId = Id.PRODUCT.parse(request.id());
    if (!request.name().present()) {
      return ProductStore.get(pool, accountId, productId);
    }
    return database.transaction(tx -> ProductStore.rename(tx, accountId, productId, request.name().value())
        .compose(changed -> changed.isEmpty() ? Future.succeededFuture(changed)
            : AuditStore.write(tx, request.caller(), Action.PRODUCT_UPDATED, request.id(), List.of("name")).map(changed)))
        .compose(changed -> changed.map(Future::succeededFuture)
            .orElseGet(() -> ProductStore.get(pool, accountId, productId)));
  }

  private Future<Void> delete(Products.Delete request) {
    UUID accountId = request.caller().accountId();
    UUID productId = Id.PRODUCT.parse(request.id());
    return database.transaction(tx -> ProductStore.lock(tx, accountId, productId)
        .compose(product -> ProductStore.uses(tx, accountId, productId, COUNTED))
        .compose(uses -> {
          if (uses.licenses() + uses.policies() > 0) {
            throw new Failure.Conflict("PRODUCT_IN_USE", count(uses.licenses(), "license", "licenses") + " and "
                + count(uses.policies(), "policy", "policies") + " name this product; assign another product or none first").exception();
          }
          return ProductStore.delete(tx, accountId, productId);
        })
        .compose(deleted -> AuditStore.write(tx, request.caller(), Action.PRODUCT_DELETED, request.id(), List.of())));
  }

  private Future<Void> reviseAll() {
    return PolicyStore.revised(database.chores(), POLICIES).compose(policies -> {
      Future<Void> done = Future.succeededFuture();
      for (Revised policy : policies) {
        done = done.compose(before -> revise(policy));
      }
      return done;
    });
  }

  /** Goes on until all licenses of a policy are in line. */
  private Future<Void> revise(Revised policy) {
    return chore.isStopped() ? Future.succeededFuture()
        : Database.transaction(database.chores(), tx -> revision.step(tx, policy)).compose(step -> {
          outbox.dispatch(step.written());
          return step.isLast() ? Future.succeededFuture() : revise(policy);
        });
  }
}
