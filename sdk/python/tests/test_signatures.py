# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Goal: signatures are judged by the network's rules and not by a library's, and without a library
Ed25519 is judged the same. Method: the values of docs/reference/formats-crypto.md, the odd
signatures of ed25519-speccheck, all points of small order, Wycheproof's cases."""

import re
import unittest
from unittest import mock

import xinglin
from tests.vectors import ROOT, read_vectors, shared_json
from xinglin import ed25519, signatures

SPECCHECK = shared_json("crypto/ed25519-speccheck/cases.json")
WYCHEPROOF = shared_json("crypto/wycheproof/ed25519_test.json")
WITHOUT = "skipped: ../shared/data not found"


def documented(name):
    text = (ROOT / "docs/reference/formats-crypto.md").read_text(encoding="utf-8")
    return bytes.fromhex(re.search(f"^{name} = ([0-9a-f]+)$", text, re.MULTILINE).group(1))


def check_documented(test, prefix, algorithm):
    """The documented signature verifies, and no byte of it can change."""
    key, message = documented(f"{prefix}.public_key"), documented(f"{prefix}.message")
    signature = documented(f"{prefix}.signature")
    test.assertTrue(signatures.verify(algorithm, key, message, signature))
    for i in range(len(signature)):
        altered = bytearray(signature)
        altered[i] ^= 1
        test.assertFalse(signatures.verify(algorithm, key, message, bytes(altered)), i)
    for size in (0, 1, len(signature) - 1):
        test.assertFalse(signatures.verify(algorithm, key, message, signature[:size]))
    for other in {0, 1, 2, 3, 4} - {algorithm}:
        test.assertFalse(signatures.verify(other, key, message, signature), other)


class Rules(unittest.TestCase):
    """With the package `cryptography`, as on most machines."""

    def test_small_order_points_sign_for_nobody_but_zip215(self):
        source = (ROOT / "src/crypto/tests/ed25519_rules_test.cpp").read_text(encoding="utf-8")
        encodings = [bytes.fromhex(text) for text in re.findall('"([0-9a-f]{64})"', source)[:14]]
        self.assertEqual(len(encodings), 14)
        for key in encodings:
            for r in encodings:
                signature = r + bytes(32)
                self.assertTrue(ed25519.verify_zip215(key, b"any", signature))
                self.assertFalse(ed25519.verify_strict(key, b"any", signature))
                signature = r + b"\1" + bytes(31)
                self.assertFalse(ed25519.verify_zip215(key, b"any", signature))

    @unittest.skipIf(SPECCHECK is None, WITHOUT)
    def test_the_twelve_published_cases_follow_the_table(self):
        strict = zip215 = ""
        for case in SPECCHECK:
            parts = [bytes.fromhex(case[name]) for name in ("pub_key", "message", "signature")]
            strict += "+" if ed25519.verify_strict(*parts) else "-"
            zip215 += "+" if ed25519.verify_zip215(*parts) else "-"
        self.assertEqual((strict, zip215), ("---+--------", "++++++---+++"))

    @unittest.skipIf(WYCHEPROOF is None, WITHOUT)
    def test_wycheproof(self):
        for group in WYCHEPROOF["testGroups"]:
            key = bytes.fromhex(group["publicKey"]["pk"])
            for case in group["tests"]:
                parts = key, bytes.fromhex(case["msg"]), bytes.fromhex(case["sig"])
                valid = case["result"] == "valid"
                self.assertEqual(ed25519.verify_strict(*parts), valid, case["tcId"])
                lenient = valid or case["tcId"] == 151
                self.assertEqual(ed25519.verify_zip215(*parts), lenient, case["tcId"])

    def test_the_documented_signature_verifies_and_no_byte_of_it_can_change(self):
        check_documented(self, "ed25519", signatures.ED25519)


class RulesWithoutLibrary(Rules):
    """The same by this package's own arithmetic."""

    def setUp(self):
        patch = mock.patch.object(ed25519, "Ed25519PublicKey", None)
        patch.start()
        self.addCleanup(patch.stop)


@unittest.skipIf(signatures.ec is None, "skipped: the package 'cryptography' is not installed")
class P256(unittest.TestCase):
    def test_the_documented_signatures_verify(self):
        check_documented(self, "p256", signatures.P256)
        check_documented(self, "webauthn", signatures.WEBAUTHN_P256)


class MissingLibrary(unittest.TestCase):
    def test_it_is_said_and_is_no_verdict_about_the_receipt(self):
        one = next(one for one in read_vectors()[0] if one.name.startswith("paper"))
        with mock.patch.object(signatures, "ec", None):
            with self.assertRaises(xinglin.XinglinError) as caught:
                xinglin.verify_receipt(one.text, one.genesis)
        self.assertEqual(caught.exception.name, "crypto_library_failed")
        self.assertIn("'cryptography'", str(caught.exception))
        self.assertFalse(caught.exception.is_alteration)


if __name__ == "__main__":
    unittest.main()
