# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Goal: who does not know the command line finds their way in their own language. Method: the real
binary without a node; its whole tree of commands is walked, mistyped words are tried."""

import json
import os
import pathlib
import re
import subprocess

import pytest

import answers

XINGLIN = pathlib.Path(os.environ["XL_BUILD"]) / "xinglin"
ROOT = pathlib.Path(__file__).parents[2]
CHINESE = re.compile(r"[\u3400-\u9fff]")
SHORT_LINES_MAX = 25


def run(*arguments, code=0, folder=None, **environment):
    done = subprocess.run([XINGLIN, *map(str, arguments)], text=True, capture_output=True,
                          stdin=subprocess.DEVNULL, timeout=60, cwd=folder,
                          env={**os.environ, "LANG": "C", "LC_ALL": "", **environment})
    assert code in (None, done.returncode), (arguments, done.returncode, done.stdout, done.stderr)
    return done


def rows(text, heading):
    """Name and description of each row below a heading."""
    out = []
    for line in text.partition(f"\n{heading}:\n")[2].splitlines():
        if not line.strip():
            break
        if line.startswith("   "):
            out[-1][1] += line.strip()
        else:
            name, _, about = line.strip().partition("  ")
            out.append([name, about.strip()])
    return out


def tree():
    """Every command as its words."""
    out, waiting = [], [[]]
    while waiting:
        words = waiting.pop()
        out.append(words)
        waiting += [[*words, name] for name, _ in rows(run(*words, "--help").stdout, "Subcommands")]
    return sorted(out)


COMMANDS = tree()


def test_the_tree_was_walked():
    assert len(COMMANDS) > 80 and ["network", "proposal", "create"] in COMMANDS


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_help_is_chinese_as_a_whole(words):
    english, chinese = (run(*words, "--help", "--lang", language).stdout
                        for language in ("en", "zh"))
    pairs = {"Subcommands": "子命令", "Positionals": "参数", "Options": "选项"}
    for heading, said in pairs.items():
        wanted, told = rows(english, heading), rows(chinese, said)
        assert len(wanted) == len(told)
        for name, about in told:
            assert CHINESE.search(about), (words, name, about)
    before_usage = chinese.partition("\n用法: ")[0]
    for line in before_usage.splitlines():
        assert line.startswith("  ") or not line or CHINESE.search(line), line
    assert "Usage" not in chinese and "Examples" not in chinese and "REQUIRED" not in chinese


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_short_help_is_short_and_begins_with_examples(words):
    for language, examples in (("en", "Examples:"), ("zh", "示例:")):
        text = run(*words, "-h", "--lang", language).stdout
        lines = text.splitlines()
        assert len(lines) <= SHORT_LINES_MAX, (words, len(lines))
        assert lines[1] == examples or "用法" in text or "Usage" in text, (words, lines[:3])
        assert "xinglin " in text
    listed = rows(run(*words, "--help").stdout, "Subcommands")
    told = run(*words, "-h").stdout
    assert all(re.search(rf"^  {re.escape(name)} ", told, re.M) for name, _ in listed)
    if listed:  # without a word behind it the same is meant; programs get an error
        assert run(*words).stdout == told
        for arguments, output in (("--json",), ""), ((), "json"):
            error = json.loads(run(*words, *arguments, code=2, XINGLIN_OUTPUT=output).stdout)
            assert error["error"]["code"] == "XL5003"


@pytest.mark.parametrize("topic", ["environment", "exit-codes", "output"])
def test_topics_are_chinese(topic):
    text = run("help", topic, LANG="zh_CN.UTF-8").stdout
    assert len(CHINESE.findall(text)) > 60
    answer = answers.checked(run("help", topic, "--json").stdout)
    assert answer["about"] == topic and len(answer["text"]) > 300


@pytest.mark.parametrize("arguments, meant", [
    (("record", "lst"), "xinglin record list"),
    (("ledger", "head", "--organization", "x"), "--organisation"),
    (("consent", "grant", "--purpse", "TREAT"), "--purpose"),
    (("consent", "grant", "--day=3"), "--days"),
    (("identity", "create", "A", "--kind", "pacient", "--out", "x"), "--kind patient"),
    (("ledger", "head", "--purpose", "TREET"), "--purpose TREAT"),
    (("ledger", "head", "--role", "phisician"), "--role physician"),
    (("ledger", "head", "--lang", "enn"), "--lang en"),
    (("ledger", "head", "-o", "jsn"), "--output json"),
    (("identity", "attest", "x", "--licence", "medcal"), "--licence medical"),
    (("network", "proposal", "create", "admitt", "--title", "x"), "KIND admit"),
    (("consent", "grant", "--confidentiality", "nromal"), "--confidentiality normal"),
    (("help", "exitcodes"), "xinglin help exit-codes"),
    (("help", "recrd"), "xinglin record"),
    (("explain", "XL12033"), "xinglin explain XL1203"),
    (("explain", "not_signed_inn"), "xinglin explain not_signed_in"),
])
def test_what_was_meant_is_said(arguments, meant):
    told = run(*arguments, code=2)
    assert f"did you mean: {meant}\n" in told.stderr
    assert f"您是否想输入: {meant}\n" in run(*arguments, code=2, LANG="zh_CN.UTF-8").stderr \
        or "--lang" in arguments
    error = answers.checked(run(*arguments, "--json", code=2).stdout)["error"]
    assert error["did_you_mean"] == meant


def test_nothing_is_guessed_where_nothing_is_near():
    assert "did you mean" not in run("zzzzzzzz", code=2).stderr
    assert run("explain", "XL1203").stdout == run("explain", "transaction_not_canonical").stdout


@pytest.mark.parametrize("arguments, reason", [
    (("record", "put"), "缺少 FILE"),
    (("record", "get", "a", "b"), "不认识的参数:b"),
    (("ledger", "head", "--timeout", "0"), "--timeout 的值 0 不在 1 至 3600 之间"),
    (("ledger", "head", "--timeout", "x"), "--timeout"),
    (("ledger", "head", "--node"), "--node 缺少 1 个值"),
    (("ledger", "receipt", "x", "--out", "a", "--cose", "b"), "--out 不能与 --cose 同时使用"),
    (("nothing",), "没有命令“nothing”"),
    (("ledger", "head", "--node", "ftp://x"), "--node 须以 http:// 或 https:// 开头"),
    (("record", "get", "Thing"), "“Thing”不是 TYPE/ID 的形式"),
    (("consent", "grant", "--to", "x", "--as", "nobody.json"), "--to 应为 DID"),
])
def test_reasons_are_chinese(arguments, reason):
    told = run(*arguments, code=2, LANG="zh_CN.UTF-8").stderr
    assert reason in told and "why:" not in told and "fix:" not in told, told
    assert reason in run(*arguments, code=2, LC_ALL="zh_CN.UTF-8", XINGLIN_OUTPUT="json").stdout


def test_a_broken_file_is_named_with_its_line(tmp_path):
    (tmp_path / "operator.key").write_bytes(os.urandom(32))
    broken = '{\n  "schema": "x",\n  "did": "y"\n  "kind": 1\n}\n'
    (tmp_path / "who.json").write_text(broken)
    (tmp_path / "genesis.json").write_text('{\n"chain_id" 1}')
    (tmp_path / "empty.json").write_text("")
    unlock = ("--operator-key", "operator.key")
    for arguments, place in (
            (("identity", "show", "--as", "who.json", *unlock), "who.json:4: "),
            (("identity", "show", "--as", "empty.json", *unlock), "empty.json:1: "),
            (("verify", "who.json", "--genesis", "genesis.json"), "genesis.json:2: "),
            (("network", "genesis", "who.json", "--out", "x", *unlock), None)):
        told = run(*arguments, code=9 if place else None, folder=tmp_path)
        assert place is None or (place in told.stderr and "XL1010" in told.stderr), told.stderr
    chinese = run("identity", "show", "--as", "who.json", *unlock, "--lang", "zh", code=9,
                  folder=tmp_path).stderr
    assert "who.json:4:此处应为逗号或右括号" in chinese, chinese


def test_every_form_of_an_answer_is_published():
    """Each schema that the sources of the command line name has a file; each file is valid."""
    sources = [path for folder in ("cli", "node") for path in (ROOT / "src" / folder).rglob("*.cpp")
               if "tests" not in path.parts]
    named = set()
    for path in (*sources, ROOT / "src" / "base" / "console.cpp"):
        named |= set(re.findall(r"xinglin/[a-z-]+/v\d+", path.read_text()))
    passed_on = {"head", "block", "transaction", "receipt", "members", "proposal", "organisations",
                 "erasures", "identity-card", "member-card", "smart-clients", "smart-accounts",
                 "smart-request", "dispute", "handle", "handles", "handle-ended",
                 "consent-request", "consent-requests",
                 "webhook", "webhooks", "webhook-removed",
                 "credential-offer", "credential-issued", "credentials-issued",
                 "credential-entry", "presentation-request", "presentation-result"}
    named |= {f"xinglin/{name}/v1" for name in passed_on}
    for name in sorted(named):
        answers.validator(name)
    for path in answers.SCHEMAS.glob("*.json"):
        schema = json.loads(path.read_text())
        stem, _, version = path.stem.rpartition(".")
        assert schema["properties"]["schema"]["const"] == f"xinglin/{stem}/{version}" in named
        assert schema.get("additionalProperties", True) is True


def test_answers_without_a_node_have_their_form(tmp_path):
    for arguments in (("version",), ("explain", "XL1203"), ("explain", "contracts"),
                      ("bench", "list"), ("help", "fhir", "import")):
        answers.checked(run(*arguments, "--json").stdout)
    answers.checked(run("ledger", "head", "--node", "http://127.0.0.1:1", "--json", code=8).stdout)
    assert answers.checked(run("nothing", "--json", code=2).stdout)["error"]["log"] is None
