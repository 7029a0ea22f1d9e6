# Asks the guide's code about each line of its input: a kind and fields in base64, "-" where there is none.
import base64
import sys

from keyhook import is_from_keyhook
from simple import is_signed_by_keyhook


def text(field):
    return None if field == "-" else base64.b64decode(field).decode()


for line in sys.stdin.read().splitlines():
    kind, body, secret, *rest = line.split("\t")
    raw = base64.b64decode(body)
    fields = [text(field) for field in rest]
    if kind == "simple":
        genuine = is_signed_by_keyhook(raw, fields, text(secret))
    else:
        names = ["webhook-id", "webhook-timestamp", "webhook-signature"]
        headers = {name: value for name, value in zip(names, fields) if value is not None}
        genuine = is_from_keyhook(raw, headers, text(secret))
    print("true" if genuine else "false")
