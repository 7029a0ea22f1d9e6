package io.keyhook.http;

import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.JsonMetaSchema;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.NonValidationKeyword;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/** The OpenAPI document as tests read it. */
final class Document {
  static final JsonMapper JSON = JsonMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private static final Set<String> METHODS = Set.of("get", "put", "post", "delete", "options", "head", "patch",
      "trace");
  private static final JsonNode ROOT = read();
  /** Not in the document: a generated client has no text to hold against a pattern where it has a time. */
  private static final String TIME = "^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}Z$";
  private static final JsonNode COMPONENTS = components();
  private static final JsonMetaSchema DIALECT = JsonMetaSchema.builder(JsonMetaSchema.getV202012())
      .keyword(new NonValidationKeyword("components")).keyword(new NonValidationKeyword("example")).build();
  private static final JsonSchemaFactory SCHEMAS = JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012,
      factory -> factory.metaSchema(DIALECT).defaultMetaSchemaIri(DIALECT.getIri()));
  private static final Map<JsonNode, JsonSchema> COMPILED = new ConcurrentHashMap<>();
  private static final List<Operation> OPERATIONS = operations(ROOT.path("paths"));

  private Document() {}

  private static JsonNode read() {
    try (InputStream in = Document.class.getResourceAsStream("openapi.json")) {
      return JSON.readTree(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static JsonNode root() {
    return ROOT;
  }

  /** Follows a reference inside the document, where it is one; in an {@code allOf} it has a description beside it. */
  static JsonNode resolve(JsonNode node) {
    JsonNode reference = node.path("allOf").size() == 1 ? node.path("allOf").get(0).path("$ref") : node.path("$ref");
    if (reference.isMissingNode()) {
      return node;
    }
    JsonNode there = ROOT.at(reference.textValue().substring(1));
    if (there.isMissingNode()) {
      throw new AssertionError("Nothing is at " + reference.textValue());
    }
    return resolve(there);
  }

  static List<Operation> operations() {
    return OPERATIONS;
  }

  static List<Operation> webhooks() {
    return operations(ROOT.path("webhooks"));
  }

  /** What Keyhook sends because of a call. */
  static List<Operation> callbacks() {
    return OPERATIONS.stream().flatMap(operation -> Document.items(operation.node().path("callbacks")).stream())
        .flatMap(callback -> operations(callback).stream()).toList();
  }

  /** The operations whose path this is: of paths that it fits, the one with the fewest parameters, as a router has it. */
  static List<Operation> at(String path) {
    List<Operation> fitting = OPERATIONS.stream().filter(operation -> operation.matches(path)).toList();
    long fewest = fitting.stream().mapToLong(Document::parametersOfPath).min().orElse(0);
    return fitting.stream().filter(operation -> parametersOfPath(operation) == fewest).toList();
  }

  private static long parametersOfPath(Operation operation) {
    return operation.path().chars().filter(c -> c == '{').count();
  }

  static Optional<Operation> find(String method, String path) {
    return at(path).stream().filter(operation -> operation.method().equals(method)).findFirst();
  }

  /** What is wrong with a value, as a schema of the document has it; empty: nothing. */
  static Set<String> faults(JsonNode schema, JsonNode value) {
    return COMPILED.computeIfAbsent(schema, Document::compile).validate(value).stream()
        .map(ValidationMessage::toString).collect(Collectors.toSet());
  }

  /** The document's references point into components, so these go with each schema. */
  private static JsonSchema compile(JsonNode schema) {
    ObjectNode whole = JsonNodeFactory.instance.objectNode();
    whole.putArray("allOf").add(schema);
    whole.set("components", COMPONENTS);
    return SCHEMAS.getSchema(whole);
  }

  private static JsonNode components() {
    ObjectNode components = ROOT.path("components").deepCopy();
    components.withObject("/schemas/Time").put("pattern", TIME);
    return components;
  }

  private static List<Operation> operations(JsonNode paths) {
    List<Operation> operations = new ArrayList<>();
    paths.properties().forEach(path -> path.getValue().properties().stream()
        .filter(entry -> METHODS.contains(entry.getKey()))
        .forEach(entry -> operations.add(Operation.of(entry.getKey(), path.getKey(), entry.getValue()))));
    return List.copyOf(operations);
  }

  /** The examples of a media type. */
  static List<JsonNode> examples(JsonNode media) {
    List<JsonNode> examples = new ArrayList<>();
    if (media.has("example")) {
      examples.add(media.get("example"));
    }
    media.path("examples").properties().forEach(entry -> examples.add(resolve(entry.getValue()).path("value")));
    return examples;
  }

  static List<JsonNode> items(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false).toList();
  }
}
