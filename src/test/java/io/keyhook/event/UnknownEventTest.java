package io.keyhook.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** During the next upgrade, nodes of this version read what nodes of that one write. */
class UnknownEventTest {
  @ParameterizedTest
  @ValueSource(shorts = {15, 16, Short.MAX_VALUE, 0, -1})
  void aTypeOfALaterVersionIsNamedUnknown(short code) {
    assertThat(EventType.wireNameOf(code)).isEqualTo("unknown");
    assertThatThrownBy(() -> EventType.of(code)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("later version");
  }

  @Test
  void aSubscriptionLeavesOutTypesOfALaterVersion() {
    Short[] codes = {EventType.LICENSE_EXPIRED.code(), 15, 400};
    assertThat(Subscription.of(codes, false).types()).containsExactly(EventType.LICENSE_EXPIRED);
  }

  @Test
  void everyTypeIsFoundByItsCode() {
    assertThat(EventType.values()).allMatch(type -> EventType.of(type.code()) == type && EventType.wireNameOf(type.code()).equals(type.wireName()));
  }
}
