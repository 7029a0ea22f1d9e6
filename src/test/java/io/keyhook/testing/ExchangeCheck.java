package io.keyhook.testing;

/** Looks at every exchange of an {@link Api}; found by {@link java.util.ServiceLoader}. Throws where it finds fault. */
@FunctionalInterface
public interface ExchangeCheck {
  void check(Exchange exchange);
}
