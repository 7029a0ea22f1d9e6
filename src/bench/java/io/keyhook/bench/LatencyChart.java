package io.keyhook.bench;

import java.util.List;
import java.util.Locale;

/** Latency against rate, as an SVG that needs nothing else: rates to the right, latency up, by powers of ten. */
public final class LatencyChart {
  private static final int WIDTH = 820;
  private static final int HEIGHT = 500;
  private static final int LEFT = 76;
  private static final int RIGHT = 28;
  private static final int TOP = 108;
  private static final int BOTTOM = 84;

  private final List<Line> lines;
  private final double mostRate;
  private final int lowest; // powers of ten of milliseconds
  private final int highest;

  /**
   * One line.
   *
   * @param color as SVG takes it
   */
  public record Line(String name, String color, boolean dashed, List<Point> points) {}

  /**
   * @param rate a second
   * @param millis above zero
   */
  public record Point(double rate, double millis) {}

  public LatencyChart(List<Line> lines) {
    this.lines = lines;
    List<Point> all = lines.stream().flatMap(line -> line.points.stream()).toList();
    mostRate = all.stream().mapToDouble(Point::rate).max().orElseThrow();
    lowest = (int) Math.floor(Math.log10(all.stream().mapToDouble(Point::millis).min().orElseThrow()));
    highest = Math.max(lowest + 1, (int) Math.ceil(Math.log10(all.stream().mapToDouble(Point::millis).max().orElseThrow())));
  }

  /**
   * @param machine a line on where the figures are from
   */
  public String svg(String title, String machine) {
    StringBuilder out = new StringBuilder(String.format(Locale.ROOT, """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%1$d" height="%2$d" role="img" \
        font-family="system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif" font-size="13" fill="#24292f">
        <title>%s</title>
        <rect width="100%%" height="100%%" fill="#ffffff"/>
        <text x="%d" y="32" font-size="18" font-weight="600">%3$s</text>
        """, WIDTH, HEIGHT, escape(title), LEFT));
    legend(out);
    grid(out);
    lines.forEach(line -> draw(out, line));
    out.append(String.format(Locale.ROOT, """
        <text x="%d" y="%d" text-anchor="middle">validations a second, due</text>
        <text transform="translate(22 %d) rotate(-90)" text-anchor="middle">time to answer, ms</text>
        <text x="%d" y="%d" font-size="11" fill="#57606a">%s</text>
        </svg>
        """, (LEFT + WIDTH - RIGHT) / 2, HEIGHT - BOTTOM + 40, (TOP + HEIGHT - BOTTOM) / 2, LEFT, HEIGHT - 14,
        escape(machine)));
    return out.toString();
  }

  /** Two in a row. */
  private void legend(StringBuilder out) {
    for (int i = 0; i < lines.size(); i++) {
      int x = LEFT + i % 2 * 340;
      int y = 54 + i / 2 * 22;
      out.append(String.format(Locale.ROOT, "<path d=\"M%d %dh30\" %s/>%n<text x=\"%d\" y=\"%d\">%s</text>%n", x, y,
          stroke(lines.get(i)), x + 38, y + 4, escape(lines.get(i).name)));
    }
  }

  private void grid(StringBuilder out) {
    for (int power = lowest; power <= highest; power++) {
      double y = y(Math.pow(10, power));
      out.append(String.format(Locale.ROOT, """
          <path d="M%d %.1fH%d" stroke="#d0d7de"/>
          <text x="%d" y="%.1f" text-anchor="end">%s</text>
          """, LEFT, y, WIDTH - RIGHT, LEFT - 8, y + 4, number(Math.pow(10, power))));
    }
    double step = step();
    for (double rate = 0; rate <= mostRate * 1.001; rate += step) {
      out.append(String.format(Locale.ROOT, """
          <path d="M%.1f %dV%d" stroke="#eaeef2"/>
          <text x="%1$.1f" y="%d" text-anchor="middle">%s</text>
          """, x(rate), TOP, HEIGHT - BOTTOM, HEIGHT - BOTTOM + 20, number(rate)));
    }
  }

  /** Round, and at most eight of them. */
  private double step() {
    double power = Math.pow(10, Math.floor(Math.log10(mostRate / 4)));
    for (double factor : new double[] {1, 2, 2.5, 5, 10}) {
      if (mostRate / (factor * power) <= 8) {
        return factor * power;
      }
    }
    return 10 * power;
  }

  private void draw(StringBuilder out, Line line) {
    StringBuilder path = new StringBuilder();
    StringBuilder dots = new StringBuilder();
    for (Point point : line.points) {
      path.append(String.format(Locale.ROOT, "%s%.1f %.1f", path.isEmpty() ? "M" : "L", x(point.rate), y(point.millis)));
      dots.append(String.format(Locale.ROOT, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\" fill=\"%s\"/>%n", x(point.rate),
          y(point.millis), line.color));
    }
    out.append("<path d=\"").append(path).append("\" ").append(stroke(line)).append("/>\n").append(dots);
  }

  private static String stroke(Line line) {
    return "fill=\"none\" stroke=\"" + line.color + "\" stroke-width=\"2.25\""
        + (line.dashed ? " stroke-dasharray=\"6 4\"" : "");
  }

  private double x(double rate) {
    return LEFT + rate / mostRate * (WIDTH - LEFT - RIGHT);
  }

  private double y(double millis) {
    return HEIGHT - BOTTOM - (Math.log10(millis) - lowest) / (highest - lowest) * (HEIGHT - TOP - BOTTOM);
  }

  private static String number(double value) {
    return value >= 1 || value == 0 ? Table.count(value) : Double.toString(value);
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;");
  }
}
