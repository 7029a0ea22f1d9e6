package io.keyhook;

/** A part of Keyhook's HTTP interface that a host can mount or leave out. */
public enum RouterPart {
  /** The calls below {@code /api}, and {@code /openapi.json}. */
  API,
  /** The dashboard, at the mount point. It needs {@link #API}, and the WebJars of Preact and htm on the class path. */
  DASHBOARD,
  /** The guide, below {@code /docs}. It needs the same libraries as the dashboard. */
  GUIDE,
  /** {@code /health/live} and {@code /health/ready}. */
  PROBES,
  /** {@code /metrics}, unless the host passed a registry of its own. */
  METRICS
}
