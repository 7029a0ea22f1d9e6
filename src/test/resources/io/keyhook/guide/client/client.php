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
    } elseif ($command === 'race') { // of processes
        $kept = file_get_contents($lease);
        for ($i = 0; $i < 20; $i++) {
            file_put_contents($lease, $kept);
            $other = proc_open(['php', 'client.php', 'read', ...$args], [], $pipes);
            while (!file_exists('reading')) {
                usleep(1000);
            }
            $result = $keyhook->validate($key, $fingerprint);
            touch('ended');
            proc_close($other);
            unlink('ended');
            unlink('reading');
            clearstatcache();
            $next = new Keyhook($server, $keys, $lease, 1);
            echo $result[1], ' ', $next->offline($key, $fingerprint)[0] ? 'true' : 'false', ' ', is_file($lease) ? 'true' : 'false', "\n";
        }
    } elseif ($command === 'read') {
        while (!file_exists('ended')) {
            $keyhook->offline($key, $fingerprint);
            touch('reading');
        }
    } elseif ($command === 'moved') {
        rename($lease, 'moved');
        show($keyhook->validate($key, $fingerprint));
        rename('moved', $lease);
        show($keyhook->offline($key, $fingerprint));
    } else {
        show($command === 'heartbeat' ? $keyhook->heartbeat($key, $fingerprint, 0) : $keyhook->validate($key, $fingerprint));
        if ($command === 'again') {
            show($keyhook->offline($key, $fingerprint));
        }
    }
}
