package io.keyhook.attempt;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.buffer.Buffer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

class ResponseTextTest {
  private static final String PAGE = "<h1>Es ist größer</h1>".repeat(20);

  private static String read(String encoding, byte[] body) {
    return read(encoding, null, body);
  }

  private static String read(String encoding, String type, byte[] body) {
    ResponseText text = new ResponseText(encoding == null ? List.of() : List.of(encoding.split("\n")), type);
    for (byte b : body) {
      text.append(Buffer.buffer(new byte[] {b}));
    }
    return text.read(body.length);
  }

  private static byte[] gzip(byte[] content) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
      gzip.write(content);
    }
    return bytes.toByteArray();
  }

  private static byte[] deflate(byte[] content, boolean bare) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    Deflater deflater = new Deflater(Deflater.DEFAULT_COMPRESSION, bare);
    try (DeflaterOutputStream out = new DeflaterOutputStream(bytes, deflater)) {
      out.write(content);
    } finally {
      deflater.end();
    }
    return bytes.toByteArray();
  }

  private static byte[] page() {
    return PAGE.getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void everyMemberOfAGzipBodyIsRead() throws IOException {
    ByteArrayOutputStream members = new ByteArrayOutputStream();
    for (String member : List.of("one, ", "", "two, ", "three")) {
      members.write(gzip(member.getBytes(StandardCharsets.UTF_8)));
    }
    assertThat(read("gzip", members.toByteArray())).isEqualTo("one, two, three");
    members.write(new byte[] {0, 0, 0});
    assertThat(read("gzip", members.toByteArray())).as("padded").isEqualTo("one, two, three");
  }

  @Test
  void encodingsAreUndoneFromTheLastToTheFirst() throws IOException {
    for (String same : List.of("gzip, identity", "identity,GZIP", "identity\ngzip", "gzip\nidentity", "gzip\ngzip", ", gzip,")) {
      assertThat(read(same, gzip(page()))).as(same).isEqualTo(PAGE);
    }
    assertThat(read("gzip, deflate", deflate(gzip(page()), false))).isEqualTo(PAGE);
    assertThat(read("br, gzip", gzip(page()))).startsWith("(br, gzip-compressed body");
    assertThat(read("gzip,gzip,gzip,gzip,gzip", gzip(page()))).startsWith("(gzip, gzip");
  }

  @Test
  void aPlainBodyIsItself() {
    assertThat(read(null, page())).isEqualTo(PAGE);
    assertThat(read("identity", page())).isEqualTo(PAGE);
    assertThat(read("gzip", new byte[0])).isEmpty();
    assertThat(read("br", new byte[0])).isEmpty();
  }

  @Test
  void aBodyIsReadInTheCharsetOfItsType() throws IOException {
    for (String charset : List.of("UTF-16", "utf-16le", "UTF-16BE", "ISO-8859-1", "windows-1252", "UTF-32")) {
      byte[] body = PAGE.getBytes(charset);
      assertThat(read(null, "text/html; charset=" + charset, body)).as(charset).isEqualTo(PAGE);
      assertThat(read(null, "text/html;Charset=\"" + charset + "\" ; x=y", body)).as(charset).isEqualTo(PAGE);
      assertThat(read("gzip", "text/html; charset=" + charset, gzip(body))).as(charset).isEqualTo(PAGE);
    }
  }

  @Test
  void aByteOrderMarkComesBeforeTheType() {
    for (Charset charset : List.of(StandardCharsets.UTF_8, StandardCharsets.UTF_16LE, StandardCharsets.UTF_16BE)) {
      byte[] body = ("\uFEFF" + PAGE).getBytes(charset);
      assertThat(read(null, null, body)).as(charset.name()).isEqualTo(PAGE);
      assertThat(read(null, "text/html; charset=windows-1252", body)).as(charset.name()).isEqualTo(PAGE);
    }
  }

  @Test
  void aCharsetThatIsNoneIsUtf8() {
    for (String charset : List.of("", "x", "\"", "klingon", "a b", "ISO-2022-CN", "-", "x".repeat(60_000))) {
      assertThat(read(null, "text/html; charset=" + charset, "OK".getBytes(StandardCharsets.UTF_8))).as(charset)
          .isEqualTo("OK");
    }
    assertThat(read(null, "text/html; charset=utf-16", new byte[] {0, 0, 'x'})).startsWith("\uFFFD");
  }

  @Test
  void noLoneSurrogateComesOutOfAnyCharset() {
    byte[] utf32 = {0, 0, 0, 'a', 0, 0, (byte) 0xd8, 0, 0, 0, 0, 'b', 0, 0, (byte) 0xdf, (byte) 0xff, 0, 1, (byte) 0xf6, 0};
    assertThat(read(null, "text/plain; charset=utf-32", utf32)).isEqualTo("a\uFFFDb\uFFFD\uD83D\uDE00");
    byte[] cesu8 = {'a', (byte) 0xed, (byte) 0xa0, (byte) 0x80, 'b'};
    byte[] noise = new byte[4096];
    new Random(7).nextBytes(noise);
    for (String charset : Charset.availableCharsets().keySet()) {
      for (byte[] body : List.of(utf32, cesu8, noise)) {
        String text = read(null, "text/plain; charset=" + charset, body);
        assertThat(new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8)).as(charset).isEqualTo(text);
      }
    }
  }

  @Test
  void aCompressedBodyIsReadable() throws IOException {
    assertThat(read("gzip", gzip(page()))).isEqualTo(PAGE);
    assertThat(read(" X-GZip ", gzip(page()))).isEqualTo(PAGE);
    assertThat(read("deflate", deflate(page(), false))).isEqualTo(PAGE);
    assertThat(read("deflate", deflate(page(), true))).as("without the header of zlib, as many send it").isEqualTo(PAGE);
  }

  @Test
  void everyPartOfTheHeaderOfGzipIsSkipped() throws IOException {
    byte[] plain = gzip(page());
    ByteArrayOutputStream full = new ByteArrayOutputStream();
    full.write(plain, 0, 3);
    full.write(4 | 8 | 16 | 2); // FEXTRA, FNAME, FCOMMENT, FHCRC
    full.write(plain, 4, 6);
    full.writeBytes(new byte[] {3, 0, 1, 2, 3, 'n', 0, 'c', 'c', 0, 9, 9});
    full.write(plain, 10, plain.length - 10);
    assertThat(read("gzip", full.toByteArray())).isEqualTo(PAGE);
  }

  @Test
  void whatIsCutOffOrDamagedIsReadUpToThere() throws IOException {
    byte[] noise = new byte[20_000];
    new Random(1).nextBytes(noise);
    for (int i = 0; i < noise.length; i++) {
      noise[i] = (byte) ('a' + (noise[i] & 15));
    }
    byte[] body = gzip(noise);
    String whole = new String(noise, StandardCharsets.UTF_8);
    assertThat(read("gzip", Arrays.copyOf(body, 1000))).hasSizeGreaterThan(1000).matches(whole::startsWith);
    assertThat(read("gzip", body)).hasSize(4096).matches(whole::startsWith);
    for (int length = 0; length < 20; length++) {
      assertThat(read("gzip", Arrays.copyOf(body, length))).hasSizeLessThan(64);
    }
    body[5000] ^= 0x55;
    assertThat(read("gzip", body)).startsWith(whole.substring(0, 1000));
  }

  @Test
  void aBodyThatIsNotWhatItSaysIsPlain() {
    assertThat(read("gzip", page())).isEqualTo(PAGE);
    assertThat(read("deflate", page())).isEqualTo(PAGE);
  }

  @Test
  void ofAnotherEncodingItsNameAndLengthAreTold() {
    assertThat(read("zstd", page())).isEqualTo("(zstd-compressed body, %d bytes)".formatted(page().length));
    assertThat(read("gzip, br", page())).startsWith("(gzip, br-compressed body");
    assertThat(read("x".repeat(60_000), page())).hasSizeLessThan(80);
  }

  @Test
  void aBombBecomesNoMoreThanIsKept() throws IOException {
    assertThat(read("gzip", gzip(new byte[10_000_000]))).isEqualTo("\uFFFD".repeat(4096));
    assertThat(read("deflate", deflate(new byte[10_000_000], true))).isEqualTo("\uFFFD".repeat(4096));
  }
}
