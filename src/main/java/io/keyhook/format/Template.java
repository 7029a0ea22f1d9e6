package io.keyhook.format;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.samskivert.mustache.Mustache;
import com.samskivert.mustache.MustacheException;
import io.vertx.core.json.JsonObject;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** A compiled template. It reads maps, calls no method of a value, and repeats nothing. Any thread. */
final class Template {
  private static final int MAX_KEPT = 2_000;
  private static final Cache<Source, Template> KEPT = Caffeine.newBuilder().maximumSize(MAX_KEPT).build();

  /** What a section shows whose value is null. */
  private static final List<?> ABSENT = Collections.emptyList();

  private static final Mustache.Collector MAPS_ONLY = new Mustache.Collector() {
    @Override
    public Iterator<?> toIterator(Object value) {
      return value == ABSENT ? ABSENT.iterator() : null;
    }

    @Override
    public Mustache.VariableFetcher createFetcher(Object context, String name) {
      return context instanceof Map ? (map, key) -> ((Map<?, ?>) map).containsKey(key) ? ((Map<?, ?>) map).get(key)
          : com.samskivert.mustache.Template.NO_FETCHER_FOUND : null;
    }

    @Override
    public <K, V> Map<K, V> createFetcherCache() {
      return new ConcurrentHashMap<>();
    }
  };

  private record Source(Markup markup, int edition, String text) {}

  private final com.samskivert.mustache.Template compiled;

  private Template(Source source) {
    compiled = Mustache.compiler().withCollector(MAPS_ONLY).withEscaper(value -> source.markup.escape(value, source.edition)).defaultValue("").emptyStringIsFalse(true)
        .withFormatter(value -> value instanceof Map<?, ?> map ? encoded(map) : String.valueOf(value))
        .withLoader(name -> {
          throw new MustacheException("Templates include nothing");
        }).compile(source.markup == Markup.JSON && source.text.startsWith(Markup.BYTE_ORDER_MARK) ? source.text.substring(1) : source.text);
  }

  @SuppressWarnings("unchecked")
  private static String encoded(Map<?, ?> map) {
    return Values.shortened(new JsonObject((Map<String, Object>) map).encode());
  }

  /**
   * Compiles a template, or finds it compiled.
   *
   * @param edition as {@link Messages#EDITION} counts
   * @throws MustacheException it is not one that {@link TemplateRules} accepts
   */
  static Template of(Markup markup, int edition, String text) {
    return KEPT.get(new Source(markup, edition, text), Template::new);
  }

  String render(Map<String, Object> values) {
    return compiled.execute(values);
  }
}
