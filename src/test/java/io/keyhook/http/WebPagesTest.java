package io.keyhook.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Installation;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The dashboard's and the guide's files: caching, compression, and what a browser is told that they may do. */
class WebPagesTest {
  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  private static final HttpClient CLIENT = HttpClient.newHttpClient();
  /** The promise: what the first visit loads. */
  private static final int FIRST_LOAD = 150_000;

  private static final String BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";

  private static HttpResponse<byte[]> send(String method, String path, String... headers)
      throws IOException, InterruptedException {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(keyhook.node().uri() + path))
        .method(method, BodyPublishers.noBody());
    if (headers.length > 0) {
      request.headers(headers);
    }
    return CLIENT.send(request.build(), BodyHandlers.ofByteArray());
  }

  private static String text(HttpResponse<byte[]> response) {
    return new String(response.body(), StandardCharsets.UTF_8);
  }

  private static String header(HttpResponse<?> response, String name) {
    return response.headers().firstValue(name).orElse(null);
  }

  /** What the dashboard's page loads, from its root. */
  private static Set<String> assets() throws IOException, InterruptedException {
    String page = text(send("GET", "/"));
    Set<String> paths = Pattern.compile("(?:href|src)=\"(assets/[^\"]+)\"").matcher(page).results()
        .map(found -> "/" + found.group(1)).collect(Collectors.toCollection(LinkedHashSet::new));
    assertThat(paths).isNotEmpty();
    return paths;
  }

  private static String stylesheet() throws IOException, InterruptedException {
    return assets().stream().filter(path -> path.endsWith("/style/tokens.css")).findFirst().orElseThrow();
  }

  @Test
  void thePageIsAskedForAgainAndItsPartsAreKeptForEver() throws Exception {
    HttpResponse<byte[]> page = send("GET", "/");
    assertThat(page.statusCode()).isEqualTo(200);
    assertThat(header(page, "Content-Type")).isEqualTo("text/html; charset=utf-8");
    assertThat(header(page, "Cache-Control")).isEqualTo("no-cache");
    for (String path : assets()) {
      HttpResponse<byte[]> asset = send("GET", path);
      assertThat(asset.statusCode()).as(path).isEqualTo(200);
      assertThat(header(asset, "Cache-Control")).as(path).isEqualTo("public, max-age=31536000, immutable");
    }
  }

  @Test
  void theFirstVisitIsLight() throws Exception {
    int bytes = send("GET", "/", "Accept-Encoding", "gzip").body().length;
    for (String path : assets()) {
      bytes += send("GET", path, "Accept-Encoding", "gzip").body().length;
    }
    assertThat(bytes).isLessThan(FIRST_LOAD);
  }

  @Test
  void aPageMayDoNothingButItsOwn() throws Exception {
    HttpResponse<byte[]> page = send("GET", "/");
    assertThat(page.headers().allValues("Content-Security-Policy")).singleElement().asString()
        .contains("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'",
            "require-trusted-types-for 'script'")
        .doesNotContain("unsafe", "http:", "https:", "*");
    assertThat(header(page, "X-Content-Type-Options")).isEqualTo("nosniff");
    assertThat(text(page)).doesNotContainPattern("<script(?![^>]*src=)")
        .doesNotContainPattern("\\son[a-z]+=|\\sstyle=|<style");
  }

  @Test
  void compressedAndPlainAreTheSame() throws Exception {
    HttpResponse<byte[]> plain = send("GET", stylesheet());
    HttpResponse<byte[]> compressed = send("GET", stylesheet(), "Accept-Encoding", "br, gzip");
    assertThat(header(plain, "Content-Encoding")).isNull();
    assertThat(header(compressed, "Content-Encoding")).isEqualTo("gzip");
    assertThat(header(compressed, "Vary")).isEqualToIgnoringCase("accept-encoding");
    assertThat(header(compressed, "ETag")).isNotEqualTo(header(plain, "ETag"));
    assertThat(new GZIPInputStream(new ByteArrayInputStream(compressed.body())).readAllBytes()).isEqualTo(plain.body());
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {"gzip;q=0", "identity", "br", "gzip;q=0.000, br", "''"})
  void whoTakesNoGzipGetsNone(String acceptEncoding) throws Exception {
    assertThat(header(send("GET", "/", "Accept-Encoding", acceptEncoding), "Content-Encoding")).isNull();
  }

  @Test
  void headTellsTheLengthAndSendsNothing() throws Exception {
    HttpResponse<byte[]> get = send("GET", "/");
    HttpResponse<byte[]> head = send("HEAD", "/");
    assertThat(head.statusCode()).isEqualTo(200);
    assertThat(head.body()).isEmpty();
    assertThat(header(head, "Content-Length")).isEqualTo(Integer.toString(get.body().length));
    assertThat(header(head, "ETag")).isEqualTo(header(get, "ETag"));
  }

  @Test
  void whatABrowserHasIsNotSentAgain() throws Exception {
    String etag = header(send("GET", "/"), "ETag");
    for (String known : List.of(etag, "W/" + etag, "\"other\", " + etag, "*")) {
      HttpResponse<byte[]> answer = send("GET", "/", "If-None-Match", known);
      assertThat(answer.statusCode()).as(known).isEqualTo(304);
      assertThat(answer.body()).isEmpty();
      assertThat(header(answer, "ETag")).isEqualTo(etag);
    }
    assertThat(send("GET", "/", "If-None-Match", "\"other\"").statusCode()).isEqualTo(200);
  }

  @Test
  void thePathOfTheGuideGetsItsSlash() throws Exception {
    HttpResponse<byte[]> answer = send("GET", "/docs");
    assertThat(answer.statusCode()).isEqualTo(301);
    assertThat(header(answer, "Location")).isEqualTo("docs/");
    assertThat(send("GET", "/docs/").statusCode()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/assets/0000000000000000/app/main.js", "/docs/%2e%2e/%2e%2e/version.properties",
      "/docs/index.html", "/favicon.ico"})
  void whatIsNotThereIsAProblem(String path) throws Exception {
    HttpResponse<byte[]> answer = send("GET", path);
    assertThat(answer.statusCode()).isEqualTo(404);
    assertThat(header(answer, "Content-Type")).isEqualTo("application/problem+json");
    assertThat(header(answer, "Cache-Control")).isEqualTo("no-store");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/nope", "/a/b/nope", "/docs/nope", "/licenses"})
  void anUnknownPageIsAPageToABrowserAndAProblemToOthers(String path) throws Exception {
    HttpResponse<byte[]> page = send("GET", path, "Accept", BROWSER);
    assertThat(page.statusCode()).isEqualTo(404);
    assertThat(header(page, "Content-Type")).isEqualTo("text/html; charset=utf-8");
    assertThat(header(page, "Vary")).isEqualToIgnoringCase("accept");
    assertThat(text(page)).contains("<h1>Page not found</h1>");
    HttpResponse<byte[]> head = send("HEAD", path, "Accept", BROWSER);
    assertThat(head.statusCode()).isEqualTo(404);
    assertThat(head.body()).isEmpty();
    assertThat(header(head, "Content-Length")).isEqualTo(Integer.toString(page.body().length));
    for (String accept : List.of("*/*", "application/json", "application/json, text/html", "text/html;q=0.5, application/json")) {
      assertThat(header(send("GET", path, "Accept", accept), "Content-Type")).as(accept).isEqualTo("application/problem+json");
    }
    assertThat(header(send("POST", path, "Accept", BROWSER), "Content-Type")).isEqualTo("application/problem+json");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/api", "/api/", "/api/nope", "/api/licenses/a/b/c"})
  void anUnknownPathOfTheApiIsAlwaysAProblem(String path) throws Exception {
    HttpResponse<byte[]> answer = send("GET", path, "Accept", BROWSER);
    assertThat(answer.statusCode()).isEqualTo(404);
    assertThat(header(answer, "Content-Type")).isEqualTo("application/problem+json");
  }

  @Test
  void pagesAreOnlyRead() throws Exception {
    HttpResponse<byte[]> answer = send("POST", "/");
    assertThat(answer.statusCode()).isEqualTo(405);
    assertThat(header(answer, "Allow")).isEqualTo("GET, HEAD");
  }
}
