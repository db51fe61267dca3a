# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Goal: whoever tries it sees one member's altered copy noticed, named and repaired while the
others go on. Method: the real story with four members and their engines, twice in the same folder;
what it says it did is looked for in the folder afterwards."""

import json

import answers
from cluster import is_snapshot_height, needs_engine, run

pytestmark = needs_engine

ALTERED = 3


def play(folder, *options):
    return run("demo", "tamper", "--members", "4", "--folder", "four", *options, cwd=folder,
               timeout=600)  # some 30 s; minutes where the disk is busy


def verified(folder, code=0, ledger=None):
    place = ("--ledger", ledger) if ledger else ()
    done = run("ledger", "verify", "--data", "four/member4", *place, "--json", cwd=folder,
               code=code)
    return json.loads(done.stdout)


def test_an_altered_copy_is_noticed_named_and_repaired(tmp_path):
    told = answers.checked(play(tmp_path, "--json").stdout)
    assert told["member"].endswith("Research Institute") and told["refusal"] == "XL1402"
    assert int(told["blocks_meanwhile"]) > 0 and is_snapshot_height(told["snapshot"], 20)
    assert int(told["height"]) > int(told["snapshot"])
    report = verified(tmp_path)
    assert (report["blocks"], report["app_hash"]) == (told["height"], told["app_hash"])
    # The altered copy is still there to be looked at.
    report = verified(tmp_path, ALTERED, tmp_path / told["set_aside"])
    assert report["damage"]["record"] == told["damage"] == told["record"]

    chinese = play(tmp_path, "--lang", "zh").stderr
    for words in ("被改动一位", "拒绝在该账本上运行", "指出未投票者", "账本已与其他成员一致"):
        assert words in chinese, chinese
    assert int(verified(tmp_path)["blocks"]) > int(told["height"])
