package io.keyhook.testing;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What may stand in no log: what looks like a secret, and every secret of this run that does not. */
public final class Secrets {
  private static final int SHORTEST = 8;

  /** Webhook secrets, API keys, tokens, generated license keys, hashes of passwords, and what carries secrets. */
  private static final Pattern FORMS = Pattern.compile("whsec_[A-Za-z0-9+/]{8,}|\\bkh_[A-Za-z0-9_]{20,}"
      + "|eyJ[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]{8,}|\\b[2-9A-HJKMNP-Z]{4}(?:-[2-9A-HJKMNP-Z]{4}){3}\\b"
      + "|\\$argon2|-----BEGIN [A-Z ]*PRIVATE KEY|(?i:bearer) [A-Za-z0-9._~+/-]{8,}"
      + "|keyhook_session=[^\\s;*]{8,}|postgres(?:ql)?://[^:/@\\s]+:[^@\\s*]+@");
  private static final Pattern WORD = Pattern.compile("[A-Za-z0-9_+/-]+");

  private static final Set<String> WORDS = ConcurrentHashMap.newKeySet();
  private static final Set<String> PHRASES = ConcurrentHashMap.newKeySet();

  static {
    Stream.of(Node.PASSWORD, Node.API_KEY, Node.OPERATOR_KEY, Node.JWT_SECRET, Node.MASTER_KEY).forEach(Secrets::note);
  }

  private Secrets() {}

  /** One that may have any form. What is so short that other text may hold it by chance is left out. */
  public static void note(String secret) {
    if (secret != null && secret.length() >= SHORTEST) {
      String unpadded = secret.replaceFirst("=+$", "");
      (WORD.matcher(unpadded).matches() ? WORDS : PHRASES).add(unpadded);
    }
  }

  public static int noted() {
    return WORDS.size() + PHRASES.size();
  }

  /** Those that the text holds; none as a rule. */
  public static List<String> in(String text) {
    List<String> found = new ArrayList<>(FORMS.matcher(text).results().map(MatchResult::group).toList());
    WORD.matcher(text).results().map(MatchResult::group).filter(WORDS::contains).forEach(found::add);
    PHRASES.stream().filter(text::contains).forEach(found::add);
    return found;
  }
}
