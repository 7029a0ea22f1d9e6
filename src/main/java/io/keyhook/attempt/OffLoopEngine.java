package io.keyhook.attempt;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.BiFunction;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSession;

/**
 * An engine whose handshake also begins in a {@linkplain SSLEngine#getDelegatedTask() delegated task}. Java's engines make
 * the keys of a {@code ClientHello}, 1.5 ms of CPU on Java 17, wherever the handshake is begun, and so on the event loop.
 * Each call comes from one event loop, except for the tasks.
 */
final class OffLoopEngine extends SSLEngine {
  private final SSLEngine engine;
  private volatile State state = State.NEW;
  private SSLException failure;

  private enum State {
    NEW,
    /** The task that begins the handshake waits to be taken. */
    DUE,
    TAKEN,
    BEGUN
  }

  OffLoopEngine(SSLEngine engine) {
    super(engine.getPeerHost(), engine.getPeerPort());
    this.engine = engine;
  }

  @Override
  public void beginHandshake() throws SSLException {
    if (state == State.NEW) {
      state = State.DUE;
    } else if (state == State.BEGUN) {
      engine.beginHandshake();
    }
  }

  @Override
  public Runnable getDelegatedTask() {
    if (state == State.DUE) {
      state = State.TAKEN;
      return this::begin;
    }
    return isBeginning() ? null : engine.getDelegatedTask();
  }

  private void begin() {
    try {
      engine.beginHandshake();
    } catch (SSLException e) {
      failure = e;
    } finally {
      state = State.BEGUN;
    }
  }

  private boolean isBeginning() {
    return state == State.DUE || state == State.TAKEN;
  }

  @Override
  public HandshakeStatus getHandshakeStatus() {
    return isBeginning() ? HandshakeStatus.NEED_TASK : engine.getHandshakeStatus();
  }

  @Override
  public SSLEngineResult wrap(ByteBuffer[] sources, int offset, int length, ByteBuffer target) throws SSLException {
    return isBeginning() ? needsTask() : begun().wrap(sources, offset, length, target);
  }

  @Override
  public SSLEngineResult unwrap(ByteBuffer source, ByteBuffer[] targets, int offset, int length) throws SSLException {
    return isBeginning() ? needsTask() : begun().unwrap(source, targets, offset, length);
  }

  private static SSLEngineResult needsTask() {
    return new SSLEngineResult(SSLEngineResult.Status.OK, HandshakeStatus.NEED_TASK, 0, 0);
  }

  private SSLEngine begun() throws SSLException {
    if (failure != null) {
      throw failure;
    }
    return engine;
  }

  // The rest is the engine's.

  @Override
  public SSLParameters getSSLParameters() {
    return engine.getSSLParameters();
  }

  @Override
  public void setSSLParameters(SSLParameters parameters) {
    engine.setSSLParameters(parameters);
  }

  @Override
  public SSLSession getSession() {
    return engine.getSession();
  }

  @Override
  public SSLSession getHandshakeSession() {
    return engine.getHandshakeSession();
  }

  @Override
  public String getApplicationProtocol() {
    return engine.getApplicationProtocol();
  }

  @Override
  public String getHandshakeApplicationProtocol() {
    return engine.getHandshakeApplicationProtocol();
  }

  @Override
  public void setHandshakeApplicationProtocolSelector(BiFunction<SSLEngine, List<String>, String> selector) {
    engine.setHandshakeApplicationProtocolSelector(selector);
  }

  @Override
  public BiFunction<SSLEngine, List<String>, String> getHandshakeApplicationProtocolSelector() {
    return engine.getHandshakeApplicationProtocolSelector();
  }

  @Override
  public void closeInbound() throws SSLException {
    engine.closeInbound();
  }

  @Override
  public boolean isInboundDone() {
    return engine.isInboundDone();
  }

  @Override
  public void closeOutbound() {
    engine.closeOutbound();
  }

  @Override
  public boolean isOutboundDone() {
    return engine.isOutboundDone();
  }

  @Override
  public String[] getSupportedCipherSuites() {
    return engine.getSupportedCipherSuites();
  }

  @Override
  public String[] getEnabledCipherSuites() {
    return engine.getEnabledCipherSuites();
  }

  @Override
  public void setEnabledCipherSuites(String[] suites) {
    engine.setEnabledCipherSuites(suites);
  }

  @Override
  public String[] getSupportedProtocols() {
    return engine.getSupportedProtocols();
  }

  @Override
  public String[] getEnabledProtocols() {
    return engine.getEnabledProtocols();
  }

  @Override
  public void setEnabledProtocols(String[] protocols) {
    engine.setEnabledProtocols(protocols);
  }

  @Override
  public void setUseClientMode(boolean client) {
    engine.setUseClientMode(client);
  }

  @Override
  public boolean getUseClientMode() {
    return engine.getUseClientMode();
  }

  @Override
  public void setNeedClientAuth(boolean need) {
    engine.setNeedClientAuth(need);
  }

  @Override
  public boolean getNeedClientAuth() {
    return engine.getNeedClientAuth();
  }

  @Override
  public void setWantClientAuth(boolean want) {
    engine.setWantClientAuth(want);
  }

  @Override
  public boolean getWantClientAuth() {
    return engine.getWantClientAuth();
  }

  @Override
  public void setEnableSessionCreation(boolean enable) {
    engine.setEnableSessionCreation(enable);
  }

  @Override
  public boolean getEnableSessionCreation() {
    return engine.getEnableSessionCreation();
  }
}
