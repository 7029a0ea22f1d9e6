package io.keyhook.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.keyhook.audit.Action;
import io.keyhook.bus.Version;
import io.keyhook.event.EventType;
import io.keyhook.event.Subscription;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The document on its own: is it whole, and does it agree with itself? */
class DocumentTest {
  /** How the summary of a call starts that does what cannot be taken back, or much at once. */
  private static final Pattern DESTRUCTIVE = Pattern.compile("(?:Change|Deactivate|Delete|Disable|End|Erase|Log out|Pause|Recover"
      + "|Redeliver many|Rotate|Set|Stop|Suspend|Turn off)\\b");

  static Stream<Operation> everything() {
    return Stream.of(Document.operations(), Document.webhooks(), Document.callbacks()).flatMap(List::stream);
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
  void everyComponentIsUsed() {
    Set<String> used = new TreeSet<>();
    Document.root().findValues("$ref").forEach(reference -> used.add(reference.asText()));
    for (String kind : List.of("schemas", "parameters", "headers", "responses", "examples")) {
      Document.root().path("components").path(kind).fieldNames().forEachRemaining(name ->
          assertThat(used).contains("#/components/" + kind + "/" + name));
    }
  }

  /** openapi-generator reads no keyword beside a reference but a few, and loses the rest. */
  @Test
  void nothingStandsBesideAReference() {
    assertThat(Document.root().findParents("$ref")).allSatisfy(node -> assertThat(node).hasSize(1));
  }

  /** Python and Go know no type for null alone, and take a constant without a type for anything. */
  @Test
  void everySchemaHasATypeThatAClientKnows() {
    assertThat(Document.root().findParents("const")).isEmpty();
    assertThat(Document.root().findParents("enum")).isNotEmpty().allSatisfy(node ->
        assertThat(node.path("type").isMissingNode()).as("%s has a type", node).isFalse());
    Document.root().path("components").path("schemas").forEach(schema -> schema.path("properties").properties()
        .forEach(property -> assertThat(property.getValue().path("type").asText()).as(property.getKey()).isNotEqualTo("null")));
  }

  /** openapi-typescript requires a member that has a default, also in a request. */
  @Test
  void noMemberHasADefault() {
    Document.root().path("components").path("schemas").forEach(schema ->
        assertThat(schema.findParents("default")).isEmpty());
  }

  /** Go's client has one constant for each value of the enums that have a name. */
  @Test
  void noTwoNamedEnumsShareAValue() {
    assertThat(Document.items(Document.root().path("components").path("schemas")).stream()
        .flatMap(schema -> Document.items(schema.path("enum")).stream()).map(JsonNode::asText)).doesNotHaveDuplicates();
  }

  /** Rust's client sends a bearer token once for each bearer scheme, and Go's has one type for both. */
  @Test
  void aCallHasOneCredentialAndItsNameIsNoSchema() {
    everything().forEach(operation -> assertThat(operation.node().path("security").size()).isLessThanOrEqualTo(1));
    assertThat(Document.root().path("security")).hasSize(1);
    Set<String> schemas = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
    Document.root().path("components").path("schemas").fieldNames().forEachRemaining(schemas::add);
    Document.root().path("components").path("securitySchemes").fieldNames().forEachRemaining(name ->
        assertThat(schemas).doesNotContain(name));
  }

  /**
   * openapi-generator makes calls of webhooks as well: they must not overwrite those of a tag, and in Python and
   * TypeScript they do not compile. oapi-codegen drops the headers that only webhooks refer to.
   */
  @Test
  void noCallIsGeneratedOfAnEvent() {
    Set<String> tags = new TreeSet<>();
    operations().forEach(operation -> tags.add(operation.node().path("tags").path(0).asText()));
    assertThat(Document.webhooks()).isNotEmpty().allSatisfy(webhook -> {
      assertThat(tags).doesNotContain(webhook.node().path("tags").path(0).asText());
      assertThat(webhook.node().path("x-internal").asBoolean()).isTrue();
      assertThat(webhook.node().path("parameters")).isEqualTo(Document.callbacks().get(0).node().path("parameters"));
    });
  }

  @Test
  void whatIsEnumeratedIsWhatTheCodeKnows() {
    List<String> subscribable = EventType.subscribable().stream().map(EventType::wireName).toList();
    List<String> events = Stream.of(EventType.values()).map(EventType::wireName).toList();
    List<String> actions = Stream.of(Action.values()).map(Action::wireName).toList();
    List<String> subscriptions = Stream.concat(subscribable.stream(), Stream.of(Subscription.ALL_LICENSE_EVENTS)).toList();
    Set<List<String>> known = Set.of(subscribable, subscriptions, events, actions);
    List<List<String>> enumerated = Document.root().findValues("enum").stream()
        .map(values -> Document.items(values).stream().filter(value -> !value.isNull()).map(JsonNode::asText).toList())
        .filter(values -> values.size() > 1 && values.get(0).startsWith("license."))
        .toList();
    assertThat(enumerated).isNotEmpty().isSubsetOf(known);
    assertThat(Set.copyOf(enumerated)).isEqualTo(known);
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

  /** The guide and other tools ask before such a call. */
  @ParameterizedTest
  @MethodSource("operations")
  void whatDeletesEndsOrOverwritesIsMarkedAsDestructive(Operation operation) {
    boolean isDestructive = Set.of("DELETE", "PATCH").contains(operation.method())
        || operation.method().equals("POST") && DESTRUCTIVE.matcher(operation.node().path("summary").asText()).lookingAt();
    assertThat(operation.node().path("x-destructive").asBoolean()).isEqualTo(isDestructive);
    assertThat(operation.node().has("x-destructive")).isEqualTo(isDestructive);
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
      JsonNode whole = Document.resolve(schema);
      List<JsonNode> alternatives = whole.has("oneOf") ? Document.items(whole.get("oneOf")) : List.of(whole);
      assertThat(alternatives).allSatisfy(alternative ->
          assertThat(Document.resolve(alternative).path("additionalProperties").asText()).isEqualTo("false"));
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
