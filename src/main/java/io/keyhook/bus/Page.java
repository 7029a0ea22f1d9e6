package io.keyhook.bus;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
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
  private static final String NO_CURSOR = "is not the nextCursor of a list; omit it for the first page";
  private static final int ID_BYTES = 16;
  private static final UUID TOP = new UUID(-1, -1);

  /**
   * The position and size of a requested page.
   *
   * @param limit 1 to {@value #MAX_LIMIT}
   * @param cursor nextCursor of the previous page; null: the first page
   */
  public record Request(int limit, String cursor) {
    public static final Request FIRST = new Request(DEFAULT_LIMIT, null);

    public Request {
      Check.that().range("limit", limit, 1, MAX_LIMIT).is("cursor", cursor == null || decode(cursor) != null, NO_CURSOR)
          .done();
    }

    /** Returns the exclusive upper bound of this page's ids. */
    public UUID before() {
      return cursor == null ? TOP : decode(cursor);
    }
  }

  /**
   * The start of a page of a sorted list.
   *
   * @param key the sort key; null if the list is sorted by id
   */
  public record Position(UUID id, String key) {}

  /**
   * The position and size of a requested page of a sorted list.
   *
   * @param limit 1 to {@value #MAX_LIMIT}
   * @param cursor nextCursor of the previous page; null: the first page
   */
  public record Sorted(int limit, String cursor) {
    public static final Sorted FIRST = new Sorted(DEFAULT_LIMIT, null);

    public Sorted {
      Check.that().range("limit", limit, 1, MAX_LIMIT)
          .is("cursor", cursor == null || position(cursor) != null, NO_CURSOR).done();
    }

    /** Returns the last item of the previous page; null: none. */
    public Position after() {
      return cursor == null ? null : position(cursor);
    }
  }

  /** Creates a page from rows that were read with a limit of one more than the page's. */
  public static <T> Page<T> sorted(List<T> rows, int limit, Function<T, Position> position) {
    return cut(rows, limit, last -> encode(position.apply(last)));
  }

  /** Creates a page from rows that were read with a limit of one more than the page's. */
  public static <T> Page<T> of(List<T> rows, int limit, Function<T, UUID> id) {
    return cut(rows, limit, last -> encode(new Position(id.apply(last), null)));
  }

  private static <T> Page<T> cut(List<T> rows, int limit, Function<T, String> cursor) {
    if (rows.size() <= limit) {
      return new Page<>(rows, null);
    }
    List<T> data = rows.subList(0, limit);
    return new Page<>(data, cursor.apply(data.get(limit - 1)));
  }

  /**
   * Creates a page from the matches of a search.
   *
   * @param reached the last row that was searched, after which the next page continues; null: there are no more rows
   */
  public static <T> Page<T> of(List<T> rows, int limit, Function<T, UUID> id, UUID reached) {
    Page<T> page = of(rows, limit, id);
    return page.nextCursor != null || reached == null ? page : new Page<>(rows, encode(new Position(reached, null)));
  }

  private static String encode(Position position) {
    byte[] key = position.key == null ? new byte[0] : position.key.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes = ByteBuffer.allocate(ID_BYTES + key.length).putLong(position.id.getMostSignificantBits())
        .putLong(position.id.getLeastSignificantBits()).put(key);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes.array());
  }

  private static UUID decode(String cursor) {
    Position position = position(cursor);
    return position == null || position.key != null ? null : position.id;
  }

  private static Position position(String cursor) {
    try {
      ByteBuffer bytes = ByteBuffer.wrap(Base64.getUrlDecoder().decode(cursor));
      if (bytes.remaining() < ID_BYTES) {
        return null;
      }
      UUID id = new UUID(bytes.getLong(), bytes.getLong());
      return new Position(id, bytes.hasRemaining() ? StandardCharsets.UTF_8.newDecoder().decode(bytes).toString() : null);
    } catch (IllegalArgumentException | CharacterCodingException e) {
      return null;
    }
  }
}
