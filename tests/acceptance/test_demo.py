# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Goal: the demo's story is played for real and leaves a ledger that verifies, and no health data
in the clear anywhere. Method: the real binary, twice on the same folder, in both languages."""

import hashlib
import json
import os
import pathlib
import subprocess

import pytest

XINGLIN = pathlib.Path(os.environ["XL_BUILD"]) / "xinglin"


def run(*arguments, cwd, code=0):
    done = subprocess.run([XINGLIN, *arguments], cwd=cwd, capture_output=True, text=True,
                          env={**os.environ, "LANG": "C"}, timeout=120)
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    return done


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    folder_story = run("demo", "up", "--folder", "demo", "--port", "0", "--exit", cwd=folder)
    (folder / "story").write_text(folder_story.stderr)
    return folder


def test_the_story_has_its_permits_and_its_refusals(folder):
    story = (folder / "story").read_text()
    for line in ("3 hospitals, an insurer, a regulator", "12 patients, 608 records",
                 "without an encounter: nothing", "With an encounter open", "nobody consented",
                 "shares observations", "both hospitals signed the permit", "stops sharing",
                 "for payment", "breaks the glass", "access log", "receipts verified"):
        assert line in story, story
    assert story.count("✋") == 8
    for reason in ("XL3502", "XL1304", "not_patient", "XL1308"):
        assert reason in story


def test_it_runs_again_and_in_chinese(folder):
    again = run("demo", "up", "--folder", "demo", "--port", "0", "--exit", "--lang", "zh",
                cwd=folder).stderr
    assert "全部核验通过" in again and "已建立网络" not in again


def test_the_ledger_verifies_and_tampering_is_named(folder):
    assert "Intact" in run("ledger", "verify", "--data", "demo/data", cwd=folder).stdout
    caught = run("demo", "tamper", "--data", "demo/data", cwd=folder, code=3)
    assert "differs from what the signed blocks give" in caught.stdout


def test_tampering_needs_no_folder_named_where_the_demo_was_played(folder):
    (folder / ".demo").symlink_to("demo")
    try:
        caught = run("demo", "tamper", cwd=folder, code=3)
        assert "differs from what the signed blocks give" in caught.stdout
    finally:
        (folder / ".demo").unlink()


def test_a_newcomer_can_act_as_the_personas(folder):
    files = {one.name: json.loads(one.read_text()) for one in (folder / "demo/personas").iterdir()}
    assert set(files) >= {"li-min.json", "dr-ward.json", "dr-wang.json", "patient.json"}
    for name, identity in files.items():
        assert identity["name"], name
        assert bool(identity["roles"]) == (identity["kind"] == "practitioner"), name
    assert files["li-min.json"]["name"] == "李敏"


def test_no_health_data_lies_anywhere_in_the_clear(folder):
    planted = ["张桂兰", "Ada Young", "Hypertensive disorder", "38341003", "lisinopril", "8480-6",
               "mm[Hg]", "birthDate", "demo-0-0-condition", "penicillin", "traffic accident"]
    needles = []
    for text in planted:
        needles.append(text.encode())
        for name in ("sha256", "sha1", "md5", "sha512"):
            digest = hashlib.new(name, text.encode())
            needles += [digest.digest(), digest.hexdigest().encode()]
    searched = 0
    for file in (folder / "demo").rglob("*"):
        if not file.is_file():
            continue
        content = file.read_bytes()
        searched += len(content)
        for needle in needles:
            assert needle not in content, (file, needle)
    assert searched > 1_000_000
