package io.keyhook.guide;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.testing.Installation;
import io.keyhook.testing.Installation.License;
import io.keyhook.testing.RawReceiver;
import io.keyhook.testing.Waiting;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The client that the guide shows, in each language, where the disk or the server fails. */
class ClientFailureTest extends ClientProgram {
  private static final String FINGERPRINT = "one";
  /** Of a response, with what the system buffers of it. */
  private static final long MOST_BYTES = 16 << 20;
  /** Of programs that run at once. */
  private static final int MANY = 6;
  /** Nested deeper than any of the languages reads. */
  private static final String DEEP = "[".repeat(200_000);
  /** Lets a program create files, but write nothing into them. */
  private static final List<String> FULL_DISK = List.of("sh", "-c", "(trap '' XFSZ; ulimit -f 0; exec \"$@\") 2>&1 | cat", "sh");
  /** Keeps a program, of root as well, from creating and deleting files. */
  private static final List<String> READ_ONLY = List.of("sh", "-c", "chmod u-w .; "
      + "[ $(id -u) != 0 ] || set -- setpriv --bounding-set -dac_override \"$@\"; \"$@\"; status=$?; chmod u+w .; exit $status", "sh");

  @RegisterExtension
  static final Installation keyhook = Installation.withNode();

  private License license;

  @Override
  Installation installation() {
    return keyhook;
  }

  @BeforeEach
  void createLicense() {
    license = keyhook.license(1);
  }

  private String validate(ClientLanguage language, String server) throws IOException, InterruptedException {
    return validateWith(language, List.of(), server);
  }

  private String validateWith(ClientLanguage language, List<String> wrapper, String server) throws IOException, InterruptedException {
    return run(language, "validate", wrapper, server);
  }

  private String run(ClientLanguage language, String command, List<String> wrapper, String server)
      throws IOException, InterruptedException {
    return language.runWith(built, directory, wrapper, command, server, "1", "0", license.key(), FINGERPRINT);
  }

  /** The names of the lease and of what was written beside it. */
  private List<String> files() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(file -> file.getFileName().toString()).filter(name -> name.startsWith("lease.json")).sorted().toList();
    }
  }

  private String permissions() throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(lease()));
  }

  @ParameterizedTest
  @EnumSource
  void aLeaseIsReplacedAsAWholeAndKeepsItsPermissions(ClientLanguage language) throws Exception {
    prepare(language);
    assertThat(validate(language, server())).isEqualTo("true -");
    if (language != ClientLanguage.CSHARP) { // .NET Core 3.1 cannot create private files
      assertThat(permissions()).isEqualTo("rw-------");
    }
    Files.setPosixFilePermissions(lease(), PosixFilePermissions.fromString("rw-r-----"));
    String before = Files.readString(lease());
    Path old = Files.createLink(directory.resolve("old"), lease());
    assertThat(validate(language, server())).isEqualTo("true -");
    assertThat(Files.isSameFile(old, lease())).as("written in place").isFalse();
    assertThat(old).hasContent(before);
    assertThat(permissions()).isEqualTo("rw-r-----");
    assertThat(files()).containsExactly("lease.json");
  }

  private static JsonObject licenseFile(String lease) {
    return new JsonObject().put("statement", new JsonObject(lease).getString("statement")).put("validUntil", null);
  }

  @ParameterizedTest
  @EnumSource
  void theTimeOfALeaseChangesInPlaceSoThatNoneComesBackThatHasEnded(ClientLanguage language) throws Exception {
    prepare(language);
    assertThat(validate(language, server())).isEqualTo("true -");
    String kept = Files.readString(lease());
    Files.writeString(lease(), licenseFile(kept).encode());
    assertThat(validate(language, nowhere())).as("of a license file").isEqualTo("true OFFLINE");
    assertThat(new JsonObject(Files.readString(lease())).getLong("seen")).isPositive();
    Files.writeString(lease(), kept.replaceFirst("[0-9]{10}", "1700000000"));
    Path same = Files.createLink(directory.resolve("same"), lease());
    assertThat(validate(language, nowhere())).isEqualTo("true OFFLINE");
    assertThat(Files.isSameFile(same, lease())).isTrue();
    JsonObject lease = new JsonObject(Files.readString(lease()));
    assertThat(lease.getLong("seen")).isGreaterThan(1_700_000_000);
    assertThat(lease.getString("statement")).isEqualTo(new JsonObject(kept).getString("statement"));
  }

  @ParameterizedTest
  @EnumSource
  void aRefusalEndsALeaseThatIsReadMeanwhile(ClientLanguage language) throws Exception {
    prepare(language);
    assertThat(validate(language, server())).isEqualTo("true -");
    String kept = Files.readString(lease());
    keyhook.api().post("/api/licenses/" + license.id() + "/disable").expect(200);
    boolean isOnThreads = language != ClientLanguage.PHP; // whose processes write a license file anew, once
    for (String lease : isOnThreads ? List.of(kept, licenseFile(kept).encode()) : List.of(kept)) {
      Files.writeString(lease(), lease);
      assertThat(run(language, "race", List.of(), server()).lines()).as("refused, allowed afterwards, lease kept")
          .hasSize(20).containsOnly("LICENSE_DISABLED false false");
    }
  }

  @ParameterizedTest
  @EnumSource
  void aRefusedLeaseThatWasAwayIsNotUsedWhenItIsBack(ClientLanguage language) throws Exception {
    prepare(language);
    assertThat(validate(language, server())).isEqualTo("true -");
    keyhook.api().post("/api/licenses/" + license.id() + "/disable").expect(200);
    assertThat(run(language, "moved", List.of(), server())).isEqualTo("false LICENSE_DISABLED\nfalse OFFLINE");
  }

  @ParameterizedTest
  @EnumSource
  void aFullDiskCostsNeitherTheLeaseNorTheAnswer(ClientLanguage language) throws Exception {
    prepare(language);
    assertThat(validateWith(language, FULL_DISK, server())).isEqualTo("true -");
    assertThat(files()).isEmpty();
    assertThat(validate(language, server())).isEqualTo("true -");
    String kept = Files.readString(lease());
    assertThat(validateWith(language, FULL_DISK, server())).isEqualTo("true -");
    assertThat(validateWith(language, FULL_DISK, nowhere())).isEqualTo("true OFFLINE");
    assertThat(lease()).hasContent(kept);
    assertThat(files()).containsExactly("lease.json");
  }

  @ParameterizedTest
  @EnumSource
  void aLeaseThatCanBeNeitherReplacedNorDeletedCostsNoAnswer(ClientLanguage language) throws Exception {
    prepare(language);
    Files.createDirectory(lease());
    Files.createFile(lease().resolve("file"));
    assertThat(validate(language, server())).isEqualTo("true -");
    assertThat(files()).containsExactly("lease.json");
    assertThat(validate(language, nowhere())).as("which cannot be read").isIn("false OFFLINE", "false LEASE_INVALID");
    assertThat(run(language, "deactivate", List.of(), server())).isEqualTo("true");
    keyhook.api().post("/api/licenses/" + license.id() + "/disable").expect(200);
    assertThat(validate(language, server())).isEqualTo("false LICENSE_DISABLED");
    assertThat(files()).containsExactly("lease.json");
  }

  @ParameterizedTest
  @EnumSource
  void aRefusedLeaseIsNotUsedAgainWhereItCannotBeDeleted(ClientLanguage language) throws Exception {
    prepare(language);
    assertThat(validate(language, server())).isEqualTo("true -");
    String kept = Files.readString(lease());
    keyhook.api().post("/api/licenses/" + license.id() + "/disable").expect(200);
    assertThat(run(language, "again", READ_ONLY, server())).startsWith("false LICENSE_DISABLED\nfalse ");
    assertThat(lease()).as("emptied").isEmptyFile();
    assertThat(validate(language, nowhere())).as("the next start").isEqualTo("false LEASE_INVALID");
    Files.writeString(lease(), kept);
    Files.setPosixFilePermissions(lease(), PosixFilePermissions.fromString("r--r--r--"));
    assertThat(run(language, "again", READ_ONLY, server())).isEqualTo("false LICENSE_DISABLED\nfalse OFFLINE");
    assertThat(lease()).as("which cannot be emptied, either").hasContent(kept);
  }

  @ParameterizedTest
  @EnumSource
  void aDirectoryThatIsMissingOrReadOnlyCostsNoAnswer(ClientLanguage language) throws Exception {
    prepare(language);
    for (List<String> wrapper : List.of(List.of("env", "LEASE=missing/lease.json"), READ_ONLY)) {
      assertThat(run(language, "again", wrapper, server())).isEqualTo("true -\nfalse OFFLINE");
      assertThat(run(language, "deactivate", wrapper, server())).isEqualTo("true");
      assertThat(files()).isEmpty();
    }
    assertThat(directory.resolve("missing")).doesNotExist();
    assertThat(validate(language, server())).isEqualTo("true -");
    assertThat(run(language, "again", READ_ONLY, server())).as("with the lease before").isEqualTo("true -\ntrue OFFLINE");
  }

  /** Of the last beat of a heartbeat, which a failure would end, and of which the app's own is shown before. */
  private String beatWith(ClientLanguage language, byte[] lease) throws IOException, InterruptedException {
    Files.write(lease(), lease);
    return run(language, "heartbeat", List.of(), nowhere()).lines().reduce((first, second) -> second).orElseThrow();
  }

  private String beatWith(ClientLanguage language, String lease) throws IOException, InterruptedException {
    return beatWith(language, lease.getBytes(StandardCharsets.US_ASCII));
  }

  @ParameterizedTest
  @EnumSource
  void aDamagedLeaseIsNoLeaseAndEndsNoHeartbeat(ClientLanguage language) throws Exception {
    prepare(language);
    assertThat(validate(language, server())).isEqualTo("true -");
    String statement = new JsonObject(Files.readString(lease())).getString("statement");
    String deep = Base64.getUrlEncoder().withoutPadding().encodeToString(DEEP.getBytes(StandardCharsets.US_ASCII));
    assertThat(beatWith(language, new byte[] {(byte) 0xff, (byte) 0xfe, '{'})).as("no UTF-8").isEqualTo("false LEASE_INVALID");
    assertThat(beatWith(language, DEEP)).as("nested").isEqualTo("false LEASE_INVALID");
    assertThat(beatWith(language, "{\"statement\":\"" + deep + ".e30.AA\",\"seen\":0}")).as("nested").isEqualTo("false LEASE_INVALID");
    assertThat(beatWith(language, "{\"statement\":\"" + statement + "\",\"seen\":1" + "0".repeat(400) + "}"))
        .as("of a number that is too large").isIn("false LEASE_INVALID", "false CLOCK_SET_BACK");
  }

  @ParameterizedTest
  @EnumSource
  void processesThatKeepALeaseAtOnceDoNotDisturbEachOther(ClientLanguage language) throws Exception {
    prepare(language);
    assertThat(validate(language, server())).isEqualTo("true -");
    String nowhere = nowhere();
    ExecutorService threads = Executors.newFixedThreadPool(MANY);
    try {
      List<Future<String>> results = new ArrayList<>();
      for (int i = 0; i < MANY; i++) {
        String server = i % 2 == 0 ? nowhere : server();
        results.add(threads.submit(() -> validate(language, server)));
      }
      for (int i = 0; i < MANY; i++) {
        assertThat(results.get(i).get(Waiting.LONG.toSeconds(), TimeUnit.SECONDS)).isEqualTo(i % 2 == 0 ? "true OFFLINE" : "true -");
      }
    } finally {
      threads.shutdownNow();
    }
    assertThat(files()).containsExactly("lease.json");
    assertThat(validate(language, nowhere)).isEqualTo("true OFFLINE");
  }

  /** What a server does in the place of Keyhook, of which the client makes nothing. */
  private void assertIsNoResponse(ClientLanguage language, String head, RawReceiver.Script body) throws Exception {
    try (RawReceiver server = new RawReceiver(connection -> {
      connection.request();
      connection.write(head);
      body.run(connection);
    })) {
      assertThat(validate(language, server.url("127.0.0.1", ""))).as(head).isEqualTo("true OFFLINE");
      server.awaitClosed();
      assertThat(server.written()).as("sent before the client closed the connection").isLessThan(MOST_BYTES);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aResponseThatDripsEndsInTime(ClientLanguage language) throws Exception {
    prepare(language);
    assertThat(validate(language, server())).isEqualTo("true -");
    ExecutorService threads = Executors.newCachedThreadPool();
    try {
      List<Future<?>> results = new ArrayList<>();
      for (String head : List.of("Content-Length: 100000\r\n\r\n{", "\r\n{", "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n")) {
        String part = head.contains("chunked") ? "1\r\n \r\n" : " ";
        results.add(threads.submit(() -> {
          assertIsNoResponse(language, "HTTP/1.1 200 OK\r\n" + head, connection -> connection.drip(part));
          return null;
        }));
      }
      results.add(threads.submit(() -> {
        assertIsNoResponse(language, "HTTP/1.1 200 OK\r\nServer: ", connection -> connection.drip("x"));
        return null;
      }));
      for (Future<?> result : results) {
        result.get(Waiting.LONG.toSeconds(), TimeUnit.SECONDS);
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @ParameterizedTest
  @EnumSource
  void aResponseWithoutEndIsNoResponse(ClientLanguage language) throws Exception {
    prepare(language);
    assertThat(validate(language, server())).isEqualTo("true -");
    for (String head : List.of("200 OK\r\n\r\n{", "404 Not Found\r\nContent-Length: 9000000000\r\n\r\n{", "503 Busy\r\n\r\n")) {
      assertIsNoResponse(language, "HTTP/1.1 " + head, connection -> connection.flood(" "));
    }
  }

  /** A timer of JavaScript that is set to more than 24 days runs at once. */
  @Test
  void aHeartbeatOfMonthsDoesNotValidateAtOnceInJavaScript() throws Exception {
    ClientLanguage.NODE.prepare(built, directory, "{\"keys\":[]}");
    assertThat(ClientLanguage.NODE.run(built, directory, "pause", nowhere(), "1", "7776000", license.key(), FINGERPRINT))
        .isEqualTo(String.valueOf(Integer.MAX_VALUE));
  }

  /** The wait doubles with each try, and Python has no float that is large enough for the 1,024th power. */
  @Test
  void manyTriesWaitForTheLongestTimeInPython() throws Exception {
    ClientLanguage.PYTHON.prepare(built, directory, "{\"keys\":[]}");
    assertThat(ClientLanguage.PYTHON.run(built, directory, "waits", nowhere(), "1100", "0", license.key(), FINGERPRINT))
        .isEqualTo("false OFFLINE\n1099 30");
  }
}
