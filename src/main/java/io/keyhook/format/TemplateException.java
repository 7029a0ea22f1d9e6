package io.keyhook.format;

/** Says what is wrong with a template, and in which line. */
public final class TemplateException extends Exception {
  TemplateException(int line, String problem) {
    this("line " + line + ": " + problem);
  }

  TemplateException(String problem) {
    super(problem, null, false, false);
  }
}
