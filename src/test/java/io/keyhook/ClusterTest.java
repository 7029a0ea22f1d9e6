package io.keyhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.hazelcast.config.Config;
import io.keyhook.bus.Events;
import io.keyhook.testing.Installation;
import io.keyhook.testing.Node;
import io.keyhook.testing.Waiting;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.eventbus.EventBusOptions;
import io.vertx.core.json.JsonObject;
import io.vertx.spi.cluster.hazelcast.HazelcastClusterManager;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Two nodes of a clustered Vert.x, which the test starts itself: an extension injects none that is clustered. */
class ClusterTest {
  @RegisterExtension
  static final Installation postgres = Installation.withoutNode();

  private final String name = "keyhook-test-" + ThreadLocalRandom.current().nextLong(Long.MAX_VALUE);
  private final List<Vertx> cluster = new ArrayList<>();
  private final List<Keyhook> nodes = new ArrayList<>();

  @BeforeEach
  void startNodes() {
    for (int i = 0; i < 2; i++) {
      join();
    }
  }

  private void join() {
    cluster.add(Waiting.on(Vertx.builder().with(onLoopback()).withClusterManager(new HazelcastClusterManager(onLoopback(name))).buildClustered()));
    nodes.add(Keyhook.builder().configuration(new JsonObject()
        .put("http", new JsonObject().put("enabled", false))
        .put("database", new JsonObject().put("uri", postgres.database().uri().toString()))
        .put("secrets", new JsonObject().put("masterKey", Node.MASTER_KEY))
        .put("auth", new JsonObject().put("jwt", new JsonObject().put("secret", Node.JWT_SECRET)))).build());
    Waiting.on(cluster.get(cluster.size() - 1).deployVerticle(nodes.get(nodes.size() - 1)));
  }

  private static VertxOptions onLoopback() {
    return new VertxOptions().setEventBusOptions(new EventBusOptions().setHost("127.0.0.1"));
  }

  private static Config onLoopback(String name) {
    Config config = new Config().setClusterName(name);
    config.setProperty("hazelcast.logging.type", "slf4j").setProperty("hazelcast.phone.home.enabled", "false")
        .setProperty("hazelcast.wait.seconds.before.join", "0"); // 5: for members that start together
    config.getNetworkConfig().setPublicAddress("127.0.0.1").getInterfaces().setEnabled(true).addInterface("127.0.0.1");
    config.getNetworkConfig().getJoin().getAutoDetectionConfig().setEnabled(false);
    config.getNetworkConfig().getJoin().getMulticastConfig().setEnabled(false);
    config.getNetworkConfig().getJoin().getTcpIpConfig().setEnabled(true).addMember("127.0.0.1");
    return config;
  }

  @AfterEach
  void stopNodes() {
    cluster.forEach(vertx -> Waiting.on(vertx.close()));
  }

  @Test
  void aSubscriberHearsTheEventsOfItsNodeOrOfAllNodes() {
    Set<Events.Event> ofAll = ConcurrentHashMap.newKeySet();
    Set<Events.Event> ofFirst = ConcurrentHashMap.newKeySet();
    List<Events.Event> received = java.util.Collections.synchronizedList(new ArrayList<>());
    nodes.get(0).client().subscribe(ofFirst::add);
    Events.Subscription all = nodes.get(0).client().subscribeToAllNodes(event -> {
      received.add(event);
      ofAll.add(event);
    });
    await("the other node to take part").atMost(Waiting.LONG).until(() -> {
      activate(1);
      return !ofAll.isEmpty();
    });
    assertThat(ofFirst).isEmpty();
    assertThat(ofAll).allSatisfy(event -> {
      assertThat(event.id()).startsWith("event_");
      assertThat(event.timestamp()).isNotNull();
      assertThat(event.data().getString("licenseName")).isEqualTo("Editor");
    });
    activate(0);
    await("events of the first node").atMost(Waiting.LONG).until(() -> ofAll.containsAll(ofFirst) && ofFirst.size() == 2);
    assertThat(received).as("each once").doesNotHaveDuplicates();
    Waiting.on(all.close());
  }

  @Test
  void aSubscriberHearsTheFirstEventOfANodeThatJoinsLater() {
    Queue<Events.Event> events = new ConcurrentLinkedQueue<>();
    Events.Subscription all = nodes.get(0).client().subscribeToAllNodes(events::add);
    await("the subscription is known").atMost(Waiting.LONG).until(() -> {
      activate(0);
      return !events.isEmpty();
    });
    for (int joined = 0; joined < 3; joined++) {
      join();
      String account = activate(nodes.size() - 1);
      await("the first event of the node that joined").atMost(Waiting.LONG)
          .until(() -> events.stream().anyMatch(event -> event.accountId().equals(account)));
    }
    Waiting.on(all.close());
  }

  /** A subscriber of the version before listens to the address of the types that it knows. */
  @Test
  void olderNodesDoNotHearTypesThatTheyDoNotKnow() {
    Queue<String> older = new ConcurrentLinkedQueue<>();
    Queue<String> newer = new ConcurrentLinkedQueue<>();
    Waiting.on(cluster.get(0).eventBus().<JsonObject>consumer("keyhook.events.all-nodes",
        message -> older.add(message.body().getString("type"))).completion());
    Events.Subscription all = nodes.get(0).client().subscribeToAllNodes(List.of("license.*"), event -> newer.add(event.type()));
    await("all types of events of the other node").atMost(Waiting.LONG).until(() -> {
      activate(1);
      return newer.containsAll(List.of("license.created", "license.activated", "license.validated"));
    });
    await("known types").atMost(Waiting.LONG).until(() -> older.containsAll(List.of("license.activated", "license.validated")));
    assertThat(older).doesNotContain("license.created");
    Waiting.on(all.close());
  }

  private String activate(int node) {
    return HostTest.activate(nodes.get(node).client(), "cluster" + System.nanoTime() + "@example.com");
  }
}
