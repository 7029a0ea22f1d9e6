"""As client.mjs, or waits: how often and how long a validation waits."""

import json
import os
import sys
import threading
import time

from keyhook import Keyhook, _ed25519_verify, verify_webhook


def word(flag):
    return "true" if flag else "false"


def is_signed(key, message, signature):
    try:
        return _ed25519_verify(bytes.fromhex(key), bytes.fromhex(message), bytes.fromhex(signature))
    except ValueError:
        return False


def show(result):
    print(word(result.allowed), result.code or "-", flush=True)


command, *args = sys.argv[1:]
if command == "webhook":
    body, id, timestamp, signatures, secret = args
    headers = {"webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signatures}
    print(word(verify_webhook(body.encode(), headers, secret)))
elif command == "ed25519":
    for i in range(0, len(args), 3):
        print(word(is_signed(*args[i : i + 3])))
else:
    server, tries, seconds, key, fingerprint, *product = args
    with open("keys.json") as file:
        keys = json.load(file)
    lease = os.environ.get("LEASE", "lease.json")
    keyhook = Keyhook(server, keys, lease, int(tries), lambda: time.time() + int(seconds), *product)
    if command == "deactivate":
        print(word(keyhook.deactivate(key, fingerprint)))
    elif command == "heartbeat":
        beaten = threading.Event()
        results = []

        def on_result(result):
            results.append(result)
            if len(results) == 1:
                raise ValueError("of the app")
            if len(results) == 2:
                show(result)
                beaten.set()

        stop = keyhook.heartbeat(key, fingerprint, 0.05, on_result)
        beaten.wait()
        stop()
    elif command == "waits":
        waits = []
        time.sleep = waits.append
        show(keyhook.validate(key, fingerprint))
        print(len(waits), max(waits))
    elif command == "race":
        with open(lease) as file:
            kept = file.read()
        for _ in range(20):
            with open(lease, "w") as file:
                file.write(kept)
            keyhook = Keyhook(server, keys, lease, 1)
            ended = threading.Event()

            def race():
                while not ended.is_set():
                    keyhook.offline(key, fingerprint)

            thread = threading.Thread(target=race)
            thread.start()
            result = keyhook.validate(key, fingerprint)
            ended.set()
            thread.join()
            print(result.code, word(keyhook.offline(key, fingerprint).allowed), word(os.path.exists(lease)))
    elif command == "overlap":
        thread = threading.Thread(target=lambda: show(keyhook.validate(key, fingerprint)))
        thread.start()
        keyhook.deactivate(key, fingerprint)
        keyhook.deactivate(key, fingerprint)
        thread.join()
        show(keyhook.offline(key, fingerprint))
    elif command == "moved":
        os.rename(lease, "moved")
        show(keyhook.validate(key, fingerprint))
        os.rename("moved", lease)
        show(keyhook.offline(key, fingerprint))
    else:
        show(keyhook.validate(key, fingerprint))
        if command == "again":
            show(keyhook.offline(key, fingerprint))
