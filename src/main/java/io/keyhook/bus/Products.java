package io.keyhook.bus;

import java.time.Instant;

/** Requests about products, to which licenses belong, and their responses. */
public interface Products {
  /** Of an account. */
  int MAX_PRODUCTS = 1000;

  record Create(Caller caller, String name) {
    public Create {
      Check.that().name("name", name).done();
    }
  }

  /** Changes the present fields and leaves the others. */
  record Update(Caller caller, String id, Field<String> name) {
    public Update {
      Check.that().name("name", name).done();
    }
  }

  record Product(String id, String name, Instant createdAt, Instant updatedAt) {}

  record Get(Caller caller, String id) {}

  record List(Caller caller, Page.Request page) {}

  /** Fails with {@link Failure.Conflict} if a license or a policy belongs to the product. */
  record Delete(Caller caller, String id) {}
}
