package io.keyhook.db;

import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;

/** Runs statements about accounts that have their rows in one shard. See {@link Shards}. */
public interface ShardClient {
  Future<RowSet<Row>> run(ShardStatement statement, Tuple parameters);
}
