package io.keyhook.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.keyhook.bus.Version;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The document on its own: is it whole, and does it agree with itself? */
class DocumentTest {
  static Stream<Operation> everything() {
    return Stream.concat(Document.operations().stream(), Document.webhooks().stream());
  }

  static Stream<Operation> operations() {
    return Document.operations().stream();
  }

  @Test
  void itIsOfTheVersionThatRuns() {
    assertThat(Document.root().path("info").path("version").asText()).isEqualTo(Version.VERSION);
  }

  @Test
  void everyReferenceLeadsSomewhere() {
    assertThat(Document.root().findValues("$ref")).isNotEmpty().allSatisfy(reference ->
        assertThat(Document.root().at(reference.asText().substring(1)).isMissingNode()).as(reference.asText()).isFalse());
  }

  @Test
  void everySchemaIsUsed() {
    Set<String> used = new TreeSet<>();
    Document.root().findValues("$ref").forEach(reference -> used.add(reference.asText()));
    for (String kind : List.of("schemas", "parameters", "headers")) {
      Document.root().path("components").path(kind).fieldNames().forEachRemaining(name ->
          assertThat(used).contains("#/components/" + kind + "/" + name));
    }
  }

  @Test
  void operationIdsAreUnique() {
    assertThat(everything().map(Operation::id)).doesNotHaveDuplicates().allMatch(id -> id.matches("[a-z][A-Za-z]+"));
  }

  @ParameterizedTest
  @MethodSource("everything")
  void anOperationSaysWhatItDoes(Operation operation) {
    assertThat(operation.node().path("summary").asText()).isNotBlank();
    assertThat(operation.node().path("description").asText()).isNotBlank();
    assertThat(operation.node().path("tags")).hasSize(1);
    assertThat(operation.node().path("responses")).isNotEmpty();
    operation.parameters().forEach(parameter -> assertThat(parameter.path("description").asText()).isNotBlank());
    operation.node().path("responses").forEach(response ->
        assertThat(Document.resolve(response).path("description").asText()).isNotBlank());
  }

  @ParameterizedTest
  @MethodSource("operations")
  void anOperationOfTheApiTellsHowItFails(Operation operation) {
    if (!operation.path().startsWith("/api/") || operation.method().equals("OPTIONS")) {
      return;
    }
    Set<String> statuses = new TreeSet<>();
    operation.node().path("responses").fieldNames().forEachRemaining(statuses::add);
    assertThat(statuses).contains("500", "503");
    if (!operation.isPublic()) {
      assertThat(statuses).contains("401");
    }
    if (operation.path().contains("{")) {
      assertThat(statuses).contains("404");
    }
    if (Set.of("POST", "PATCH").contains(operation.method())) {
      assertThat(statuses).contains("400", "413", "415");
    }
    if (operation.parameters().stream().anyMatch(parameter -> parameter.path("in").asText().equals("query"))) {
      assertThat(statuses).contains("400");
    }
  }

  @ParameterizedTest
  @MethodSource("operations")
  void pathParametersAreThoseOfThePath(Operation operation) {
    assertThat(operation.parameters().stream().filter(parameter -> parameter.path("in").asText().equals("path"))
        .map(parameter -> '{' + parameter.path("name").asText() + '}'))
        .containsExactlyElementsOf(Stream.of(operation.path().split("/")).filter(part -> part.startsWith("{")).toList());
  }

  @ParameterizedTest
  @MethodSource("everything")
  void everyExampleFitsItsSchema(Operation operation) {
    checkExamples(operation + " request", operation.node().path("requestBody").path("content"));
    for (Map.Entry<String, JsonNode> response : operation.node().path("responses").properties()) {
      checkExamples(operation + " " + response.getKey(), Document.resolve(response.getValue()).path("content"));
    }
  }

  @Test
  void examplesOfSharedPartsFitTheirSchemas() {
    JsonNode components = Document.root().path("components");
    components.path("responses").properties().forEach(entry ->
        checkExamples(entry.getKey(), entry.getValue().path("content")));
    components.path("schemas").properties().forEach(entry -> entry.getValue().path("examples").forEach(example ->
        assertThat(Document.faults(entry.getValue(), example)).as(entry.getKey()).isEmpty()));
  }

  @ParameterizedTest
  @MethodSource("everything")
  void whatIsNotInASchemaIsRefusedByIt(Operation operation) {
    JsonNode schema = operation.requestSchema();
    if (!schema.isMissingNode()) {
      assertThat(Document.resolve(schema).path("additionalProperties").asText()).isEqualTo("false");
    }
  }

  private static void checkExamples(String what, JsonNode content) {
    content.properties().forEach(media -> {
      List<JsonNode> examples = Document.examples(media.getValue());
      assertThat(examples).as("examples of %s", what).isNotEmpty();
      examples.forEach(example ->
          assertThat(Document.faults(media.getValue().path("schema"), example)).as("%s: %s", what, example).isEmpty());
    });
  }
}
