package io.keyhook.bus;

import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;

/**
 * One page of a list, newest first.
 *
 * @param nextCursor null on the last page
 */
public record Page<T>(List<T> data, String nextCursor) {
  public static final int MAX_LIMIT = 100;
  public static final int DEFAULT_LIMIT = 50;
  private static final UUID TOP = new UUID(-1, -1);

  /**
   * Which page is asked for.
   *
   * @param limit 1 to {@value #MAX_LIMIT}
   * @param cursor as the page before gave it; null: the first page
   */
  public record Request(int limit, String cursor) {
    public static final Request FIRST = new Request(DEFAULT_LIMIT, null);

    public Request {
      Check.that().range("limit", limit, 1, MAX_LIMIT).is("cursor", cursor == null || decode(cursor) != null,
          "is not one that a list has given; leave it out for the first page").done();
    }

    /** Ids of this page are less than this. */
    public UUID before() {
      return cursor == null ? TOP : decode(cursor);
    }
  }

  /** Makes a page of rows read with a limit of one more than asked for. */
  public static <T> Page<T> of(List<T> rows, int limit, Function<T, UUID> id) {
    if (rows.size() <= limit) {
      return new Page<>(rows, null);
    }
    List<T> data = rows.subList(0, limit);
    return new Page<>(data, encode(id.apply(data.get(limit - 1))));
  }

  /**
   * The same of rows that were looked for among others.
   *
   * @param reached how far was looked, and where the next page goes on; null: there is no more to look at
   */
  public static <T> Page<T> of(List<T> rows, int limit, Function<T, UUID> id, UUID reached) {
    Page<T> page = of(rows, limit, id);
    return page.nextCursor != null || reached == null ? page : new Page<>(rows, encode(reached));
  }

  private static String encode(UUID id) {
    ByteBuffer bytes = ByteBuffer.allocate(16).putLong(id.getMostSignificantBits()).putLong(id.getLeastSignificantBits());
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes.array());
  }

  private static UUID decode(String cursor) {
    try {
      byte[] bytes = Base64.getUrlDecoder().decode(cursor);
      return bytes.length == 16 ? new UUID(ByteBuffer.wrap(bytes).getLong(0), ByteBuffer.wrap(bytes).getLong(8)) : null;
    } catch (IllegalArgumentException e) {
      return null;
    }
  }
}
