package io.keyhook.bus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.UUID;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.LongRange;

class IdPropertyTest {
  @Provide
  Arbitrary<UUID> uuids() {
    return Combinators.combine(Arbitraries.longs(), Arbitraries.longs()).as(UUID::new);
  }

  @Property
  void anIdIsReadBackAsItWas(@ForAll("uuids") UUID uuid, @ForAll Id kind) {
    String id = kind.of(uuid);
    assertThat(id).matches(kind.prefix() + "[0-7][0-9abcdefghjkmnpqrstvwxyz]{25}");
    assertThat(kind.parse(id)).isEqualTo(uuid);
  }

  @Property
  void idsSortAsTheirRowsDo(@ForAll("uuids") UUID one, @ForAll("uuids") UUID other) {
    int rows = one.toString().compareTo(other.toString());
    assertThat(Integer.signum(Id.LICENSE.of(one).compareTo(Id.LICENSE.of(other)))).isEqualTo(Integer.signum(rows));
  }

  @Property
  void theTimeInAnIdIsReadBack(@ForAll @LongRange(min = 0, max = (1L << 48) - 1) long millis) {
    assertThat(Id.millis(Id.floor(millis))).isEqualTo(millis);
    assertThat(Id.floor(millis).version()).isEqualTo(7);
    assertThat(Id.floor(millis).variant()).isEqualTo(2);
  }

  @Property
  void whatIsNoIdIsNotFound(@ForAll String text, @ForAll Id kind) {
    assertNotFound(kind, text);
    assertNotFound(kind, kind.prefix() + text);
  }

  @Property
  void anIdOfOneKindIsNotOneOfAnother(@ForAll("uuids") UUID uuid, @ForAll Id kind, @ForAll Id other) {
    if (kind != other) {
      assertNotFound(other, kind.of(uuid));
    }
  }

  private static void assertNotFound(Id kind, String id) {
    assertThatThrownBy(() -> kind.parse(id)).isInstanceOfSatisfying(FailureException.class,
        e -> assertThat(e.failure()).isInstanceOf(Failure.NotFound.class));
  }
}
