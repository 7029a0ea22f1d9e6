package io.keyhook.db;

import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * A statement about accounts of one shard. {@link Shards} sends it to the shard's own server, or through Citus inside a
 * function. Either way Citus does not plan it, which would refuse or split some forms: it may do anything that PostgreSQL can.
 *
 * @param sql with the tables' names. It reads and writes none but tables that are distributed by account, and all that it does
 *     depends on the first of its parameters that is an array: a batch.
 * @param types of the parameters, in order
 * @param columns of the result with their types, as in a column definition list; empty: it has none
 */
public record ShardStatement(String sql, List<String> types, String columns) {
  private static final Pattern TABLE = Pattern.compile("\\bkeyhook\\.(\\w+)");
  private static final Pattern PARAMETER = Pattern.compile("\\$(\\d+)");
  private static final Pattern CHANGE = Pattern.compile("\\b(INSERT INTO|UPDATE|DELETE FROM) keyhook\\.");
  private static final String QUOTE = "$keyhook$";
  /**
   * Changes nothing, but lets Citus take the statement for a change of the shard: it then waits for a move of the shard, which
   * would lose the change otherwise (two moves lost 990 of 1,500), and commits in two phases where several shards change.
   */
  private static final String CHANGES =
      "WITH locked AS (UPDATE keyhook.account SET plan = plan WHERE account_id = $%1$d AND false) ";

  /** One that returns no rows. */
  public ShardStatement(String sql, List<String> types) {
    this(sql, types, "");
  }

  private boolean isChange() {
    return CHANGE.matcher(sql).find();
  }

  /**
   * The statement for the server that has the shard. Where it reads the batch, it makes sure that the shard is there, and stays
   * until the transaction ends if it changes rows.
   */
  String on(Map<String, String> names) {
    String shard = names.get("account");
    String batch = batch();
    return named(sql, names).replaceFirst(Pattern.quote(batch), Matcher.quoteReplacement("keyhook.in_shard(%s, %s, %s)"
        .formatted(shard.substring(shard.lastIndexOf('_') + 1), isChange(), batch)));
  }

  /** The parameter that is the batch, as the statement names it. Others may come before it in the text. */
  private String batch() {
    int first = IntStream.range(0, types.size()).filter(i -> types.get(i).endsWith("[]")).findFirst().orElseThrow();
    return "$" + (first + 1) + "::" + types.get(first);
  }

  /** The statement that Citus sends to the shard. Its last parameter is an account of that shard. */
  String through(Map<String, String> names) {
    StringBuilder arguments = new StringBuilder();
    for (int i = 1; i <= types.size(); i++) {
      arguments.append(i == 1 ? "" : ", ").append('$').append(i).append("::").append(types.get(i - 1)).append("::text");
    }
    return (isChange() ? CHANGES : "").formatted(types.size() + 1) + """
        SELECT r.* FROM keyhook.account a
        CROSS JOIN keyhook.run_on_shard(a.tableoid, '%s', %s, ARRAY[%s]) r (%s)
        WHERE a.account_id = $%d""".formatted(names.get("account"), QUOTE + local(names) + QUOTE, arguments,
        columns.isEmpty() ? "changed boolean" : columns,
        types.size() + 1);
  }

  /** What PostgreSQL carries out on the shard: parameters come as one array of text, and each is converted once. */
  private String local(Map<String, String> names) {
    return PARAMETER.matcher(named(columns.isEmpty() ? sql + " RETURNING true" : sql, names)).replaceAll(parameter -> {
      String type = types.get(Integer.parseInt(parameter.group(1)) - 1);
      return Matcher.quoteReplacement("((SELECT ($1)[%s]::%s)::%2$s)".formatted(parameter.group(1), type));
    });
  }

  private static String named(String sql, Map<String, String> names) {
    return TABLE.matcher(sql).replaceAll(table ->
        Matcher.quoteReplacement(names.getOrDefault(table.group(1), table.group())));
  }
}
