package io.keyhook.guide;

import io.keyhook.http.GuideFrame;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jsoup.Jsoup;
import org.jsoup.nodes.Document;
import org.jsoup.nodes.Element;

/** The pages of the guide, in their frame, and the code that they show. */
public final class Guide {
  public static final Path DIRECTORY = Path.of("src/main/resources/io/keyhook/http/web/docs");

  private static final Path FRAME = DIRECTORY.resolve(GuideFrame.FILE);

  private Guide() {}

  /**
   * A page.
   *
   * @param name as in its URL; {@code index} for the first one
   */
  public record Page(String name, Document html) {
    public List<Block> blocks() {
      return html.select("figure.code").stream().map(Block::of).toList();
    }

    /**
     * The code of a section.
     *
     * @param id of the section's heading
     */
    List<Block> blocksOf(String id) {
      List<Block> blocks = new ArrayList<>();
      for (Element next = html.getElementById(id).nextElementSibling(); next != null && !next.normalName().equals("h2");
          next = next.nextElementSibling()) {
        if (next.is("figure.code")) {
          blocks.add(Block.of(next));
        }
      }
      return blocks;
    }

    /** The code of a file that the page shows. */
    Block file(String file) {
      return blocks().stream().filter(block -> file.equals(block.file)).findAny().orElseThrow();
    }

    @Override
    public String toString() {
      return name;
    }
  }

  /**
   * A piece of code.
   *
   * @param label which of several it is, by its language; empty: it is for all
   * @param file the path under which readers are to keep it; empty: it is not a file
   * @param isRun false where the page shows what no test can do
   */
  public record Block(String language, String label, String file, boolean isRun, String text) {
    private static Block of(Element figure) {
      return new Block(figure.attr("data-language"), figure.attr("data-label"), figure.attr("data-file"),
          !figure.attr("data-run").equals("no"), figure.selectFirst("pre > code").wholeText() + "\n");
    }

    boolean isFile() {
      return !file.isEmpty();
    }

    boolean isShell() {
      return language.equals("sh") && isRun;
    }

    Path writeTo(Path directory) throws IOException {
      Path whole = directory.resolve(file);
      Files.createDirectories(whole.getParent());
      return Files.writeString(whole, text);
    }
  }

  static List<Page> pages() {
    try (Stream<Path> files = Files.list(DIRECTORY)) {
      return files.filter(file -> file.toString().endsWith(".html") && !file.equals(FRAME)).sorted().map(Guide::read).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static Page page(String name) {
    return read(DIRECTORY.resolve(name + ".html"));
  }

  private static Page read(Path file) {
    try {
      String name = file.getFileName().toString().replace(".html", "");
      String href = name.equals("index") ? "./" : name;
      return new Page(name, Jsoup.parse(new GuideFrame(Files.readString(FRAME)).around(href, Files.readString(file))));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
