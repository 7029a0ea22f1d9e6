package io.keyhook;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Every use of what lies beneath the API of Vert.x: its internal classes, which any release may change, and Netty. To change
 * one, change its row, and say why no public API does.
 */
@AnalyzeClasses(packages = "io.keyhook")
class InternalsTest {
  /**
   * @param user the one class that may, with those nested in it
   * @param used all that it uses
   */
  private record Use(String user, String reason, String... used) {}

  private static final List<Use> ALLOWED = List.of(
      new Use("io.keyhook.http.Answers",
          "HttpServerRequest.decoderResult is how Vert.x says which limit a request exceeded: 414, 431 or 400; the client's faults in "
              + "HTTP/2 come as Netty has them",
          "io.netty.handler.codec.DecoderResult",
          "io.netty.handler.codec.http.TooLongHttpHeaderException",
          "io.netty.handler.codec.http.TooLongHttpLineException",
          "io.netty.handler.codec.http2.Http2Exception"),
      new Use("io.keyhook.account.TokenSignatures",
          "JWTAuth parses a token before it checks the signature, and its keys are public in no other way",
          "io.vertx.ext.auth.impl.jose.JWK",
          "io.vertx.ext.auth.impl.jose.JWS"),
      new Use("io.keyhook.http.RequestDecoder",
          "Netty joins folded field lines in quadratic time, and Vert.x shows a request when that is done; it answers no body that "
              + "cannot be read, reads a connection that pipelines without a pause, and cannot end what it writes while it reads on",
          "io.netty.buffer.ByteBuf",
          "io.netty.buffer.Unpooled",
          "io.netty.channel.Channel",
          "io.netty.channel.ChannelConfig",
          "io.netty.channel.ChannelFuture",
          "io.netty.channel.ChannelHandlerContext",
          "io.netty.channel.ChannelPipeline",
          "io.netty.channel.FixedRecvByteBufAllocator",
          "io.netty.channel.RecvByteBufAllocator",
          "io.netty.channel.socket.DuplexChannel",
          "io.netty.handler.codec.DecoderResult",
          "io.netty.handler.codec.http.HttpContent",
          "io.netty.handler.codec.http.HttpRequest",
          "io.netty.handler.codec.http.LastHttpContent",
          "io.vertx.core.http.impl.HttpServerConnection",
          "io.vertx.core.http.impl.VertxHttpRequestDecoder"),
      new Use("io.keyhook.attempt.AttemptError",
          "the client fails with Netty's exceptions, and nothing else tells these errors apart",
          "io.netty.channel.ConnectTimeoutException",
          "io.netty.handler.codec.DecoderException",
          "io.netty.handler.codec.PrematureChannelClosureException",
          "io.netty.handler.proxy.ProxyConnectException",
          "io.netty.handler.ssl.SslClosedEngineException"),
      new Use("io.keyhook.attempt.OutgoingProxy",
          "Netty alone tells that the proxy, and not the endpoint, was not connected to",
          "io.netty.handler.proxy.ProxyConnectException"),
      new Use("io.keyhook.attempt.PoolAddress",
          "Vert.x keeps connections by address, and only an address that equals nothing else keeps the connections of two pools "
              + "apart while a proxy is asked for the plain address",
          "io.vertx.core.net.impl.SocketAddressImpl"),
      new Use("io.keyhook.attempt.FieldLines",
          "Netty refuses a whole response for one bad line of its head, and joins folded lines in quadratic time",
          "io.netty.buffer.ByteBuf"),
      new Use("io.keyhook.attempt.TlsOverhead",
          "records of TLS without content reach nothing above TLS, and each costs the event loop time",
          "io.netty.buffer.ByteBuf",
          "io.netty.channel.ChannelHandlerContext",
          "io.netty.channel.ChannelInboundHandlerAdapter",
          "io.netty.handler.codec.DecoderException"),
      new Use("io.keyhook.attempt.ReceiverCodec",
          "every byte of a response counts against its bound, interim responses are skipped, and what is no answer closes the "
              + "connection before it is used again: Vert.x knows only 100 and 103, and shows only the bytes of bodies",
          "io.netty.buffer.ByteBuf",
          "io.netty.channel.Channel",
          "io.netty.channel.ChannelFuture",
          "io.netty.channel.ChannelHandlerContext",
          "io.netty.channel.ChannelPromise",
          "io.netty.channel.CombinedChannelDuplexHandler",
          "io.netty.handler.codec.http.HttpHeaderNames",
          "io.netty.handler.codec.http.HttpHeaderValues",
          "io.netty.handler.codec.http.HttpHeaders",
          "io.netty.handler.codec.http.HttpRequest",
          "io.netty.handler.codec.http.HttpRequestEncoder",
          "io.netty.handler.codec.http.HttpResponse",
          "io.netty.handler.codec.http.HttpUtil",
          "io.netty.util.concurrent.EventExecutor",
          "io.netty.util.concurrent.ScheduledFuture"),
      new Use("io.keyhook.attempt.ReceiverDecoder",
          "Netty reads HTTP; what receivers send beside it is mended or dropped before, and what Netty cannot read behind a status "
              + "line does not fail the response",
          "io.netty.buffer.ByteBuf",
          "io.netty.channel.ChannelHandlerContext",
          "io.netty.handler.codec.DecoderResult",
          "io.netty.handler.codec.TooLongFrameException",
          "io.netty.handler.codec.http.HttpDecoderConfig",
          "io.netty.handler.codec.http.HttpMessage",
          "io.netty.handler.codec.http.HttpResponse",
          "io.netty.handler.codec.http.HttpResponseDecoder",
          "io.netty.handler.codec.http.HttpResponseStatus",
          "io.netty.handler.codec.http.HttpUtil",
          "io.netty.handler.codec.http.LastHttpContent"),
      new Use("io.keyhook.attempt.Persistence",
          "what a response means for its connection, by Netty's headers, which Vert.x does not show before it uses the connection again",
          "io.netty.buffer.ByteBuf",
          "io.netty.handler.codec.http.HttpHeaderNames",
          "io.netty.handler.codec.http.HttpHeaderValues",
          "io.netty.handler.codec.http.HttpHeaders",
          "io.netty.handler.codec.http.HttpResponse",
          "io.netty.handler.codec.http.HttpResponseStatus",
          "io.netty.handler.codec.http.HttpUtil",
          "io.netty.handler.codec.http.HttpVersion",
          "io.netty.util.AsciiString"),
      new Use("io.keyhook.attempt.Sockets",
          "Vert.x cannot cancel a connection that is being made, and only the event loop shows the socket of one",
          "io.netty.channel.Channel",
          "io.netty.channel.EventLoop",
          "io.vertx.core.internal.ContextBuilder",
          "io.vertx.core.internal.ContextInternal",
          "io.vertx.core.internal.VertxInternal",
          "io.vertx.core.internal.VertxWrapper"),
      new Use("io.keyhook.attempt.Call",
          "only the socket itself can be closed before it is a connection",
          "io.netty.channel.Channel"),
      new Use("io.keyhook.attempt.TlsSessions",
          "clients share sessions only where they share Netty's context, and its cache is bounded in no other way; only a "
              + "handler can be given the workers that compute handshakes",
          "io.netty.buffer.ByteBufAllocator",
          "io.netty.handler.ssl.DelegatingSslContext",
          "io.netty.handler.ssl.SslContext",
          "io.netty.handler.ssl.SslHandler",
          "io.netty.handler.ssl.SslProvider"),
      new Use("io.keyhook.attempt.Wire",
          "only a reset of the HttpClientRequest ends an exchange in time and frees its connection, and WebClient shows it to "
              + "interceptors alone; only the connection's pipeline takes ReceiverCodec",
          "io.netty.channel.ChannelHandlerContext",
          "io.netty.channel.ChannelPipeline",
          "io.netty.handler.codec.http.HttpClientCodec",
          "io.netty.handler.codec.http.HttpDecoderConfig",
          "io.vertx.core.http.impl.HttpClientBuilderInternal",
          "io.vertx.core.http.impl.HttpClientConnectionInternal",
          "io.vertx.ext.web.client.impl.ClientPhase",
          "io.vertx.ext.web.client.impl.HttpContext",
          "io.vertx.ext.web.client.impl.WebClientInternal"),
      new Use("io.keyhook.attempt.StatusLine",
          "Netty takes the rest of a response for the status line of the next",
          "io.netty.buffer.ByteBuf"),
      new Use("io.keyhook.attempt.ChunkSizeLines",
          "Netty refuses chunk-size lines that receivers send",
          "io.netty.buffer.ByteBuf"),
      new Use("io.keyhook.http.SessionCookies",
          "Vert.x shows one of two cookies with the same name, and another host of the domain may have set it",
          "io.netty.handler.codec.http.cookie.Cookie",
          "io.netty.handler.codec.http.cookie.ServerCookieDecoder"),
      new Use("io.keyhook.target.DnsResolver",
          "the target policy judges every address of a name, and Vert.x does not wait for AAAA records where there are A records",
          "io.netty.handler.codec.dns.DnsResponseCode",
          "io.netty.resolver.dns.DnsErrorCauseException",
          "io.netty.resolver.dns.DnsNameResolver",
          "io.netty.resolver.dns.DnsNameResolverBuilder",
          "io.netty.util.concurrent.Future",
          "io.vertx.core.dns.impl.DnsAddressResolverProvider",
          "io.vertx.core.internal.ContextInternal",
          "io.vertx.core.internal.PromiseInternal",
          "io.vertx.core.internal.VertxInternal",
          "io.vertx.core.internal.resolver.NameResolver"),
      new Use("io.keyhook.testing.Proxy",
          "a test resets connections of the database (RST), which NetSocket.close does not",
          "io.netty.channel.Channel",
          "io.netty.channel.ChannelConfig",
          "io.netty.channel.ChannelHandlerContext",
          "io.netty.channel.ChannelOption",
          "io.netty.channel.EventLoop",
          "io.vertx.core.internal.net.NetSocketInternal"));

  private static final DescribedPredicate<JavaClass> BENEATH =
      resideInAnyPackage("io.netty..", "io.vertx..impl..", "io.vertx..internal..");

  @ArchTest
  static void eachUseHasItsRowAndEachRowItsUse(JavaClasses classes) {
    Set<String> uses = classes.stream().flatMap(type -> type.getDirectDependenciesFromSelf().stream())
        .filter(dependency -> BENEATH.test(dependency.getTargetClass().getBaseComponentType()))
        .map(dependency -> line(outermost(dependency.getOriginClass()),
            outermost(dependency.getTargetClass().getBaseComponentType())))
        .collect(Collectors.toSet());
    assertThat(uses).containsExactlyInAnyOrderElementsOf(ALLOWED.stream()
        .flatMap(use -> Stream.of(use.used()).map(used -> line(use.user(), used))).toList());
  }

  private static String line(String user, String used) {
    return user + " uses " + used;
  }

  /** Each reason stands at the first of these imports, too. */
  @ArchTest
  static void eachReasonStandsWhereTheImportsAre(JavaClasses classes) throws IOException {
    for (Use use : ALLOWED) {
      String file = use.user().replace('.', '/') + ".java";
      Path source = Stream.of("src/main/java", "src/test/java").map(root -> Path.of(root, file)).filter(Files::exists)
          .findFirst().orElseThrow();
      String comments = Files.readAllLines(source).stream().takeWhile(line -> !line.contains("class ") && !line.contains("enum "))
          .filter(line -> line.startsWith("// ")).map(line -> line.substring(3)).collect(Collectors.joining(" "));
      assertThat(comments).as(use.user())
          .isEqualTo(use.reason().substring(0, 1).toUpperCase(Locale.ROOT) + use.reason().substring(1) + ".");
    }
  }

  private static String outermost(JavaClass type) {
    return type.getEnclosingClass().map(InternalsTest::outermost).orElse(type.getName());
  }
}
