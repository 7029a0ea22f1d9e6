// Receivers that verify a delivery before they believe it. The secret is put in as a setting, not into the code.

const NODE = `import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

const secret = process.env.KEYHOOK_SECRET;

createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks); // the raw bytes: verify before parsing

  const expected = createHmac('sha256', secret).update(body).digest();
  const genuine = ['x-webhook-signature', 'x-webhook-signature-previous'].some(name => { // two during a rotation
    const given = Buffer.from(request.headers[name] ?? '', 'hex');
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
  if (!genuine) {
    response.writeHead(401).end();
    return;
  }
  const { event, deliveryId, data } = JSON.parse(body);
  console.log(event, deliveryId, data.licenseKey);
  response.writeHead(200).end(); // at once; work afterwards
}).listen(9000);`;

const PYTHON = `import hashlib, hmac, json, os
from http.server import BaseHTTPRequestHandler, HTTPServer

SECRET = os.environ["KEYHOOK_SECRET"].encode()

class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        # the raw bytes: verify before parsing
        body = self.rfile.read(int(self.headers["Content-Length"]))
        expected = hmac.new(SECRET, body, hashlib.sha256).hexdigest()
        given = [self.headers.get(name, "") for name in ("X-Webhook-Signature", "X-Webhook-Signature-Previous")]
        if not any(hmac.compare_digest(expected.encode(), one.encode()) for one in given):  # two during a rotation
            self.send_response(401)
            self.end_headers()
            return
        delivery = json.loads(body)
        self.send_response(200)  # at once; work afterwards
        self.end_headers()
        print(delivery["event"], delivery["deliveryId"])

HTTPServer(("", 9000), Receiver).serve_forever()`;

const PHP = `<?php
$secret = getenv('KEYHOOK_SECRET');
$body = file_get_contents('php://input'); // the raw bytes: verify before parsing

$expected = hash_hmac('sha256', $body, $secret);
if (!hash_equals($expected, $_SERVER['HTTP_X_WEBHOOK_SIGNATURE'] ?? '')
    && !hash_equals($expected, $_SERVER['HTTP_X_WEBHOOK_SIGNATURE_PREVIOUS'] ?? '')) { // two during a rotation
    http_response_code(401);
    exit;
}
$delivery = json_decode($body, true, 512, JSON_THROW_ON_ERROR);
error_log($delivery['event'] . ' ' . $delivery['deliveryId']);
http_response_code(200); // at once; work afterwards`;

const JAVA = `import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.stream.Stream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

public class Receiver {
  public static void main(String[] args) throws Exception {
    byte[] secret = System.getenv("KEYHOOK_SECRET").getBytes(StandardCharsets.UTF_8);
    HttpServer server = HttpServer.create(new InetSocketAddress(9000), 0);
    server.createContext("/", exchange -> {
      byte[] body = exchange.getRequestBody().readAllBytes(); // the raw bytes: verify before parsing
      byte[] expected = signature(secret, body).getBytes(StandardCharsets.UTF_8);
      boolean genuine = Stream.of("X-Webhook-Signature", "X-Webhook-Signature-Previous") // two during a rotation
          .map(exchange.getRequestHeaders()::getFirst)
          .anyMatch(given -> given != null && MessageDigest.isEqual(expected, given.getBytes(StandardCharsets.UTF_8)));
      exchange.sendResponseHeaders(genuine ? 200 : 401, -1); // at once; work afterwards
      exchange.close();
    });
    server.start();
  }

  static String signature(byte[] secret, byte[] body) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(secret, "HmacSHA256"));
      return HexFormat.of().formatHex(mac.doFinal(body));
    } catch (java.security.GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }
}`;

const GO = `package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"log"
	"net/http"
	"os"
)

func main() {
	secret := []byte(os.Getenv("KEYHOOK_SECRET"))
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body) // the raw bytes: verify before parsing
		if err != nil {
			http.Error(w, "unreadable", http.StatusBadRequest)
			return
		}
		mac := hmac.New(sha256.New, secret)
		mac.Write(body)
		expected := []byte(hex.EncodeToString(mac.Sum(nil)))
		if !hmac.Equal(expected, []byte(r.Header.Get("X-Webhook-Signature"))) &&
			!hmac.Equal(expected, []byte(r.Header.Get("X-Webhook-Signature-Previous"))) { // two during a rotation
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.WriteHeader(http.StatusOK) // at once; work afterwards
	})
	log.Fatal(http.ListenAndServe(":9000", nil))
}`;

export const SNIPPETS = [['node', 'Node.js', NODE], ['python', 'Python', PYTHON], ['php', 'PHP', PHP], ['java', 'Java', JAVA], ['go', 'Go', GO]];
