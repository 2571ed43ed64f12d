"""Checks an evidence bundle with nothing of this project: Python's standard library and `cryptography`.

Usage: verify_bundle.py BUNDLE TRUST_LIST QUORUM SIGNER_VKEY...
Prints one JSON object of what was established, or fails with the first thing that does not hold.
Formats: RFC 9901 (SD-JWT), RFC 6962, C2SP signed-note, tlog-checkpoint, tlog-proof, Token Status List.
"""

import base64
import hashlib
import json
import sys
import zlib

if __name__ == "__main__" and (len(sys.argv) < 5 or sys.argv[1] in ("-h", "--help")):
    asked = sys.argv[1:2] in (["-h"], ["--help"])
    print(__doc__.strip(), file=sys.stdout if asked else sys.stderr)
    sys.exit(0 if asked else 2)

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

SIGNATURE_MARK = "\u2014 "


def url64(text):
    assert "=" not in text
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def unique(pairs):
    names = [name for name, _ in pairs]
    assert len(names) == len(set(names)), "duplicate member"
    return dict(pairs)


def read_json(data):
    return json.loads(data, object_pairs_hook=unique)


def open_note(note, name, key_type, key):
    """The text of a note, once a signature of this key on it was verified."""
    text, _, lines = note.rpartition("\n\n")
    text += "\n"
    key_id = sha256(name.encode(), b"\n", bytes([key_type]), key)[:4]
    for line in lines.strip("\n").split("\n"):
        assert line.startswith(SIGNATURE_MARK)
        who, _, blob = line[len(SIGNATURE_MARK):].partition(" ")
        blob = base64.b64decode(blob, validate=True)
        if who == name and blob[:4] == key_id:
            Ed25519PublicKey.from_public_bytes(key).verify(blob[4:], text.encode())
            return text
    raise AssertionError(f"{name} has not signed")


def open_vkey(vkey):
    name, key_id, data = vkey.split("+", 2)
    data = base64.b64decode(data, validate=True)
    assert sha256(name.encode(), b"\n", data)[:4].hex() == key_id
    return name, data[0], data[1:]


def open_list(note, quorum, signers):
    """The text of a trust list, once so many of the anchor's signers were found on it."""
    text, signed = None, set()
    for signer in signers:
        try:
            text = open_note(note, *open_vkey(signer))
            signed.add(signer)
        except AssertionError:
            continue
    assert 1 <= quorum <= len(signed), f"{len(signed)} of {quorum} signers have signed"
    return text


def open_jwt(jwt, keys, typ):
    """The payload of a JWT, once its signature by one of the listed keys was verified."""
    head, payload, signature = jwt.split(".")
    header = read_json(url64(head))
    assert set(header) == {"alg", "kid", "typ"} and header["typ"] == typ and header["alg"] in ("EdDSA", "Ed25519")
    key = Ed25519PublicKey.from_public_bytes(url64(keys[header["kid"]]["x"]))
    key.verify(url64(signature), f"{head}.{payload}".encode())
    return read_json(url64(payload))


def verify_inclusion(index, size, leaf, path, root):
    """RFC 9162, section 2.1.3.2."""
    assert index < size
    node, last, value = index, size - 1, leaf
    for sibling in path:
        assert last > 0
        if node & 1 or node == last:
            value = sha256(b"\x01", sibling, value)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            value = sha256(b"\x01", value, sibling)
        node, last = node >> 1, last >> 1
    assert last == 0 and value == root, "inclusion proof"


def open_proof(proof, jwt, section, origin):
    """Index and size of a statement in its log, once the proof and the checkpoint were verified."""
    head, _, note = proof.partition("\n\n")
    lines = head.split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1" and lines[1].startswith("index ")
    index = int(lines[1][len("index "):])
    path = [base64.b64decode(line, validate=True) for line in lines[2:]]
    shard = origin.split("/")[2]
    (key,) = [url64(entry["x"]) for entry in section["log_keys"] if entry["shard"] == shard]
    name, size, root = open_note(note, origin, 1, key).split("\n")[:3]
    assert name == origin
    verify_inclusion(index, int(size), sha256(b"\x00", jwt.encode()), path, base64.b64decode(root, validate=True))
    return index, int(size)


def open_disclosures(claims, disclosures):
    """The claims with every disclosure put in its place; each must be referenced exactly once."""
    by_digest = {}
    for text in disclosures:
        digest = base64.urlsafe_b64encode(sha256(text.encode())).rstrip(b"=").decode()
        assert digest not in by_digest
        by_digest[digest] = read_json(url64(text))
    assert claims["_sd_alg"] == "sha-256"

    def take(digest):
        return by_digest.pop(digest, None)

    opened = {name: value for name, value in claims.items() if name not in ("_sd", "_sd_alg")}
    for digest in claims["_sd"]:
        found = take(digest)
        if found is not None:
            _, name, value = found
            assert name not in opened
            opened[name] = value
    items = []
    for item in opened.get("goods", {}).get("items", []):
        found = take(item["..."])
        assert found is not None, "an item is missing"
        items.append(found[1])
    assert not by_digest, "a disclosure that nothing refers to"
    return opened, items


def speaks_for(trust, later, log):
    """A log speaks for itself, and for closed ones before it of the same authority to the same addressee."""
    if later == log:
        return True
    (host, _, shard, addressee), (before, _, closed, whom) = later.split("/"), log.split("/")
    order = [int(part) for part in shard.split("-")] > [int(part) for part in closed.split("-")]
    ended = any(end["origin"] == log for end in trust["shards"])
    return ended and order and (host, addressee) == (before, whom)


def main():
    bundle_path, trust_path, quorum, *signers = sys.argv[1:]
    with open(bundle_path, encoding="utf-8") as file:
        bundle = read_json(file.read())
    with open(trust_path, encoding="utf-8") as file:
        trust = read_json(open_list(file.read(), int(quorum), signers))

    jwt, *disclosures, end = bundle["token"].split("~")
    assert end == ""
    issuer = read_json(url64(jwt.split(".")[1]))["iss"]
    section = None
    for entry in trust["sections"]:
        text = entry["note"].rpartition("\n\n")[0] + "\n"
        claimed = read_json(text)
        if claimed["iss"] == issuer:
            # The root is the one the section names; the signed list vouches for it.
            section = read_json(open_note(entry["note"], *open_vkey(claimed["root"])))
    assert section, "the trust list does not know the issuer"
    statement_keys = {key["kid"]: key for key in section["keys"] if key["use"] == "statement"}
    status_keys = {key["kid"]: key for key in section["keys"] if key["use"] == "status"}

    claims = open_jwt(jwt, statement_keys, "dc+sd-jwt")
    opened, items = open_disclosures(claims, disclosures)
    host = issuer.removeprefix("https://")
    assert claims["log"].startswith(host + "/log/")
    index, size = open_proof(bundle["proof"], jwt, section, claims["log"])

    snapshot = open_jwt(bundle["status_statement"], statement_keys, "dc+sd-jwt")
    assert snapshot["vct"].endswith(":status-snapshot:1")
    told_by = snapshot["log"]
    assert speaks_for(trust, told_by, claims["log"]), "another log's status"
    at, _ = open_proof(bundle["status_proof"], bundle["status_statement"], section, told_by)
    assert snapshot["size"] <= at
    status = open_jwt(bundle["status"], status_keys, "statuslist+jwt")
    reference = claims["status"]["status_list"]
    assert status["sub"] == reference["uri"] and status["status_list"]["bits"] == 4
    inflater = zlib.decompressobj()
    values = inflater.decompress(url64(status["status_list"]["lst"]), 1 << 16)
    assert inflater.eof and len(values) == 1 << 16
    digest = sha256(values)
    if told_by != claims["log"]:
        # The list of a closed log is hashed with its log and its number.
        digest = sha256(f"{claims['log']}\n{reference['uri'].rpartition('/')[2]}\n".encode(), values)
    path = bundle["status_path"].rstrip("\n").split("\n")
    assert path[0] == "origin-exchange/status-path@v1"
    verify_inclusion(
        int(path[1].removeprefix("index ")),
        snapshot["lists"],
        sha256(b"\x00", digest),
        [base64.b64decode(line, validate=True) for line in path[2:]],
        base64.b64decode(snapshot["lists_root"], validate=True),
    )
    place = reference["idx"]
    value = values[place // 2] >> (4 * (place % 2)) & 0xF

    print(json.dumps({
        "issuer": issuer,
        "number": opened["reference"]["number"],
        "exporter": opened["exporter"]["party"]["name"],
        "items": len(items),
        "index": index,
        "size": size,
        "status": value,
    }))


if __name__ == "__main__":
    main()
