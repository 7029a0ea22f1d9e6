package io.keyhook.http;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * A call as the document has it.
 *
 * @param method in upper case
 * @param path with {@code {id}} for parameters
 */
record Operation(String method, String path, JsonNode node, Pattern pattern) {
  static Operation of(String method, String path, JsonNode node) {
    return new Operation(method.toUpperCase(Locale.ROOT), path, node,
        Pattern.compile(path.replace(".", "\\.").replaceAll("\\{[^}]+}", "[^/]+")));
  }

  boolean matches(String actualPath) {
    return pattern.matcher(actualPath).matches();
  }

  String id() {
    return node.path("operationId").asText();
  }

  /** Whether a body is read: what is not JSON, or too large, is refused. */
  boolean readsBody() {
    return node.path("responses").has("415") && !readsCsv();
  }

  boolean readsCsv() {
    return node.path("requestBody").path("content").has("text/csv");
  }

  /** Whether the answer does not end by itself. */
  boolean isStream() {
    return response(200).path("content").has("text/event-stream");
  }

  JsonNode requestSchema() {
    return node.path("requestBody").path("content").path("application/json").path("schema");
  }

  /** The first example of a request; a missing node where there is no body to send. */
  JsonNode requestExample() {
    List<JsonNode> examples = Document.examples(node.path("requestBody").path("content").path("application/json"));
    return examples.isEmpty() ? Document.JSON.missingNode() : examples.get(0);
  }

  List<JsonNode> parameters() {
    return Document.items(node.path("parameters")).stream().map(Document::resolve).toList();
  }

  /** Missing where the document knows no such status. */
  JsonNode response(int status) {
    JsonNode response = node.path("responses").path(Integer.toString(status));
    return response.isMissingNode() ? response : Document.resolve(response);
  }

  boolean isPublic() {
    return node.has("security") && node.get("security").isEmpty();
  }

  /** Whether it is answered to pages of the server alone, which say so in a header. */
  boolean isForPages() {
    return parameters().stream().anyMatch(parameter -> parameter.path("name").asText().equals("X-Keyhook-Session"));
  }

  boolean isOperators() {
    return node.path("security").path(0).has("operatorKey");
  }

  /** The path with its parameters filled in. */
  String path(Map<String, String> ids) {
    String filled = path;
    for (Map.Entry<String, String> id : ids.entrySet()) {
      filled = filled.replace('{' + id.getKey() + '}', id.getValue());
    }
    return filled;
  }

  @Override
  public String toString() {
    return method + ' ' + path;
  }
}
