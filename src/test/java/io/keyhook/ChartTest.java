package io.keyhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import io.keyhook.config.Configuration;
import io.keyhook.config.KeyhookOptions;
import io.keyhook.config.SecretKeys;
import io.keyhook.testing.Node;
import io.keyhook.testing.Program;
import io.keyhook.testing.Tool;
import io.kubernetes.client.openapi.models.V1ConfigMap;
import io.kubernetes.client.openapi.models.V1Deployment;
import io.kubernetes.client.openapi.models.V1Ingress;
import io.kubernetes.client.openapi.models.V1Job;
import io.kubernetes.client.openapi.models.V1PodDisruptionBudget;
import io.kubernetes.client.openapi.models.V1Service;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Helm chart, as helm renders it. */
class ChartTest {
  private static final Path CHART = Path.of("conf/chart").toAbsolutePath();
  private static final YAMLMapper YAML = new YAMLMapper();
  /** What checks an object that has a field too many, or lacks one. */
  private static final Map<String, Check> CHECKS = Map.of("ConfigMap", V1ConfigMap::validateJsonElement,
      "Deployment", V1Deployment::validateJsonElement, "Ingress", V1Ingress::validateJsonElement, "Job", V1Job::validateJsonElement,
      "PodDisruptionBudget", V1PodDisruptionBudget::validateJsonElement, "Service", V1Service::validateJsonElement);

  private interface Check {
    void of(JsonElement object) throws IOException;
  }

  @TempDir
  Path directory;

  private String helm(String command, String... settings) throws Exception {
    List<String> all = new ArrayList<>(List.of(Tool.require("helm")));
    all.addAll(List.of(command.split(" ")));
    all.add(CHART.toString());
    for (String setting : settings) {
      all.add("--set");
      all.add(setting);
    }
    return String.join("\n", Program.run(directory, Map.of("HELM_CACHE_HOME", directory.toString(),
        "HELM_CONFIG_HOME", directory.toString()), "", all));
  }

  private List<JsonNode> render(String... settings) throws Exception {
    String[] all = Stream.concat(Stream.of("existingSecret=keyhook"), Stream.of(settings)).toArray(String[]::new);
    String text = helm("template shop --kube-version 1.31.0", all).lines().filter(line -> !line.contains("found symbolic link"))
        .reduce("", (a, b) -> a + b + "\n");
    try (MappingIterator<JsonNode> documents = YAML.readerFor(JsonNode.class).readValues(new YAMLFactory().createParser(text))) {
      return documents.readAll().stream().filter(JsonNode::isObject).toList();
    }
  }

  private static JsonNode one(List<JsonNode> objects, String kind) {
    return objects.stream().filter(object -> object.path("kind").asText().equals(kind)).findFirst().orElseThrow();
  }

  private static Stream<String> kinds(List<JsonNode> objects) {
    return objects.stream().map(object -> object.path("kind").asText());
  }

  private static final String[] EVERYTHING = {"migration.job=true", "secretKeys.migrationUri=migration-uri",
      "secretKeys.operatorKey=operator-key", "ingress.enabled=true", "ingress.host=licenses.example.com", "ingress.className=nginx",
      "ingress.tlsSecret=tls", "serviceMonitor.enabled=true", "prometheusRule.enabled=true", "podLabels.team=licensing",
      "imagePullSecrets[0].name=registry", "nodeSelector.disk=ssd", "priorityClassName=high", "image.tag=1.2.3",
      "config.delivery.maxInFlight=1000", "env[0].name=OTEL_SERVICE_NAME", "env[0].value=licenses", "podAnnotations.a=b",
      "tolerations[0].operator=Exists", "affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight=1",
      "affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].preference.matchExpressions[0].key=a",
      "affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].preference.matchExpressions[0].operator=Exists",
      "extraVolumes[0].name=archive", "extraVolumes[0].persistentVolumeClaim.claimName=archive",
      "extraVolumeMounts[0].name=archive", "extraVolumeMounts[0].mountPath=/archive"};
  private static final String OWNER = "KEYHOOK_DATABASE_MIGRATION_URI_FILE";

  @Test
  void helmFindsNothingToComplainOf() throws Exception {
    assertThat(helm("lint --strict", "existingSecret=keyhook")).contains("1 chart(s) linted, 0 chart(s) failed");
  }

  @Test
  void everyObjectIsOneOfKubernetes() throws Exception {
    assertThat(kinds(render())).containsExactlyInAnyOrder("ConfigMap", "Deployment", "PodDisruptionBudget", "Service", "Service");
    List<JsonNode> all = render(EVERYTHING);
    assertThat(kinds(all)).containsExactlyInAnyOrder("ConfigMap", "ConfigMap", "Deployment", "Ingress", "Job", "PodDisruptionBudget",
        "PrometheusRule", "Service", "Service", "ServiceMonitor");
    for (JsonNode object : all) {
      Check check = CHECKS.get(object.path("kind").asText());
      if (check != null) {
        check.of(JsonParser.parseString(object.toString()));
      }
    }
    assertThatThrownBy(() -> V1Service.validateJsonElement(JsonParser.parseString("{\"spec\": {\"prots\": []}}")))
        .as("a field that Kubernetes does not know").hasMessageContaining("prots");
  }

  @Test
  void aPodMayDoNothingThatKeyhookDoesNotNeed() throws Exception {
    for (String kind : List.of("Deployment", "Job")) {
      JsonNode pod = one(render(EVERYTHING), kind).at("/spec/template/spec");
      assertThat(pod.at("/securityContext/runAsNonRoot").asBoolean()).isTrue();
      assertThat(pod.at("/securityContext/seccompProfile/type").asText()).isEqualTo("RuntimeDefault");
      assertThat(pod.at("/automountServiceAccountToken").asBoolean(true)).isFalse();
      assertThat(pod.at("/enableServiceLinks").asBoolean(true)).isFalse();
      JsonNode container = pod.at("/containers/0/securityContext");
      assertThat(container.at("/readOnlyRootFilesystem").asBoolean()).isTrue();
      assertThat(container.at("/allowPrivilegeEscalation").asBoolean(true)).isFalse();
      assertThat(container.at("/capabilities/drop/0").asText()).isEqualTo("ALL");
      assertThat(pod.at("/volumes").findValuesAsText("claimName")).as("only the volume that the values add").containsExactly("archive");
    }
  }

  @Test
  void aPodHasTimeToDrain() throws Exception {
    List<JsonNode> objects = render("drainDelaySeconds=20");
    assertThat(one(objects, "Deployment").at("/spec/template/spec/terminationGracePeriodSeconds").asInt()).isEqualTo(50);
    assertThat(one(objects, "ConfigMap").at("/data/keyhook.json").asText()).contains("\"drainDelay\": \"PT20S\"");
  }

  /** As Keyhook reads it in a pod: the file of the ConfigMap, and the files of the Secret. */
  @Test
  void keyhookTakesTheConfigurationAndTheFilesThatThePodHas() throws Exception {
    List<JsonNode> objects = render(EVERYTHING);
    Map<String, String> secrets = Map.of("database-uri", "postgresql://keyhook:p@db/keyhook", "master-key", Node.MASTER_KEY,
        "jwt-secret", Node.JWT_SECRET, "operator-key", Node.OPERATOR_KEY, "migration-uri", "postgresql://owner:p@db/keyhook");
    for (Map.Entry<String, String> secret : secrets.entrySet()) {
      Files.writeString(directory.resolve(secret.getKey()), secret.getValue());
    }
    Files.writeString(directory.resolve("keyhook.json"), one(objects, "ConfigMap").at("/data/keyhook.json").asText());
    for (String kind : List.of("Deployment", "Job")) {
      Map<String, String> environment = new HashMap<>();
      one(objects, kind).at("/spec/template/spec/containers/0/env").forEach(variable -> environment.put(
          variable.path("name").asText(), variable.path("value").asText().replaceFirst("/etc/keyhook/(config|secrets)/", directory + "/")));
      KeyhookOptions options = Configuration.load(environment, Optional.empty());
      assertThat(options.http().host()).isEqualTo("0.0.0.0");
      assertThat(options.management().port()).contains(9090);
      assertThat(options.delivery().maxInFlight()).isEqualTo(1000);
      assertThat(options.operator().key()).contains(Node.OPERATOR_KEY);
      assertThat(options.database().migrationUri().isPresent()).isEqualTo(kind.equals("Job"));
    }
  }

  /** Each setting that is secret, with the value that names its key in the Secret. */
  private static Map<String, String> secretValues() throws IOException {
    Map<String, String> names = new HashMap<>();
    YAML.readTree(CHART.resolve("values.yaml").toFile()).path("secretKeys").fieldNames().forEachRemaining(name ->
        names.put(name.toLowerCase(Locale.ROOT), name));
    Map<String, String> values = new HashMap<>();
    for (String path : SecretKeys.paths()) {
      String[] parts = path.split("\\.");
      String last = parts[parts.length - 1];
      String value = Stream.of(last, parts[parts.length - 2] + last).map(name -> names.get(name.toLowerCase(Locale.ROOT)))
          .filter(Objects::nonNull).findFirst().orElseThrow(() -> new AssertionError("no secretKeys for " + path));
      values.put(path, value);
    }
    return values;
  }

  @Test
  void everySecretComesFromTheSecretAndNoneFromTheConfiguration() throws Exception {
    List<String> settings = new ArrayList<>(List.of("migration.job=true"));
    for (Map.Entry<String, String> secret : secretValues().entrySet()) {
      settings.add("secretKeys." + secret.getValue() + "=key-of-" + secret.getValue());
      assertThatThrownBy(() -> render("config." + secret.getKey() + "=x")).as(secret.getKey())
          .hasMessageContaining("at '/config/" + secret.getKey().substring(0, secret.getKey().indexOf('.')));
    }
    List<JsonNode> objects = render(settings.toArray(String[]::new));
    Map<String, String> expected = new HashMap<>();
    secretValues().forEach((path, value) -> expected.put(SecretKeys.fileVariable(path), "key-of-" + value));
    assertThat(secrets(one(objects, "Job"))).isEqualTo(expected);
    assertThat(expected.remove(OWNER)).isEqualTo("key-of-migrationUri");
    assertThat(secrets(one(objects, "Deployment"))).isEqualTo(expected);
  }

  /** The key that each variable names, after a check that these keys and no others are mounted. */
  private static Map<String, String> secrets(JsonNode object) {
    JsonNode pod = object.at("/spec/template/spec");
    Map<String, String> keys = new HashMap<>();
    pod.at("/containers/0/env").forEach(variable -> {
      if (variable.path("name").asText().endsWith("_FILE")) {
        assertThat(variable.path("value").asText()).startsWith("/etc/keyhook/secrets/");
        keys.put(variable.path("name").asText(), variable.path("value").asText().substring("/etc/keyhook/secrets/".length()));
      }
    });
    List<String> mounted = new ArrayList<>();
    volume(object, "secrets").at("/secret/items").forEach(item -> {
      assertThat(item.path("path")).isEqualTo(item.path("key"));
      mounted.add(item.path("key").asText());
    });
    assertThat(mounted).containsExactlyInAnyOrderElementsOf(keys.values());
    return keys;
  }

  private static JsonNode volume(JsonNode object, String name) {
    for (JsonNode volume : object.at("/spec/template/spec/volumes")) {
      if (volume.path("name").asText().equals(name)) {
        return volume;
      }
    }
    throw new AssertionError("no volume " + name);
  }

  @Test
  void aKeyThatTwoSettingsNameIsMountedOnce() throws Exception {
    List<JsonNode> objects = render("migration.job=true", "secretKeys.migrationUri=database-uri");
    assertThat(volume(one(objects, "Job"), "secrets").at("/secret/items").findValuesAsText("key"))
        .containsExactly("database-uri", "jwt-secret", "master-key");
  }

  @Test
  void aVolumeThatTheValuesAddIsMountedInAllPods() throws Exception {
    List<JsonNode> objects = render(EVERYTHING);
    for (String kind : List.of("Deployment", "Job")) {
      assertThat(volume(one(objects, kind), "archive").at("/persistentVolumeClaim/claimName").asText()).isEqualTo("archive");
      assertThat(one(objects, kind).at("/spec/template/spec/containers/0/volumeMounts").findValuesAsText("mountPath"))
          .contains("/archive");
    }
    assertThatThrownBy(() -> render("extraVolumes[0].name=secrets")).hasMessageContaining("extraVolumes");
  }

  /** Otherwise probes would not reach a node. */
  @Test
  void theValuesCannotMoveTheServersThatTheChartReaches() throws Exception {
    JsonNode config = YAML.readTree(one(render("config.management.host=127.0.0.1", "config.management.port=1",
        "config.http.enabled=false", "config.http.host=127.0.0.1", "config.http.port=1", "config.http.accessLog=true"),
        "ConfigMap").at("/data/keyhook.json").asText());
    assertThat(config.path("management").toString()).isEqualTo("{\"host\":\"0.0.0.0\",\"port\":9090}");
    assertThat(config.at("/http/enabled").asBoolean()).isTrue();
    assertThat(config.at("/http/host").asText()).isEqualTo("0.0.0.0");
    assertThat(config.at("/http/port").asInt()).isEqualTo(8080);
    assertThat(config.at("/http/accessLog").asBoolean()).isTrue();
  }

  @Test
  void oneFailedProbeTakesNoNodeOutOfService() throws Exception {
    assertThat(one(render(), "Deployment").at("/spec/template/spec/containers/0/readinessProbe/failureThreshold").asInt())
        .isGreaterThan(1);
  }

  @Test
  void theAlertsAreThoseOfTheRepository() throws Exception {
    assertThat(one(render(EVERYTHING), "PrometheusRule").at("/spec/groups"))
        .isEqualTo(YAML.readTree(Path.of("conf/alerts.yml").toFile()).path("groups"));
    assertThat(one(render(EVERYTHING), "ServiceMonitor").at("/spec/jobLabel").asText()).isEqualTo("app.kubernetes.io/name");
  }

  @Test
  void aSingleNodeCanBeEvicted() throws Exception {
    assertThat(kinds(render("replicas=1"))).doesNotContain("PodDisruptionBudget");
  }

  @Test
  void valuesThatAreWrongAreRefused() {
    assertThatThrownBy(() -> helm("template shop --kube-version 1.31.0")).hasMessageContaining("set existingSecret to its name");
    assertThatThrownBy(() -> render("replica=3")).hasMessageContaining("replica");
    assertThatThrownBy(() -> render("config.database.uri=postgresql://u:p@h/d")).as("a secret in a ConfigMap")
        .hasMessageContaining("uri");
    assertThatThrownBy(() -> render("ingress.enabled=true")).hasMessageContaining("Set ingress.host");
    assertThatThrownBy(() -> render("drainDelaySeconds=301")).hasMessageContaining("drainDelaySeconds");
  }

  @Test
  void theVersionsAreThoseOfTheProduct() throws Exception {
    JsonNode chart = YAML.readTree(CHART.resolve("Chart.yaml").toFile());
    String version = io.keyhook.bus.Version.VERSION;
    assertThat(List.of(chart.path("appVersion").asText(), chart.path("version").asText())).containsOnly(version);
    assertThat(Files.readString(Path.of("conf/compose.yaml"))).contains("image: keyhook:" + version);
  }
}
