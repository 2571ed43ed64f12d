"""Reads and verifies a stamp with `cbor2` and `cryptography`. Usage: stamp_python.py TEXT_FILE PUBLIC_KEY_BASE64URL"""

import base64
import datetime
import json
import sys
import zlib

import cbor2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"


def base45(text):
    """RFC 9285"""
    out = bytearray()
    for start in range(0, len(text), 3):
        group = text[start : start + 3]
        value = sum(ALPHABET.index(character) * 45**place for place, character in enumerate(group))
        out += value.to_bytes(len(group) - 1, "big")
    return bytes(out)


def day(number):
    return None if number is None else str(datetime.date(1970, 1, 1) + datetime.timedelta(days=number))


with open(sys.argv[1], encoding="ascii") as file:
    text = file.read().rstrip("\n")
key = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(sys.argv[2] + "="))
assert text.startswith("CO1:")
message = cbor2.loads(zlib.decompress(base45(text[4:])))
assert message.tag == 18
protected, unprotected, payload, signature = message.value
header = cbor2.loads(protected)
assert set(header) == {1, 4} and header[1] == -8 and unprotected == {}
key.verify(signature, cbor2.dumps(["Signature1", protected, b"", payload]))
stamp = cbor2.loads(payload)
assert list(stamp) == list(range(1, 14))
print(
    json.dumps(
        {
            "kid": header[4].decode("ascii"),
            "iss": stamp[1],
            "number": stamp[2],
            "issued_on": day(stamp[3]),
            "valid_until": day(stamp[4]),
            "agreement": stamp[5],
            "from": stamp[6],
            "to": stamp[7],
            "total": stamp[8],
            "gross_weight": stamp[9],
            "items": stamp[10],
            "log": stamp[11],
            "index": stamp[12],
            "leaf": stamp[13].hex(),
        }
    )
)
