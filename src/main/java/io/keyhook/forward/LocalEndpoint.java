package io.keyhook.forward;

import io.keyhook.attempt.ResponseText;
import io.keyhook.bus.Listening;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** The endpoint on this machine. For blocking threads. */
final class LocalEndpoint {
  /** As much as an attempt may take. */
  private static final Duration TIMEOUT = Duration.ofSeconds(10);
  /** What the client sets itself. */
  private static final Set<String> ITS_OWN = Set.of("host", "connection", "content-length", "expect", "upgrade");
  /** Lone surrogates and NUL, which a server does not accept. */
  private static final Pattern NO_TEXT = Pattern.compile("[\\x00\\p{Cs}]");

  private final Http http;
  private final URI url;

  LocalEndpoint(Http http, URI url) {
    this.http = http;
    this.url = url;
  }

  /** Sends a request as it is, and returns the fields of {@link Listening.Response}. */
  JsonObject send(Map<String, Object> headers, String body) throws InterruptedException {
    HttpRequest.Builder request = HttpRequest.newBuilder(url).POST(HttpRequest.BodyPublishers.ofString(body));
    headers.forEach((name, value) -> {
      if (!ITS_OWN.contains(name.toLowerCase(Locale.ROOT))) {
        request.header(name, (String) value);
      }
    });
    try {
      return response(http.send(request.build(), TIMEOUT, Listening.BODY));
    } catch (HttpTimeoutException e) {
      return failed(Listening.Problem.TIMEOUT);
    } catch (ConnectException e) {
      return failed(Listening.Problem.CONNECTION_REFUSED);
    } catch (IOException e) {
      return failed(Listening.Problem.NETWORK_ERROR);
    }
  }

  private static JsonObject failed(Listening.Problem problem) {
    return new JsonObject().put("error", problem.name().toLowerCase(Locale.ROOT));
  }

  private static JsonObject response(HttpResponse<byte[]> response) {
    JsonObject headers = new JsonObject();
    for (Map.Entry<String, List<String>> header : response.headers().map().entrySet()) {
      if (headers.size() < Listening.HEADERS && header.getKey().length() <= Listening.HEADER_NAME) {
        headers.put(header.getKey(), text(String.join(", ", header.getValue()), Listening.HEADER_VALUE));
      }
    }
    if (response.statusCode() < 200 || response.statusCode() > 599) {
      return failed(Listening.Problem.NETWORK_ERROR); // no status of HTTP
    }
    ResponseText body = new ResponseText(
        response.headers().allValues("content-encoding"), response.headers().firstValue("content-type").orElse(null));
    body.append(Buffer.buffer(response.body()));
    return new JsonObject().put("statusCode", response.statusCode()).put("headers", headers)
        .put("body", text(body.read(response.body().length), Listening.BODY));
  }

  private static String text(String text, int most) {
    return NO_TEXT.matcher(text.substring(0, Math.min(text.length(), most))).replaceAll("\uFFFD");
  }
}
