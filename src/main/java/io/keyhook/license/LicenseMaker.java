package io.keyhook.license;

import io.keyhook.account.PlanStore;
import io.keyhook.account.Plans;
import io.keyhook.audit.Action;
import io.keyhook.audit.AuditStore;
import io.keyhook.bus.Caller;
import io.keyhook.bus.Check;
import io.keyhook.bus.Failure;
import io.keyhook.bus.FailureException;
import io.keyhook.bus.FieldErrors;
import io.keyhook.bus.LicenseKeys;
import io.keyhook.bus.Licenses;
import io.keyhook.bus.Licenses.License;
import io.keyhook.bus.Licenses.Line;
import io.keyhook.bus.Page;
import io.keyhook.db.Database;
import io.keyhook.event.EventType;
import io.keyhook.event.Outbox;
import io.keyhook.event.Raised;
import io.keyhook.fair.Pacer;
import io.keyhook.idempotency.Idempotency;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.SqlConnection;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** Makes licenses, one or many: all of a request or none, and never more than the plan allows. */
final class LicenseMaker {
  private static final int KEY_TRIES = 3;
  /** Licenses of one statement while validations are slow: a processor computes it in some 3 ms. */
  private static final int SMALL_PIECE = 25;
  /** How long a transaction yields that uses one of the connections that management calls share. */
  private static final Duration YIELDING = Duration.ofMillis(300);
  /** How long that of a long file yields, which may take 12 s in all. */
  private static final Duration LONG_YIELDING = Duration.ofSeconds(7);
  private static final Duration LONGEST_REST = Duration.ofMillis(250);
  private static final String LICENSES = "licenses";

  private final Vertx vertx;
  private final Database database;
  private final Idempotency idempotency;
  private final Outbox outbox;
  private final Plans plans;
  private final Pacer pacer;
  private final SecureRandom random = new SecureRandom();

  LicenseMaker(
      Vertx vertx, Database database, Idempotency idempotency, Outbox outbox, Plans plans, Pacer pacer) {
    this.vertx = vertx;
    this.database = database;
    this.idempotency = idempotency;
    this.outbox = outbox;
    this.plans = plans;
    this.pacer = pacer;
  }

  Future<License> create(Licenses.Create request) {
    return withKeys(1, request.key() == null, () -> {
      String key = key(request);
      return withRoom(request.caller(), 1, tx -> LicenseStore.takenKeys(tx, ownKeys(List.of(request)))
          .compose(taken -> {
            if (!taken.isEmpty()) {
              throw keyTaken();
            }
            return References.hold(tx, request.caller().accountId(), List.of(request));
          })
          .compose(held -> LicenseStore.insert(tx, held.resolve(request, key)))
          .compose(made -> {
            License license = made.orElseThrow(LicenseMaker::inThePast);
            return AuditStore.write(tx, request.caller(), Action.LICENSE_CREATED, license.id(), List.of())
                .compose(audited -> outbox.write(tx, events(request.caller(), List.of(license))))
                .compose(written -> idempotency.keep(tx, request.caller(), license)
                    .map(kept -> new Made<>(kept, written)));
          }));
    }).recover(e -> Future.failedFuture(Database.isUniqueViolation(e) ? keyTaken() : e));
  }

  Future<Page<License>> createMany(Licenses.CreateMany request) {
    List<Licenses.Create> all = Collections.nCopies(request.count(), request.each());
    return withKeys(1, true, () -> withRoom(request.caller(), all.size(), tx ->
        References.hold(tx, request.caller().accountId(), List.of(request.each())).compose(held -> {
      List<License> made = new ArrayList<>(all.size());
      long yielding = yielding(all.size());
      return inPieces(all, yielding, piece -> insertNew(tx, request.caller(), held, piece).onSuccess(made::addAll))
          .compose(inserted -> raise(tx, request.caller(), made, yielding))
          .compose(written -> idempotency.keep(tx, request.caller(), new Page<>(made, null))
              .map(kept -> new Made<>(kept, written)));
    })));
  }

  Future<Licenses.Imported> importAll(Licenses.Import request) {
    List<Line> lines = request.lines();
    checkKeysDiffer(lines);
    if (lines.isEmpty()) {
      return Future.succeededFuture(new Licenses.Imported(0));
    }
    List<Licenses.Create> licenses = lines.stream().map(Line::license).toList();
    boolean generated = licenses.stream().anyMatch(license -> license.key() == null);
    return withKeys(1, generated, () ->
        withRoom(request.caller(), lines.size(), tx -> LicenseStore.takenKeys(tx, ownKeys(licenses)).compose(taken -> {
          checkNotTaken(lines, taken);
          return References.hold(tx, request.caller().accountId(), licenses);
        }).compose(held -> {
          checkReferences(lines, held);
          FieldErrors errors = new FieldErrors("body");
          List<License> made = new ArrayList<>(lines.size());
          long yielding = yielding(lines.size());
          return inPieces(lines, yielding, piece -> restore(tx, request.caller(), held, piece, errors).onSuccess(made::addAll))
              .compose(inserted -> {
                errors.refuse();
                return raise(tx, request.caller(), made, yielding);
              })
              .compose(written -> idempotency.keep(tx, request.caller(), new Licenses.Imported(lines.size()))
                  .map(kept -> new Made<>(kept, written)));
        }))).recover(e -> Future.failedFuture(Database.isUniqueViolation(e) ? keyTaken() : e));
  }

  /** Until when a transaction of so many licenses yields, by the clock of the {@link Pacer}. */
  private long yielding(int licenses) {
    return pacer.now() + (licenses > Licenses.MAX_AT_ONCE ? LONG_YIELDING : YIELDING).toNanos();
  }

  /**
   * Writes piece by piece. While validations are slow, the pieces are small, with {@linkplain Pacer rests} between them, as long as
   * the time until then allows for all of them.
   */
  private <T> Future<Void> inPieces(List<T> rest, long until, Function<List<T>, Future<?>> write) {
    long begun = pacer.now();
    boolean yields = begun - until < 0 && pacer.isYielding();
    int size = Math.min(rest.size(), yields ? SMALL_PIECE : Licenses.MAX_AT_ONCE);
    List<T> piece = rest.subList(0, size);
    List<T> others = rest.subList(size, rest.size());
    Future<?> written = yields ? pacer.run(vertx, () -> write.apply(piece).mapEmpty()) : write.apply(piece);
    return others.isEmpty() ? written.mapEmpty() : written
        .compose(done -> yields ? rest(begun, until, others.size()) : Future.succeededFuture())
        .compose(rested -> inPieces(others, until, write));
  }

  /** Rests, so that as many of the others as are left can be written in time if each takes as long as the last piece. */
  private Future<Void> rest(long begun, long until, int left) {
    int pieces = (left + SMALL_PIECE - 1) / SMALL_PIECE;
    long now = pacer.now();
    long longest = Math.min(LONGEST_REST.toNanos(), (until - now) / pieces - (now - begun));
    long rest = longest <= 0 ? 0 : pacer.restAfter(begun, longest);
    return rest == 0 ? Future.succeededFuture() : vertx.timer(rest, TimeUnit.NANOSECONDS).mapEmpty();
  }

  private Future<List<License>> restore(SqlClient tx, Caller caller, References held, List<Line> lines, FieldErrors errors) {
    List<LicenseStore.New> licenses = lines.stream().map(line -> held.restore(line, key(line.license()))).toList();
    return LicenseStore.insertAll(tx, licenses, true).compose(made -> {
      checkExpired(licenses, made, errors);
      return audited(tx, caller, made);
    });
  }

  /**
   * A license that the file calls expired must be, unless its policy says when: by the clock of the database, which is what lets it
   * expire.
   */
  private static void checkExpired(List<LicenseStore.New> licenses, List<License> made, FieldErrors errors) {
    Set<String> active = made.stream().filter(license -> license.status() == Licenses.Status.ACTIVE).map(License::key)
        .collect(Collectors.toSet());
    for (LicenseStore.New license : licenses) {
      if (license.line().status() == Licenses.Status.EXPIRED && !license.taken().expiry() && active.contains(license.key())) {
        errors.add(Line.field(license.line().number(), "status"),
            "is expired, but expiresAt is empty or in the future; set expiresAt to when the license expired, or leave status"
                + " empty");
      }
    }
  }

  /** Fails where the licenses would have expired already; that undoes the others. */
  private Future<List<License>> insertNew(SqlClient tx, Caller caller, References held, List<Licenses.Create> licenses) {
    return LicenseStore.insertAll(tx, resolve(held, licenses), false).compose(made -> {
      if (made.size() < licenses.size()) {
        throw inThePast();
      }
      return audited(tx, caller, made);
    });
  }

  private static Future<List<License>> audited(SqlClient tx, Caller caller, List<License> made) {
    return AuditStore.writeAll(tx, caller, Action.LICENSE_CREATED, made.stream().map(License::id).toList()).map(made);
  }

  private record Made<T>(T result, Outbox.Written written) {}

  /** Writes the events, if they are wanted at the end of a long transaction: a webhook may have been created meanwhile. */
  private Future<Outbox.Written> raise(SqlClient tx, Caller caller, List<License> made, long yielding) {
    List<Outbox.Written> written = new ArrayList<>();
    return outbox.isWanted(tx, caller.accountId(), EventType.LICENSE_CREATED)
        .compose(wanted -> !wanted ? Future.succeededFuture()
            : inPieces(made, yielding, piece -> outbox.queue(tx, events(caller, piece)).onSuccess(written::add)))
        .map(raised -> Outbox.Written.of(written));
  }

  private static List<Raised> events(Caller caller, List<License> made) {
    return made.stream().map(license -> new Raised(caller.accountId(), EventType.LICENSE_CREATED,
        EventData.created(license, caller.name()))).toList();
  }

  /**
   * Sends the events once they are committed. A limited plan locks the account while it counts; an unlimited one locks
   * nothing.
   */
  private <T> Future<T> withRoom(Caller caller, int more, Function<SqlConnection, Future<Made<T>>> insert) {
    UUID accountId = caller.accountId();
    return PlanStore.get(database.pool(), accountId).compose(unlocked ->
        database.transaction(tx -> plans.of(unlocked).maxLicenses().isEmpty() ? insert.apply(tx)
            : PlanStore.lock(tx, accountId).compose(plan -> {
              Optional<Integer> max = plans.of(plan).maxLicenses();
              return LicenseStore.count(tx, accountId, max.orElse(0)).compose(used -> {
                Plans.checkRoom(plan, max, used, more, LICENSES);
                return insert.apply(tx);
              });
            }))).map(made -> {
              outbox.dispatch(made.written);
              return made.result;
            });
  }

  /** Again with other keys where one that was generated is taken. */
  private <T> Future<T> withKeys(int attempt, boolean generated, Supplier<Future<T>> insert) {
    return insert.get().recover(e -> generated && attempt < KEY_TRIES && Database.isUniqueViolation(e)
        ? withKeys(attempt + 1, true, insert) : Future.failedFuture(e));
  }

  private String key(Licenses.Create license) {
    return license.key() == null ? LicenseKeys.generate(random) : license.key();
  }

  private List<LicenseStore.New> resolve(References held, List<Licenses.Create> licenses) {
    return licenses.stream().map(license -> held.resolve(license, key(license))).toList();
  }

  /** The forms of keys that the caller chose. */
  private static List<String> ownKeys(List<Licenses.Create> licenses) {
    return licenses.stream().map(Licenses.Create::key).filter(Objects::nonNull).map(LicenseKeys::form).toList();
  }

  private static void checkKeysDiffer(List<Line> lines) {
    Map<String, Integer> numbers = new HashMap<>();
    FieldErrors errors = new FieldErrors("body");
    for (Line line : lines) {
      String key = line.license().key();
      Integer before = key == null ? null : numbers.putIfAbsent(LicenseKeys.form(key), line.number());
      if (before != null) {
        errors.add(Line.field(line.number(), "key"),
            "is the same as that of line " + before + "; case and hyphens do not count");
      }
    }
    errors.refuse();
  }

  private static void checkNotTaken(List<Line> lines, Set<String> taken) {
    FieldErrors errors = new FieldErrors("body");
    for (Line line : lines) {
      if (line.license().key() != null && taken.contains(LicenseKeys.form(line.license().key()))) {
        errors.add(Line.field(line.number(), "key"), "is already used by another license");
      }
    }
    errors.refuse();
  }

  private static void checkReferences(List<Line> lines, References held) {
    FieldErrors errors = new FieldErrors("body");
    for (Line line : lines) {
      if (!held.hasPolicy(line.license())) {
        errors.add(Line.field(line.number(), "policyId"), References.NO_POLICY);
      }
      if (!held.hasProduct(line.license())) {
        errors.add(Line.field(line.number(), "productId"), References.NO_PRODUCT);
      }
    }
    errors.refuse();
  }

  private static FailureException keyTaken() {
    return new Failure.Conflict("LICENSE_KEY_TAKEN",
        "A license with this key, or with one that differs only in case and hyphens, already exists. Choose another key,"
            + " or leave it out to have one generated").exception();
  }

  static FailureException inThePast() {
    return Check.invalid("expiresAt", "is in the past");
  }
}
