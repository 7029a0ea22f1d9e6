package io.keyhook.guide;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.keyhook.testing.Installation;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The dashboard shows the code that the guide shows, beside a new secret; {@link VerificationCodeTest} runs it. */
class DashboardCodeTest {
  private static final Pattern MODULE = Pattern.compile("href=\"(assets/[^\"]+/app/snippets[.]js)\"");

  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  @Test
  void theDashboardShowsTheGuidesCodeInAllOfItsLanguages() throws Exception {
    Matcher module = MODULE.matcher(get(keyhook.node().uri()));
    assertThat(module.find()).isTrue();
    String code = get(keyhook.node().uri().resolve("/" + module.group(1)));
    List<List<String>> snippets = new ObjectMapper().readValue(
        code.replaceFirst("^export const SNIPPETS = ", "").replaceFirst(";\\s*$", ""), new TypeReference<>() {});
    assertThat(snippets).isEqualTo(Guide.page("security").blocks().stream()
        .filter(block -> block.file().toLowerCase(Locale.ROOT).startsWith("keyhook."))
        .map(block -> List.of(block.language(), block.label(), block.text().replaceFirst("\n$", ""))).toList());
    assertThat(snippets).hasSize(7);
  }

  private static String get(URI uri) throws Exception {
    return HttpClient.newHttpClient().send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString()).body();
  }
}
