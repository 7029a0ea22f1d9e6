package io.keyhook.http;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.JarURLConnection;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The dashboard and the guide: all files in {@code web/} next to this class, and their libraries.
 *
 * <p>A page's path is its name without {@code .html}. All other files are below {@code assets/<hash of all of them>/}, so that
 * modules find each other by relative names, and browsers can cache them forever. Pages refer to such files by their place
 * in {@code web/}; the served page has the names with the hash.
 */
final class WebFiles {
  /** The files of the component library: their names here, and in their WebJars. */
  private static final Map<String, String> LIBRARIES = Map.of(
      "vendor/preact.js", "/META-INF/resources/webjars/preact/10.27.2/dist/preact.module.js",
      "vendor/hooks.js", "/META-INF/resources/webjars/preact/10.27.2/hooks/dist/hooks.module.js",
      "vendor/htm.js", "/META-INF/resources/_static/htm/3.1.1/dist/htm.module.js");
  /** The artifacts that have {@link #LIBRARIES}, by a file of each. */
  private static final Map<String, String> ARTIFACTS = Map.of(
      LIBRARIES.get("vendor/preact.js"), "org.webjars.npm:preact:10.27.2",
      LIBRARIES.get("vendor/htm.js"), "org.mvnpm:htm:3.1.1");
  /** Browsers do not resolve package names, and an import map would be an inline script. */
  private static final String PACKAGE = "from\"preact\"";
  private static final String MODULE = "from\"./preact.js\"";
  private static final String INDEX = "index.html";
  private static final String PAGE = ".html";
  private static final String GUIDE = "docs/";
  /** The guide's article for unknown pages of its own. */
  private static final String NOT_FOUND_IN_GUIDE = "not-found-in-guide.html";
  /** For all other unknown pages. */
  private static final String NOT_FOUND = "not-found.html";
  /** The start of a link or reference that is relative to its page. */
  private static final Pattern RELATIVE = Pattern.compile("(?<=(?:href|src)=\")(?![a-z]+:|[/#])");
  /** {@code href} or {@code src} of one of our files that is not a page. */
  private static final Pattern REFERENCE =
      Pattern.compile("(?<=(?:href|src)=\")(?![a-z]+:|[/#])[^\"?#]+\\.(?:js|css|svg|png)(?=\")");
  /** A placeholder for preloading all modules of a directory. */
  private static final Pattern PRELOAD = Pattern.compile("<!-- preload (\\S+) -->");

  private final Map<String, WebFile> byPath;
  /** For unknown pages of the guide, as seen from its directory. */
  private final String notFoundInGuide;
  /** For all other unknown pages, as seen from the root. */
  private final String notFound;

  private WebFiles(Map<String, WebFile> byPath, String notFoundInGuide, String notFound) {
    this.byPath = Map.copyOf(byPath);
    this.notFoundInGuide = notFoundInGuide;
    this.notFound = notFound;
  }

  /**
   * @param path relative to the router's mount point, without a leading slash
   * @return null if there is no such file
   */
  WebFile at(String path) {
    return byPath.get(path);
  }

  /**
   * Returns the page for an unknown path.
   *
   * @param path as for {@link #at}: what the page refers to is relative to it
   */
  String notFound(String path) {
    boolean inGuide = path.startsWith(GUIDE);
    String below = inGuide ? path.substring(GUIDE.length()) : path;
    return RELATIVE.matcher(inGuide ? notFoundInGuide : notFound).replaceAll("../".repeat((int) below.chars().filter(c -> c == '/').count()));
  }

  /** The artifacts that are not on the class path, by name; a host may leave them out. */
  static List<String> missingArtifacts() {
    return ARTIFACTS.entrySet().stream().filter(artifact -> WebFiles.class.getResource(artifact.getKey()) == null)
        .map(Map.Entry::getValue).sorted().toList();
  }

  /** Blocks. */
  static WebFiles load() {
    SortedMap<String, byte[]> files = new TreeMap<>();
    try {
      read(WebFiles.class.getResource("web/" + INDEX), files);
      for (Map.Entry<String, String> library : LIBRARIES.entrySet()) {
        String code = content(library.getValue()).replace(PACKAGE, MODULE);
        files.put(library.getKey(), code.getBytes(StandardCharsets.UTF_8));
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Could not read the files of the dashboard", e);
    }
    files.put(VerificationCode.MODULE,
        VerificationCode.module(text(files.get(VerificationCode.PAGE))).getBytes(StandardCharsets.UTF_8));
    GuideFrame frame = new GuideFrame(text(files.remove(GUIDE + GuideFrame.FILE)));
    String notFoundInGuide = frame.aroundUnlisted(text(files.remove(NOT_FOUND_IN_GUIDE)));
    String notFound = text(files.remove(NOT_FOUND));
    String assets = "assets/" + version(files) + "/";
    Map<String, WebFile> byPath = new HashMap<>();
    files.forEach((name, bytes) -> {
      if (name.endsWith(PAGE)) {
        String html = name.startsWith(GUIDE) ? frame.around(href(name), text(bytes)) : text(bytes);
        byPath.put(pagePath(name), WebFile.of(name, page(name, html, assets, files.keySet())));
      } else {
        byPath.put(assets + name, WebFile.of(name, bytes));
      }
    });
    return new WebFiles(byPath, text(page(GUIDE + NOT_FOUND_IN_GUIDE, notFoundInGuide, assets, files.keySet())),
        text(page(NOT_FOUND, notFound, assets, files.keySet())));
  }

  /** Of a directory or of a jar, whichever this class came in. */
  private static void read(URL index, Map<String, byte[]> files) throws IOException {
    if (index.openConnection() instanceof JarURLConnection connection) {
      connection.setUseCaches(false); // or this would close the class loader's
      String directory = connection.getEntryName().substring(0, connection.getEntryName().length() - INDEX.length());
      try (JarFile jar = connection.getJarFile()) {
        Iterable<JarEntry> entries = jar.stream()
            .filter(entry -> !entry.isDirectory() && entry.getName().startsWith(directory))::iterator;
        for (JarEntry entry : entries) {
          try (InputStream in = jar.getInputStream(entry)) {
            files.put(entry.getName().substring(directory.length()), in.readAllBytes());
          }
        }
      }
    } else {
      Path directory = Path.of(uri(index)).getParent();
      try (Stream<Path> paths = Files.walk(directory)) {
        for (Path path : paths.filter(Files::isRegularFile).toList()) {
          files.put(directory.relativize(path).toString().replace('\\', '/'), Files.readAllBytes(path));
        }
      }
    }
  }

  private static URI uri(URL url) {
    try {
      return url.toURI();
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String content(String resource) throws IOException {
    try (InputStream in = WebFiles.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IOException(resource + " is not on the class path");
      }
      return text(in.readAllBytes());
    }
  }

  private static String version(SortedMap<String, byte[]> files) {
    String all = files.entrySet().stream().filter(file -> !file.getKey().endsWith(PAGE))
        .map(file -> file.getKey() + ' ' + WebFile.hash(file.getValue())).collect(Collectors.joining("\n"));
    return WebFile.hash(all.getBytes(StandardCharsets.UTF_8)).substring(0, 16);
  }

  private static String pagePath(String name) {
    String path = name.substring(0, name.length() - PAGE.length());
    return path.equals("index") || path.endsWith("/index") ? path.substring(0, path.length() - "index".length()) : path;
  }

  /** Of a page of the guide, in another one. */
  private static String href(String name) {
    String path = pagePath(name).substring(GUIDE.length());
    return path.isEmpty() ? "./" : path;
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private static byte[] page(String name, String source, String assets, Collection<String> names) {
    Path directory = Path.of("/" + name).getParent();
    String toRoot = "../".repeat(directory.getNameCount());
    String html = PRELOAD.matcher(source).replaceAll(preload -> names.stream()
        .filter(other -> other.startsWith(preload.group(1)))
        .map(module -> "<link rel=\"modulepreload\" href=\"" + toRoot + module + "\">")
        .collect(Collectors.collectingAndThen(Collectors.joining(), Matcher::quoteReplacement)));
    return REFERENCE.matcher(html).replaceAll(reference -> {
      String target = directory.resolve(reference.group()).normalize().toString().substring(1).replace('\\', '/');
      if (!names.contains(target)) {
        throw new IllegalStateException(name + " refers to " + reference.group() + ", which does not exist");
      }
      return Matcher.quoteReplacement(toRoot + assets + target);
    }).getBytes(StandardCharsets.UTF_8);
  }
}
