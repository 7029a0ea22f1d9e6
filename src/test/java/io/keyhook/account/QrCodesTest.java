package io.keyhook.account;

import static org.assertj.core.api.Assertions.assertThat;

import io.keyhook.bus.TwoFactor.Qr;
import io.keyhook.testing.QrReader;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** QR codes, read again. */
class QrCodesTest {
  private static final int SCALE = 4;
  private static final Pattern RUN = Pattern.compile("M(\\d+) (\\d+)h(\\d+)v1h-(\\d+)z");

  @ParameterizedTest
  @ValueSource(ints = {1, 20, 60, 320})
  void aReaderFindsTheText(int length) {
    String text = "otpauth://totp/Keyhook:" + "a".repeat(length) + "%40example.com?secret=" + "JBSWY3DP";
    assertThat(QrReader.read(drawn(QrCodes.of(text).orElseThrow()))).isEqualTo(text);
  }

  @Test
  void aTextThatIsTooLongHasNoCode() {
    assertThat(QrCodes.of("a".repeat(412))).isPresent();
    assertThat(QrCodes.of("a".repeat(413))).isEmpty();
  }

  private static BufferedImage drawn(Qr code) {
    BufferedImage image = new BufferedImage(code.size() * SCALE, code.size() * SCALE, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    graphics.setColor(Color.WHITE);
    graphics.fillRect(0, 0, image.getWidth(), image.getHeight());
    graphics.setColor(Color.BLACK);
    Matcher run = RUN.matcher(code.path());
    int end = 0;
    while (run.find()) {
      assertThat(run.start()).as("nothing in between").isEqualTo(end);
      assertThat(run.group(4)).isEqualTo(run.group(3));
      end = run.end();
      graphics.fillRect(number(run, 1) * SCALE, number(run, 2) * SCALE, number(run, 3) * SCALE, SCALE);
    }
    assertThat(end).isEqualTo(code.path().length());
    graphics.dispose();
    return image;
  }

  private static int number(Matcher run, int group) {
    return Integer.parseInt(run.group(group));
  }
}
