package io.keyhook.target;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import inet.ipaddr.IPAddressString;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** {@code ssrf-examples.txt}, in the format that its header states, and more of the same. */
final class SsrfExamples {

  private static final Pattern RECORD = Pattern.compile("\\b(?:A|AAAA)=([0-9A-Fa-f.:,]+)");

  private SsrfExamples() {}

  /**
   * @param lookups what the resolver answers, one after the other; an empty answer is a name that does not resolve, and
   *     no answers mean that the resolver must not be asked
   */
  record Case(String escapedUrl, String verdict, String stage, List<List<InetAddress>> lookups, String reason) {

    String url() {
      try {
        return new ObjectMapper().readValue('"' + escapedUrl + '"', String.class);
      } catch (JsonProcessingException e) {
        throw new IllegalStateException(escapedUrl, e);
      }
    }

    boolean isRefusedByUrl() {
      return verdict.equals("REFUSE") && !stage.equals("dns") && !stage.equals("redirect");
    }

    @Override
    public String toString() {
      return verdict + " " + stage + " " + escapedUrl + " (" + reason + ")";
    }
  }

  static Stream<Case> cases() {
    return Stream.of("ssrf-examples.txt", "ssrf-more.txt").flatMap(SsrfExamples::lines)
        .filter(line -> !line.startsWith("#") && !line.isBlank()).map(line -> {
          String[] columns = line.split("\t", -1);
          return new Case(columns[0], columns[1], columns[2], lookups(columns[3]), columns[4]);
        });
  }

  /** The blocks of the header's lines that start with this word, such as {@code #deny4}. */
  static List<String> blocks(String word) {
    return lines("ssrf-examples.txt").filter(line -> line.startsWith(word + "\t")).map(line -> line.split("\t")[1])
        .filter(block -> !block.contains(" ")).toList();
  }

  private static List<List<InetAddress>> lookups(String dns) {
    return dns.equals("-") ? List.of() : Stream.of(dns.split(" \\| ")).map(SsrfExamples::answer).toList();
  }

  private static List<InetAddress> answer(String text) {
    return RECORD.matcher(text).results().map((MatchResult record) -> record.group(1).split(",")).flatMap(Stream::of)
        .map(SsrfExamples::address).toList();
  }

  /** As it came in its record: a mapped IPv4 address stays the IPv6 address that it was sent as. */
  private static InetAddress address(String text) {
    byte[] bytes = new IPAddressString(text).getAddress().getBytes();
    try {
      return bytes.length == 4 ? InetAddress.getByAddress(bytes) : Inet6Address.getByAddress(null, bytes, -1);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(text, e);
    }
  }

  private static Stream<String> lines(String name) {
    try (InputStream file = SsrfExamples.class.getResourceAsStream(name)) {
      return new String(file.readAllBytes(), StandardCharsets.UTF_8).lines();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
