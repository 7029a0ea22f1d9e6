package io.keyhook.db;

/**
 * A server of a Citus cluster that has shards, as the cluster knows it ({@code pg_dist_node}).
 *
 * @param host a name or an address
 */
record Worker(String host, int port) {}
