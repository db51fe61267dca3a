# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Goal: this verifier and the one in C++ say the same of the same text. Method: the recorded
receipts and their alterations, every byte of two of them changed, and documents at the bounds."""

import json
import unittest

import xinglin
from tests import vectors
from tests.vectors import ROOT, verdict
from xinglin import limits

CASES, SWEEPS, COSES = vectors.read_vectors()


class Receipts(unittest.TestCase):
    maxDiff = None

    def test_every_recorded_receipt_and_alteration_gets_its_verdict(self):
        self.assertGreater(len(CASES), 800)
        for one in CASES:
            self.assertEqual(verdict(one.text, one.genesis), one.expected, one.name)

    def test_every_byte_changed_gets_the_verdict_that_cpp_gives(self):
        self.assertGreaterEqual(len(SWEEPS), 2)
        for sweep in SWEEPS:
            runs = vectors.sweep(
                sweep.text.encode(), sweep.xor, lambda text: verdict(text, sweep.genesis)
            )
            self.assertEqual(runs, sweep.verdicts, sweep.name)

    def test_every_cose_receipt_and_every_byte_of_it_changed_gets_its_verdict(self):
        self.assertGreaterEqual(len(COSES), 7)
        for one in COSES:
            self.assertEqual(vectors.cose_verdict(one.content, one), one.expected, one.name)
            runs = vectors.sweep(one.content, 1, lambda text: vectors.cose_verdict(text, one))
            self.assertEqual(runs, one.verdicts, one.name)

    def test_a_cose_receipt_says_who_states_what(self):
        one = next(one for one in COSES if one.name == "by a founder")
        statement = xinglin.verify_cose_receipt(one.content, one.genesis)
        paper = json.loads(next(one for one in CASES if one.name.startswith("paper")).text)
        self.assertEqual(statement.transaction_id, paper["entry"]["transaction_id"])
        self.assertEqual(statement.result_digest, paper["entry"]["result_digest"])
        self.assertEqual(statement.history_root, paper["history_root"])
        self.assertEqual(statement.signer_name, "Golden north")
        place = statement.height, statement.index, statement.envelope_index, statement.status
        self.assertEqual(place, (41, 2, 7, 2301))

    def test_a_receipt_says_what_it_proves(self):
        one = next(one for one in CASES if one.name.startswith("paper"))
        proof = xinglin.verify_receipt(one.text, one.genesis)
        given = json.loads(one.text)
        self.assertEqual((proof.chain_id, proof.signed_height), ("paper", 42))
        self.assertEqual(proof.signed_time, given["block"]["signed_header"]["header"]["time"])
        self.assertEqual((proof.signatures, proof.validators), (3, 4))  # the fifth did not vote
        self.assertEqual([one.power for one in proof.signed_by], [30, 30, 10])
        transaction = proof.transaction
        self.assertEqual(transaction.id, given["entry"]["transaction_id"])
        self.assertEqual((transaction.height, transaction.status), (41, 2301))
        algorithms = [signer.algorithm for signer in transaction.signers]
        self.assertEqual(algorithms, ["ed25519", "p256", "webauthn_p256"])
        keys = [signer.public_key.hex() for signer in transaction.signers]
        self.assertEqual(keys, [signer["public_key"] for signer in given["signers"]])
        self.assertEqual((proof.state.key.hex(), proof.state.value), (given["state"]["key"], None))

    def test_the_receipts_of_the_formats_verify(self):
        folder = ROOT / "src/model/tests/vectors"
        genesis = xinglin.read_genesis((folder / "genesis.json").read_bytes())
        for name, height in [("receipt.json", 2), ("receipt-trust-path.json", 42)]:
            proof = xinglin.verify_receipt((folder / name).read_bytes(), genesis)
            self.assertEqual((proof.transaction.status, proof.signed_height), (2207, height))

    def test_every_verdict_on_checkpoints_is_reached(self):
        folder = ROOT / "src/model/tests/vectors"
        genesis = xinglin.read_genesis((folder / "genesis.json").read_bytes())
        table = json.loads((folder / "checkpoint-verdicts.json").read_text(encoding="utf-8"))
        self.assertGreaterEqual(len(table), 25)
        for one in table:
            def text(name, one=one):
                content = (folder / name).read_text(encoding="utf-8")
                if one.get("in") != name:
                    return content
                return content.replace(one["from"], one["to"], 1)

            checkpoints = [text(name) for name in one["checkpoints"]]
            given = verdict(text(one["receipt"]), genesis, checkpoints)
            self.assertEqual(given, one["expected"], one["name"])

    def test_a_checkpoint_says_what_it_attests(self):
        folder = ROOT / "src/model/tests/vectors"
        genesis = xinglin.read_genesis((folder / "genesis.json").read_bytes())
        first, second = ((folder / f"checkpoint-{at}.json").read_bytes() for at in (20, 31))
        proof = xinglin.verify_checkpoint(second, genesis, [first])
        self.assertEqual((proof.height, proof.validators, proof.signed_weight), (31, 3, 3))
        self.assertEqual(proof.signed_by, [did for did, _ in proof.members])
        self.assertEqual((proof.network, proof.total_weight), (genesis.network_id, 3))

    def test_an_error_carries_its_number_its_name_and_what_to_do(self):
        one = next(one for one in CASES if one.expected == "commit_power_insufficient")
        with self.assertRaises(xinglin.XinglinError) as caught:
            xinglin.verify_receipt(one.text, one.genesis)
        self.assertEqual(caught.exception.code, "XL1228")
        self.assertTrue(caught.exception.is_alteration and caught.exception.fix)

    def test_a_receipt_over_its_bound_is_refused_before_it_is_read(self):
        one = CASES[0]
        room = limits.RECEIPT_BYTES_MAX - len(one.text)
        self.assertEqual(verdict(one.text + " " * room, one.genesis), "ok")
        self.assertEqual(verdict(one.text + " " * (room + 1), one.genesis), "json_too_large")

    def test_a_genesis_that_is_none_is_refused_with_its_code(self):
        with (ROOT / "tests/golden/receipts.jsonl").open(encoding="utf-8") as file:
            text = json.loads(file.readline())["text"]
        for document, name in [
            ("", "json_invalid"),
            ("[]", "genesis_malformed"),
            (text.replace('"initial_height"', '"initial_depth"'), "genesis_malformed"),
            (text.replace('"max_gas"', '"min_gas"'), "genesis_malformed"),
            (text.replace('"validators"', '"x"'), "genesis_malformed"),
            (text.replace('"suite"', '"sweet"'), "genesis_malformed"),
            (text.replace("8c9671ad", "8C9671AD"), "genesis_malformed"),
            ("\ud800", "json_invalid"),
        ]:
            with self.assertRaises(xinglin.XinglinError) as caught:
                xinglin.read_genesis(document)
            self.assertEqual(caught.exception.name, name)


if __name__ == "__main__":
    unittest.main()
