"""A monitor of a log as C2SP tlog-tiles publishes it, with nothing of this project: Python's standard library and
`cryptography`.

Usage: tlog_monitor.py PREFIX CA VKEY STATE
Reads the checkpoint, every entry bundle and every tile below PREFIX, an https:// address; holds the checkpoint to the log's
verifier key, the tiles to the entries, and the root to both, each by itself. What it saw last stands in the file STATE, and
what it sees now has to begin with that. Prints one JSON object, or fails with the first thing that does not hold.
Formats: RFC 6962, C2SP signed-note, tlog-checkpoint, tlog-tiles.
"""

import base64
import hashlib
import http.client
import json
import os
import ssl
import sys
import urllib.parse

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

MARK = "\u2014 "
FULL = 256


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def node(left, right):
    return sha256(b"\x01", left, right)


# ---- what is published --------------------------------------------------------------------------------------------


class Log:
    """The files below a prefix."""

    def __init__(self, prefix, ca):
        self.where = urllib.parse.urlsplit(prefix.rstrip("/"))
        assert self.where.scheme == "https"
        context = ssl.create_default_context(cafile=ca)
        self.connection = http.client.HTTPSConnection(
            self.where.hostname, self.where.port, context=context, timeout=30
        )
        self.read = {"tile": 0, "entries": 0}

    def get(self, path, kind):
        self.connection.request("GET", f"{self.where.path}/{path}")
        answer = self.connection.getresponse()
        body = answer.read()
        assert answer.status == 200, f"{path}: {answer.status} {body!r}"
        assert answer.headers.get_content_type() == kind, f"{path}: {answer.headers.get_content_type()}"
        return body

    def checkpoint(self, vkey):
        """Size and root, once a signature by the log's key was verified."""
        name, identity, data = vkey.split("+", 2)
        data = base64.b64decode(data, validate=True)
        assert data[0] == 1 and sha256(name.encode(), b"\n", data).hex()[:8] == identity
        note = self.get("checkpoint", "text/plain").decode()
        text, lines = note.rsplit("\n\n", 1)
        text += "\n"
        signed = 0
        for line in lines.removesuffix("\n").split("\n"):
            assert line.startswith(MARK)
            who, blob = line[len(MARK):].split(" ")
            blob = base64.b64decode(blob, validate=True)
            if who == name and blob[:4].hex() == identity:
                Ed25519PublicKey.from_public_bytes(data[1:]).verify(blob[4:], text.encode())
                signed += 1
        assert signed == 1, "no signature by the log's key"
        origin, size, root, end = text.split("\n")
        assert origin == name and end == "" and str(int(size)) == size
        root = base64.b64decode(root, validate=True)
        assert len(root) == 32
        return int(size), root

    def below(self, level, count):
        """Each tile, or bundle, of a level with so many hashes: its place, its width, its bytes."""
        kind = "entries" if level == "entries" else "tile"
        for index in range((count + FULL - 1) // FULL):
            width = min(FULL, count - index * FULL)
            path = f"tile/{level}/{numbered(index)}" + ("" if width == FULL else f".p/{width}")
            self.read[kind] += 1
            yield index, width, self.get(path, "application/octet-stream")

    def leaves(self, size):
        """The hashes of all entries."""
        found = []
        for index, width, body in self.below("entries", size):
            at, before = 0, len(found)
            while at < len(body):
                length = int.from_bytes(body[at:at + 2], "big")
                entry = body[at + 2:at + 2 + length]
                assert len(entry) == length, f"bundle {index} ends within an entry"
                found.append(sha256(b"\x00", entry))
                at += 2 + length
            assert len(found) == before + width, f"bundle {index} has not {width} entries"
        return found

    def hashes(self, size):
        """What the tiles hold, level by level."""
        levels = []
        while size >> (8 * len(levels)):
            found = []
            for index, width, body in self.below(len(levels), size >> (8 * len(levels))):
                assert len(body) == 32 * width, f"tile {len(levels)}/{index} has {len(body)} bytes"
                found += [body[at:at + 32] for at in range(0, len(body), 32)]
            levels.append(found)
        return levels


def numbered(index):
    """Groups of three digits, all but the last behind an x."""
    text = f"{index % 1000:03}"
    while index := index // 1000:
        text = f"x{index % 1000:03}/{text}"
    return text


# ---- trees --------------------------------------------------------------------------------------------------------


def root(leaves):
    """RFC 6962, section 2.1, from the entries alone."""
    if not leaves:
        return sha256()
    if len(leaves) == 1:
        return leaves[0]
    at = 1 << (len(leaves) - 1).bit_length() - 1
    return node(root(leaves[:at]), root(leaves[at:]))


def root_of_tiles(levels, size):
    """The same from the tiles alone, with no more of them than a verifier needs: the highest that are whole."""

    def whole(height, index):
        if height % 8 == 0:
            return levels[height // 8][index]
        return node(whole(height - 1, 2 * index), whole(height - 1, 2 * index + 1))

    found, begun = [], 0
    for height in reversed(range(size.bit_length())):
        if size >> height & 1:
            found.append(whole(height, begun >> height))
            begun += 1 << height
    top = found.pop()
    while found:
        top = node(found.pop(), top)
    return top


def watch(prefix, ca, vkey, state):
    log = Log(prefix, ca)
    size, top = log.checkpoint(vkey)
    assert size > 0, "the log is empty"
    leaves, levels = log.leaves(size), log.hashes(size)
    assert root(leaves) == top, "the entries have another root"
    assert root_of_tiles(levels, size) == top, "the tiles have another root"
    below = leaves
    for level, found in enumerate(levels):
        assert found == below, f"the tiles of level {level} are not those of the entries"
        below = [root(found[at:at + FULL]) for at in range(0, len(found) - FULL + 1, FULL)]
    assert not below, "a level of tiles is missing"
    before = 0
    if os.path.exists(state):
        with open(state, encoding="utf-8") as file:
            seen = json.load(file)
        before = seen["size"]
        assert before <= size, "the log shrank"
        assert root(leaves[:before]).hex() == seen["root"], "the log does not begin with what was seen before"
    with open(state, "w", encoding="utf-8") as file:
        json.dump({"size": size, "root": top.hex()}, file)
    said = {"size": size, "root": base64.b64encode(top).decode(), "before": before}
    print(json.dumps({**said, "tiles": log.read["tile"], "bundles": log.read["entries"]}))


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__.strip())
    watch(*sys.argv[1:])
