package io.keyhook.bus;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.eventbus.MessageCodec;

/**
 * Passes messages by reference: immutable records, and requests with the promise of their response. They never leave the node,
 * because they are sent to local consumers only.
 */
record LocalCodec(String name) implements MessageCodec<Object, Object> {
  @Override
  public Object transform(Object message) {
    return message;
  }

  @Override
  public void encodeToWire(Buffer buffer, Object message) {
    throw new UnsupportedOperationException("Keyhook's messages stay on their node");
  }

  @Override
  public Object decodeFromWire(int pos, Buffer buffer) {
    throw new UnsupportedOperationException("Keyhook's messages stay on their node");
  }

  @Override
  public byte systemCodecID() {
    return -1;
  }
}
