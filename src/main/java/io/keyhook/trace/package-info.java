/** Spans, apart from the library that records them: without {@code io.opentelemetry} on the class path, nothing is recorded. */
package io.keyhook.trace;
