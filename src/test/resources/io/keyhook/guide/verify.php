<?php

/**
 * Tells whether a delivery comes from Keyhook, unchanged. If not: answer 401, and do nothing with the body.
 *
 * @param string $body the raw bytes of the request, as they came: file_get_contents('php://input'), because parsing and
 *     writing JSON again changes the bytes
 * @param string|null $signature the header X-Webhook-Signature: $_SERVER['HTTP_X_WEBHOOK_SIGNATURE'] ?? null
 * @param string $secret the webhook's secret, whole: whsec_ belongs to it
 */
function isFromKeyhook(string $body, ?string $signature, string $secret): bool
{
    $expected = hash_hmac('sha256', $body, $secret);
    // Takes the same time wherever the two differ, so that nobody can find the signature by measuring.
    return hash_equals($expected, $signature ?? '');
}

// To try it in a shell: WEBHOOK_SECRET=whsec_... php verify.php <signature> < body
if (PHP_SAPI === 'cli' && realpath($_SERVER['SCRIPT_FILENAME']) === __FILE__) {
    $body = file_get_contents('php://stdin');
    exit(isFromKeyhook($body, $argv[1] ?? null, getenv('WEBHOOK_SECRET')) ? 0 : 1);
}
