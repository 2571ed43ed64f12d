"""A C2SP tlog-witness and a log that is witnessed, with nothing of this project: Python's standard library and
`cryptography`.

Usage: tlog_witness.py key TYPE NAME SEED
         prints the verifier key of type 1 (log) or 4 (cosigner) that grows from a seed of 32 bytes in hexadecimal
       tlog_witness.py witness NAME SEED CERTIFICATE KEY [PORT]
         witnesses over HTTPS on 127.0.0.1 the logs whose lines ORIGIN<tab>VKEY come on its input, with <tab>SIZE those
         of which it says that it has seen so many entries; prints its port
       tlog_witness.py log ORIGIN KEY_NAME SEED URL CA WITNESS_VKEY STAGE
         shows a log of its own to the witness at URL, in every way that the specification names an answer for; STAGE
         `first` expects a witness that has not seen it, `again` one that has; prints one JSON object an answer
Formats: RFC 6962, C2SP signed-note, tlog-checkpoint, tlog-cosignature (v1), tlog-witness.
"""

import base64
import hashlib
import http.client
import http.server
import json
import ssl
import sys
import threading
import time
import urllib.parse

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

MARK = "\u2014 "
EMPTY = hashlib.sha256(b"").digest()


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def secret(seed):
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed))


def public(key):
    return key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def key_id(name, kind, key):
    return sha256(name.encode(), b"\n", bytes([kind]), key)[:4]


def vkey(name, kind, key):
    return f"{name}+{key_id(name, kind, key).hex()}+{base64.b64encode(bytes([kind]) + key).decode()}"


def open_vkey(text):
    name, found, data = text.split("+", 2)
    data = base64.b64decode(data, validate=True)
    assert key_id(name, data[0], data[1:]).hex() == found
    return name, data[0], data[1:]


def line(name, identity, blob):
    return f"{MARK}{name} {base64.b64encode(identity + blob).decode()}\n"


def signatures(lines, name, identity):
    """The signatures of one key among the lines of a note."""
    assert lines.endswith("\n")
    for one in lines[:-1].split("\n"):
        assert one.startswith(MARK)
        who, blob = one[len(MARK):].split(" ")
        blob = base64.b64decode(blob, validate=True)
        if who == name and blob[:4] == identity:
            yield blob[4:]


def cosigned_text(text, when):
    return f"cosignature/v1\ntime {when}\n{text}".encode()


# ---- trees --------------------------------------------------------------------------------------------------------


def split(size):
    """The largest power of two below a size of at least two."""
    return 1 << (size - 1).bit_length() - 1


def root(leaves):
    if not leaves:
        return EMPTY
    if len(leaves) == 1:
        return sha256(b"\x00", leaves[0])
    at = split(len(leaves))
    return sha256(b"\x01", root(leaves[:at]), root(leaves[at:]))


def subproof(old, leaves, whole):
    """RFC 6962, section 2.1.2."""
    if old == len(leaves):
        return [] if whole else [root(leaves)]
    at = split(len(leaves))
    if old <= at:
        return subproof(old, leaves[:at], whole) + [root(leaves[at:])]
    return subproof(old - at, leaves[at:], False) + [root(leaves[:at])]


def consistency(old, leaves):
    return subproof(old, leaves, True) if 0 < old < len(leaves) else []


def is_consistent(old, new, old_root, new_root, proof):
    """RFC 9162, section 2.1.4.2."""
    if old == 0:
        return not proof
    if old == new:
        return not proof and old_root == new_root
    if not proof:
        return False
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    node, last = old - 1, new - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    first = second = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            first, second = sha256(b"\x01", sibling, first), sha256(b"\x01", sibling, second)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            second = sha256(b"\x01", second, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root


# ---- the witness --------------------------------------------------------------------------------------------------


class Refused(Exception):
    def __init__(self, status, body="", kind="text/plain"):
        super().__init__(status)
        self.answer = status, kind, body


class Witness:
    """What one witness knows: of each log its key, and the head that it cosigned last."""

    def __init__(self, name, seed):
        self.name, self.key = name, secret(seed)
        self.identity = key_id(name, 4, public(self.key))
        self.logs, self.heads, self.lock = {}, {}, threading.Lock()

    def add(self, body):
        try:
            front, text, lines = self.parts(body)
            old, proof = self.front(front)
            origin, size, top = text.split("\n")[:3]
            size, top = self.number(size), base64.b64decode(top, validate=True)
            assert len(top) == 32
        except (AssertionError, ValueError):
            raise Refused(400) from None
        if not lines.endswith("\n"):
            raise Refused(400)
        if origin not in self.logs:
            raise Refused(404)
        name, kind, key = self.logs[origin]
        self.signed(text, lines, name, key_id(name, kind, key), key)
        if old > size:
            raise Refused(400)
        with self.lock:
            seen, seen_root = self.heads.get(origin, (0, EMPTY))
            if old != seen or (size == seen and top != seen_root):
                raise Refused(409, f"{seen}\n", "text/x.tlog.size")
            if not is_consistent(seen, size, seen_root, top, proof):
                raise Refused(422)
            self.heads[origin] = size, top
            when = int(time.time())
            blob = when.to_bytes(8, "big") + self.key.sign(cosigned_text(text, when))
        # A line of a key that nobody knows stands before it: the log has to pass over it.
        return line("nobody.example/w0", b"\x00\x01\x02\x03", bytes(72)) + line(self.name, self.identity, blob)

    @staticmethod
    def parts(body):
        front, note = body.split("\n\n", 1)
        text, lines = note.rsplit("\n\n", 1)
        return front, text + "\n", lines

    @classmethod
    def front(cls, front):
        first, *hashes = front.split("\n")
        assert first.startswith("old ") and len(hashes) <= 63
        proof = [base64.b64decode(one, validate=True) for one in hashes]
        assert all(len(one) == 32 for one in proof)
        return cls.number(first[4:]), proof

    @staticmethod
    def number(text):
        assert text.isascii() and text.isdigit() and str(int(text)) == text
        return int(text)

    @staticmethod
    def signed(text, lines, name, identity, key):
        for blob in signatures(lines, name, identity):
            try:
                return Ed25519PublicKey.from_public_bytes(key).verify(blob, text.encode())
            except InvalidSignature:
                break
        raise Refused(403)


def serve(name, seed, certificate, key, port="0"):
    witness = Witness(name, seed)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            try:
                if self.path != "/w1/add-checkpoint":
                    raise Refused(404)
                status, kind, answer = 200, "text/plain", witness.add(body)
            except Refused as refused:
                status, kind, answer = refused.answer
            answer = answer.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    print(server.server_address[1], flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for told in sys.stdin:
        origin, key, *seen = told.rstrip("\n").split("\t")
        with witness.lock:
            witness.logs = {**witness.logs, origin: open_vkey(key)}
            witness.heads.update((origin, (int(size), EMPTY)) for size in seen)


# ---- the log ------------------------------------------------------------------------------------------------------


class Log:
    def __init__(self, origin, name, seed):
        self.origin, self.name, self.key = origin, name, secret(seed)
        self.leaves = [f"entry {index}".encode() for index in range(100)]

    def text(self, size, leaves=None):
        top = base64.b64encode(root((leaves or self.leaves)[:size])).decode()
        return f"{self.origin}\n{size}\n{top}\nextension of a stranger\n"

    def note(self, size, leaves=None, key=None):
        text, key = self.text(size, leaves), key or self.key
        identity = key_id(self.name, 1, public(key))
        return f"{text}\n" + line(self.name, identity, key.sign(text.encode()))

    def body(self, old, size, proof=None, note=None):
        proof = consistency(old, self.leaves[:size]) if proof is None else proof
        lines = "".join(base64.b64encode(one).decode() + "\n" for one in proof)
        return f"old {old}\n{lines}\n{note or self.note(size)}"


def post(url, ca, body):
    where = urllib.parse.urlsplit(url)
    context = ssl.create_default_context(cafile=ca)
    connection = http.client.HTTPSConnection(where.hostname, where.port, context=context, timeout=30)
    connection.request("POST", where.path.rstrip("/") + "/add-checkpoint", body.encode())
    answer = connection.getresponse()
    return answer.status, answer.headers.get_content_type(), answer.read().decode()


def cosigned(text, answer, witness):
    """When the witness says that it cosigned; fails if none of the lines is its cosignature."""
    name, kind, key = open_vkey(witness)
    assert kind == 4
    (blob,) = signatures(answer, name, key_id(name, kind, key))
    when = int.from_bytes(blob[:8], "big")
    Ed25519PublicKey.from_public_bytes(key).verify(blob[8:], cosigned_text(text, when))
    return when


def show(origin, name, seed, url, ca, witness, stage):
    log = Log(origin, name, seed)
    fork = [b"another"] + log.leaves[1:]
    stranger = secret("77" * 32)
    hashes = [EMPTY] * 64
    first = [
        ("the first head", log.body(0, 5), 200, None),
        ("what was seen is not what is said", log.body(0, 10), 409, "5\n"),
        ("a size beyond the head", log.body(11, 10, []), 400, None),
        ("a proof from another size", log.body(5, 10, consistency(4, log.leaves[:10])), 422, None),
        ("a proof that is missing", log.body(5, 10, []), 422, None),
        ("the next head", log.body(5, 10), 200, None),
        ("the same again", log.body(10, 10), 200, None),
        ("another root of the same size", log.body(10, 10, [], log.note(10, fork)), 409, "10\n"),
        ("a way back", log.body(5, 5, []), 409, "10\n"),
        ("a branch", log.body(10, 12, consistency(10, fork[:12]), log.note(12, fork)), 422, None),
        ("a key that nobody knows", log.body(10, 12, None, log.note(12, None, stranger)), 403, None),
        ("a log that nobody knows", Log("nobody.example/log", name, seed).body(0, 5), 404, None),
        ("no request", "nothing\n", 400, None),
        ("an old size with a zero before it", log.body(10, 12).replace("old 10", "old 010"), 400, None),
        ("a line that is no hash", log.body(10, 12).replace("\n", "\nAAAA\n", 1), 400, None),
        ("too many hashes", log.body(10, 12, hashes), 400, None),
        ("more than any request has", log.body(10, 12) + "\n" * 134_000, 400, None),
    ]
    again = [
        ("nothing is forgotten", log.body(0, 12), 409, "10\n"),
        ("the next head after a new start", log.body(10, 12), 200, None),
        ("from a full tree", log.body(12, 64), 200, None),
        ("from a power of two", log.body(64, 100), 200, None),
    ]
    for what, body, expected, content in first if stage == "first" else again:
        status, kind, answer = post(url, ca, body)
        print(json.dumps({"what": what, "status": status, "type": kind}), flush=True)
        assert status == expected, f"{what}: {status} instead of {expected}: {answer}"
        assert content is None or (answer == content and kind == "text/x.tlog.size"), f"{what}: {kind} {answer!r}"
        if status == 200:
            text = body.split("\n\n", 1)[1].rsplit("\n\n", 1)[0] + "\n"
            assert abs(cosigned(text, answer, witness) - time.time()) < 60, what


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["key", kind, name, seed]:
            print(vkey(name, int(kind), public(secret(seed))))
        case ["witness", *rest] if len(rest) in (4, 5):
            serve(*rest)
        case ["log", *rest] if len(rest) == 7:
            show(*rest)
        case _:
            sys.exit(__doc__.strip())
