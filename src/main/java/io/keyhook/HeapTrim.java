package io.keyhook;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.OperatingSystemMXBean;
import com.sun.management.VMOption;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * Returns memory that the heap does not need to the operating system. By itself, Java's default collector (G1) lets a heap that
 * is far below its limit, a quarter of the machine's memory, grow until collections take less than 1 % of the time, and never
 * makes it smaller unless old objects fill it. So while the heap is not small, this asks now and then for a collection that finds
 * what is still in use, and after which G1 adapts the heap's size: soon when it has grown, and ever more rarely while that returns
 * nothing. It does not ask while the process is busy, nor soon after, because a load that comes in bursts is carried best by the
 * heap that the last burst has left. It asks through options that may change while the process runs: with
 * {@code G1PeriodicGCInterval}, G1 begins a collection when there was none for so long.
 *
 * <p>Does nothing with another collector, and where one of these options is set on the command line. Belongs to one thread.
 */
final class HeapTrim {
  /** Between two calls of {@link #check}. */
  static final long INTERVAL_MILLIS = 1_000;
  /** A heap up to this is small. */
  static final long SMALL_BYTES = 96 << 20;
  /** Calls of {@link #check} between two collections that it asks for. They double with each that returned nothing. */
  private static final int PAUSE = 2;
  private static final int MAX_PAUSE = 128;
  /** A process that computes on more than this part of the processors is busy. */
  private static final int BUSY_PART = 4;
  /** Calls of {@link #check} without that until the first collection is asked for. */
  static final int CALM = 30;
  private static final String PERIODIC = "G1PeriodicGCInterval";
  /** How much of the heap is left free when its size is adapted: at least, and at most. */
  private static final Map<String, String> FREE = Map.of("MinHeapFreeRatio", "20", "MaxHeapFreeRatio", "50");
  private static final String MILLIS = "500";
  private static final String OFF = "0";

  private final HotSpotDiagnosticMXBean options;
  private final MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
  private final OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
  private final long least;
  private long cpuNanos = system.getProcessCpuTime();
  private int calm;
  private int pause = PAUSE;
  private int paused;
  private boolean asks;
  /** The heap when a collection was last asked for. */
  private long before;

  private HeapTrim(HotSpotDiagnosticMXBean options) {
    this.options = options;
    this.least = Math.max(SMALL_BYTES, Long.parseLong(options.getVMOption("MinHeapSize").getValue()));
    FREE.forEach(options::setVMOption);
  }

  /** Returns empty where the heap's size is left to Java. */
  static Optional<HeapTrim> ofThisProcess() {
    HotSpotDiagnosticMXBean options = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
    boolean isG1 = ManagementFactory.getMemoryPoolMXBeans().stream().anyMatch(pool -> pool.getName().equals("G1 Old Gen"));
    return isG1 && isLeftToJava(options) ? Optional.of(new HeapTrim(options)) : Optional.empty();
  }

  private static boolean isLeftToJava(HotSpotDiagnosticMXBean options) {
    Set<String> changeable = options.getDiagnosticOptions().stream()
        .filter(option -> option.getOrigin() != VMOption.Origin.VM_CREATION).map(VMOption::getName).collect(Collectors.toSet());
    return changeable.contains(PERIODIC) && changeable.containsAll(FREE.keySet());
  }

  /** Asks for a collection if it is time, and ends what it asked for the last time. */
  void check() {
    long committed = memory.getHeapMemoryUsage().getCommitted();
    calm = isBusy() ? 0 : Math.min(calm + 1, CALM);
    if (asks) {
      asks = false;
      options.setVMOption(PERIODIC, OFF);
      pause = committed < before ? PAUSE : Math.min(2 * pause, MAX_PAUSE);
      paused = 0;
    } else if (calm < CALM) {
      pause = PAUSE;
    } else if (committed > before) {
      pause = PAUSE;
      ask(committed);
    } else if (++paused >= pause) {
      ask(committed);
    }
  }

  private boolean isBusy() {
    long last = cpuNanos;
    cpuNanos = system.getProcessCpuTime();
    return TimeUnit.NANOSECONDS.toMillis(cpuNanos - last) * BUSY_PART > INTERVAL_MILLIS * system.getAvailableProcessors();
  }

  private void ask(long committed) {
    if (committed > least) {
      asks = true;
      options.setVMOption(PERIODIC, MILLIS);
    }
    before = committed;
  }
}
