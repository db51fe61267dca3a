# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Run by the interpreter that has the reference implementation of SD-JWT: issues one, or checks one
of ours. Talks JSON over stdin and stdout."""

import json
import sys

from jwcrypto.jwk import JWK
from sd_jwt.common import SDObj
from sd_jwt.holder import SDJWTHolder
from sd_jwt.issuer import SDJWTIssuer
from sd_jwt.verifier import SDJWTVerifier


def issue(wanted):
    """An SD-JWT with hidden members, items and a hidden member within one; and its public key."""
    key = JWK.generate(kty="EC", crv="P-256")
    claims = {"iss": "https://issuer.example", "open": 1, SDObj("given_name"): "Zoë",
              SDObj("address"): {"country": "AT", SDObj("city"): "Linz"},
              "nationalities": [SDObj("AT"), SDObj("DE")]}
    made = SDJWTIssuer(claims, key, serialization_format="compact", add_decoy_claims=True)
    holder = SDJWTHolder(made.sd_jwt_issuance)
    holder.create_presentation(wanted["show"])
    return {"text": holder.sd_jwt_presentation,
            "jwks": {"keys": [json.loads(key.export_public())]}}


def check(given):
    """The claims of one of ours, checked with a public key, and with a key binding if asked for."""
    key = JWK(**given["jwk"])
    checked = SDJWTVerifier(given["text"], lambda issuer, header: key, given.get("aud"),
                            given.get("nonce"))
    return {"claims": checked.get_verified_payload()}


if __name__ == "__main__":
    print(json.dumps({"issue": issue, "check": check}[sys.argv[1]](json.load(sys.stdin))))
