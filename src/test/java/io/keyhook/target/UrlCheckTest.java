package io.keyhook.target;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.keyhook.testing.Tool;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the dashboard says about a URL while it is typed, beside what {@link TargetPolicy} decides. */
class UrlCheckTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  /** Answers a JSON array of URLs with what is wrong with each. */
  private static final String PROGRAM = """
      import { readFileSync } from 'node:fs';
      import * as checks from './url-check.mjs';
      const [name, insecure] = process.argv.slice(2);
      const urls = JSON.parse(readFileSync('urls.json', 'utf8'));
      console.log(JSON.stringify(urls.map(url => checks[name](url, insecure === 'true'))));
      """;

  @TempDir
  Path directory;

  private List<String> said(String check, boolean insecure, List<String> urls) throws Exception {
    try (InputStream module = TargetPolicy.class.getResourceAsStream("/io/keyhook/http/web/app/url-check.js")) {
      Files.copy(module, directory.resolve("url-check.mjs"));
    }
    Files.writeString(directory.resolve("check.mjs"), PROGRAM);
    JSON.writeValue(directory.resolve("urls.json").toFile(), urls);
    Process node = new ProcessBuilder(Tool.require("node"), "check.mjs", check, Boolean.toString(insecure))
        .directory(directory.toFile()).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    try (InputStream output = node.getInputStream()) {
      return JSON.readValue(output.readAllBytes(), new TypeReference<>() {});
    }
  }

  private static boolean isTaken(TargetPolicy policy, String url) {
    try {
      policy.check(url);
      return true;
    } catch (RefusedTargetException e) {
      return false;
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whatKeyhookTakesIsNotFoundFaultWith(boolean insecure) throws Exception {
    TargetPolicy policy = Policies.of(insecure);
    Stream<String> more = Stream.of("https://hooks.example.com", "HTTPS://Hooks.Example.COM:8443/a?b=c",
        "https://xn--bcher-kva.example/", "https://93.184.216.34/", "https://[2606:2800:220:1::1]:443/x",
        "http://localhost:9000/keyhook");
    List<String> urls = Stream.concat(SsrfExamples.cases().map(SsrfExamples.Case::url), more)
        .filter(url -> isTaken(policy, url)).toList();
    assertThat(urls).hasSizeGreaterThan(4);
    assertThat(said("checkUrl", insecure, urls)).containsOnly("");
  }

  @Test
  void whatAnOperatorMayAllowIsLeftToKeyhook() throws Exception {
    List<String> urls = List.of("https://10.1.2.3/", "https://hooks.internal/", "https://hooks.example.com:9000/");
    assertThat(said("checkForm", false, urls)).containsOnly("");
  }

  @Test
  void whatPeopleTypeWrongIsToldBeforeItIsSent() throws Exception {
    List<String> urls = List.of("hooks.example.com/x", "http://hooks.example.com/", "https://",
        "https://hooks example.com/", "https://user:password@hooks.example.com/", "https://hooks.example.com/#x",
        "https://hooks.example.com:0/", "https://bücher.example/", "https://localhost/", "https://192.168.1.7/",
        "https://printer/", "https://hooks.example.com:9000/");
    List<String> said = said("checkUrl", false, urls);
    TargetPolicy policy = Policies.strict();
    IntStream.range(0, urls.size()).forEach(i -> {
      assertThat(isTaken(policy, urls.get(i))).as(urls.get(i)).isFalse();
      assertThat(said.get(i)).as(urls.get(i)).isNotBlank();
    });
  }
}
