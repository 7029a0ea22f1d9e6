<?php

// Asks the guide's code about each line of its input: a kind and fields in base64, "-" where there is none.
require __DIR__ . '/keyhook.php';
require __DIR__ . '/simple.php';

foreach (file('php://stdin', FILE_IGNORE_NEW_LINES) as $line) {
    $fields = explode("\t", $line);
    $kind = array_shift($fields);
    $values = array_map(fn ($field) => $field === '-' ? null : base64_decode($field), $fields);
    [$body, $secret, $first, $second] = $values;
    $genuine = $kind === 'simple'
        ? isSignedByKeyhook($body, [$first, $second], $secret)
        : isFromKeyhook($body, array_filter(
            ['HTTP_WEBHOOK_ID' => $first, 'HTTP_WEBHOOK_TIMESTAMP' => $second, 'HTTP_WEBHOOK_SIGNATURE' => $values[4]],
            fn ($value) => $value !== null
        ), $secret);
    echo $genuine ? 'true' : 'false', "\n";
}
