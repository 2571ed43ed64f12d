"""Verifies an SD-JWT with the Python implementation `sd-jwt`. Usage: sd_jwt_python.py TOKEN_FILE JWK_FILE"""

import json
import sys

from jwcrypto.jwk import JWK
from sd_jwt.verifier import SDJWTVerifier

with open(sys.argv[1], encoding="ascii") as file:
    token = file.read().strip()
with open(sys.argv[2], encoding="ascii") as file:
    key = JWK.from_json(file.read())
payload = SDJWTVerifier(token, lambda issuer, header: key).get_verified_payload()
print(json.dumps({"number": payload["reference"]["number"], "items": len(payload["goods"]["items"])}))
