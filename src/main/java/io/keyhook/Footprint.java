package io.keyhook;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.VMOption;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import javax.management.JMException;
import javax.management.ObjectName;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Returns memory that a process with little to do does not need to the system: G1 keeps the heap that a start or a burst took, and
 * glibc keeps what the JVM's compilers freed. It costs nothing under load. An option that the administrator sets stays as it is.
 * Other JVMs and collectors run as they do without this. Any thread.
 */
final class Footprint {
  private static final Logger log = LoggerFactory.getLogger(Footprint.class);
  /** A JVM that has not collected for so many milliseconds marks, and then G1 returns most of what is free. */
  private static final String IDLE_OPTION = "G1PeriodicGCInterval";
  private static final String IDLE = "10000";
  /** Trimming takes some milliseconds of one core. */
  private static final Duration TRIM_PERIOD = Duration.ofSeconds(30);
  private static final String DIAGNOSTIC_COMMANDS = "com.sun.management:type=DiagnosticCommand";
  private static final String TRIM = "systemTrimNativeHeap";

  private Footprint() {}

  /**
   * Returns what the start took and is no longer needed, and from then on what is idle.
   *
   * @return whether the JVM can trim its native heap
   */
  static Future<Boolean> keep(Vertx vertx) {
    collectWhenIdle();
    return vertx.executeBlocking(Footprint::trim, false).onSuccess(can -> {
      if (can) {
        vertx.setPeriodic(TRIM_PERIOD.toMillis(), id -> vertx.executeBlocking(Footprint::trim, false));
      }
    });
  }

  private static void collectWhenIdle() {
    HotSpotDiagnosticMXBean jvm = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
    try {
      if (jvm != null && jvm.getVMOption(IDLE_OPTION).getOrigin() == VMOption.Origin.DEFAULT) {
        jvm.setVMOption(IDLE_OPTION, IDLE);
      }
    } catch (IllegalArgumentException e) { // this JVM does not have it
      log.debug("The JVM keeps its heap", e);
    }
  }

  /** Returns false if this JVM cannot, as without glibc. */
  private static boolean trim() {
    try {
      long start = System.nanoTime();
      Object result = ManagementFactory.getPlatformMBeanServer().invoke(new ObjectName(DIAGNOSTIC_COMMANDS), TRIM, null, null);
      log.debug("Trimmed the native heap in {} us: {}", (System.nanoTime() - start) / 1000, result);
      return true;
    } catch (JMException e) {
      log.debug("The JVM does not trim its native heap", e);
      return false;
    }
  }
}
