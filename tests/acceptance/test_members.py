# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Goal: members who do not trust each other found a network and keep one ledger. Method: the real
commands in folders of their own, the real engine; the demo's whole story on four members, and every
member's store checked and compared afterwards."""

import json
import os
import re
import shutil

import pytest

from cluster import needs_engine, run


@pytest.fixture
def founders(tmp_path):
    (tmp_path / "operator.key").write_bytes(os.urandom(32))
    names = ["city", "north", "insurer", "regulator"]
    for i, name in enumerate(names):
        run("network", "card", "--data", name, "--network", "region", "--organisation",
            f"{name}:hospital", "--address", f"127.0.0.1:{28000 + i}", "--out", f"{name}.card",
            "--operator-key", "operator.key", cwd=tmp_path)
    return tmp_path, names


def test_every_founder_derives_the_same_genesis_and_none_runs_before_all_have_signed(founders):
    folder, names = founders
    cards = [f"{name}.card" for name in names]
    for i, name in enumerate(names):
        rotated = cards[i:] + cards[:i]
        run("network", "genesis", *rotated, "--data", name, "--out", f"{name}.signature",
            "--operator-key", "operator.key", "--engine", "/nowhere", cwd=folder)
    genesis = {(folder / name / "genesis.json").read_bytes() for name in names}
    assert len(genesis) == 1
    early = run("node", "run", "--data", "city", "--operator-key", "operator.key", "--port", "0",
                cwd=folder, code=1)
    assert "XL6011" in early.stderr and "north" in early.stderr
    others = [f"{name}.signature" for name in names[1:]]
    partly = run("network", "accept", *others[:2], "--data", "city", cwd=folder)
    assert "regulator" in partly.stderr
    run("network", "accept", others[2], "--data", "city", cwd=folder)
    # Now only the engine is missing, which is named.
    late = run("node", "run", "--data", "city", "--operator-key", "operator.key", "--port", "0",
               cwd=folder, code=1)
    assert "XL1614" in late.stderr and "/nowhere" in late.stderr


def test_no_secret_is_in_a_card_or_a_signature(founders):
    folder, names = founders
    run("network", "genesis", *[f"{name}.card" for name in names], "--data", "city", "--out",
        "city.signature", "--operator-key", "operator.key", "--engine", "/nowhere", cwd=folder)
    for path in [folder / "city.card", folder / "city.signature"]:
        text = path.read_text()
        assert "PRIVATE" not in text and "secret" not in text
        # Everything in base64 there is a public key (32 bytes) or a signature (65 bytes).
        for word in re.findall(r'"([A-Za-z0-9+/]{40,}={0,2})"', text):
            assert len(word) in (44, 88, 64), word


@needs_engine
def test_the_story_on_four_members(tmp_path):
    done = run("demo", "up", "--members", "4", "--folder", "demo", "--port", "0", "--exit",
               cwd=tmp_path, timeout=300)
    told = done.stdout + done.stderr
    assert "transaction_replayed" in told and "key_unknown" in told and "not_patient" in told
    assert re.search(r"\d\d receipts verified", told)
    heads = []
    for member in range(1, 5):
        data = tmp_path / "demo" / f"member{member}"
        report = json.loads(run("--json", "ledger", "verify", "--data", data, cwd=tmp_path).stdout)
        heads.append((report["intact_height"], report["app_hash"]))
    # They were stopped one after the other, so some may lack the last blocks; those who stand at
    # one height agree, and three have nearly everything.
    by_height = {}
    for height, app_hash in heads:
        assert by_height.setdefault(height, app_hash) == app_hash
    tops = sorted(int(height) for height, _ in heads)
    assert tops[1] > 40, heads
    shutil.rmtree(tmp_path / "demo")
