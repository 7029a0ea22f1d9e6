<?php
// As client.mjs.
require 'keyhook.php';

function show(array $result): void
{
    echo $result[0] ? 'true' : 'false', ' ', $result[1] ?? '-', "\n";
}

[, $command] = $argv;
$args = array_slice($argv, 2);
if ($command === 'webhook') {
    [$body, $id, $timestamp, $signatures, $secret] = $args;
    $headers = ['webhook-id' => $id, 'webhook-timestamp' => $timestamp, 'webhook-signature' => $signatures];
    echo Keyhook::verifyWebhook($body, $headers, $secret) ? 'true' : 'false', "\n";
} else {
    [$server, $tries, $seconds, $key, $fingerprint, $productId] = $args + [5 => null];
    $keys = json_decode(file_get_contents('keys.json'), true);
    $lease = getenv('LEASE') ?: 'lease.json';
    $keyhook = new Keyhook($server, $keys, $lease, (int) $tries, fn () => time() + (int) $seconds, $productId);
    if ($command === 'deactivate') {
        echo $keyhook->deactivate($key, $fingerprint) ? 'true' : 'false', "\n";
    } else {
        show($command === 'heartbeat' ? $keyhook->heartbeat($key, $fingerprint, 0) : $keyhook->validate($key, $fingerprint));
        if ($command === 'again') {
            show($keyhook->offline($key, $fingerprint));
        }
    }
}
