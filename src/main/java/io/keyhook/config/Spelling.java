package io.keyhook.config;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/** Guesses which name was meant. */
final class Spelling {
  private Spelling() {}

  /** The candidate that differs in few letters, or else one that is the name, only deeper; empty where none is close. */
  static Optional<String> nearest(String name, Collection<String> candidates) {
    int close = Math.max(2, name.length() / 5);
    return candidates.stream()
        .filter(candidate -> Math.abs(candidate.length() - name.length()) <= close)
        .filter(candidate -> distance(name, candidate) <= close)
        .min(Comparator.comparingInt(candidate -> distance(name, candidate)))
        .or(() -> candidates.stream().filter(candidate -> candidate.endsWith("." + name)).findFirst());
  }

  /** Letters to insert, delete or replace (Levenshtein), upper and lower case being the same. */
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        boolean same = Character.toLowerCase(a.charAt(i - 1)) == Character.toLowerCase(b.charAt(j - 1));
        int replaced = diagonal + (same ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return row[b.length()];
  }
}
