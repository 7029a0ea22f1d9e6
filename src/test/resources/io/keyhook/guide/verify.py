import hashlib
import hmac
from typing import Optional


def is_from_keyhook(body: bytes, signature: Optional[str], secret: str) -> bool:
    """Tells whether a delivery comes from Keyhook, unchanged. If not: answer 401, and do nothing with the body.

    body: the raw bytes of the request, as they came (Flask: request.get_data(), Django: request.body), because
        parsing and writing JSON again changes the bytes
    signature: the header X-Webhook-Signature, None where there is none
    secret: the webhook's secret, whole: whsec_ belongs to it
    """
    expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    # Takes the same time wherever the two differ, so that nobody can find the signature by measuring. As bytes, because
    # it refuses strings that are not ASCII, and a header can hold anything.
    return hmac.compare_digest(expected.encode(), (signature or "").encode())


# To try it in a shell: WEBHOOK_SECRET=whsec_... python3 verify.py <signature> < body
if __name__ == "__main__":
    import os
    import sys

    given = sys.argv[1] if len(sys.argv) > 1 else None
    sys.exit(0 if is_from_keyhook(sys.stdin.buffer.read(), given, os.environ["WEBHOOK_SECRET"]) else 1)
