# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Goal: receipts mean the same in C++, TypeScript and Python. Method: receipts of a live demo, as
they are and with a few hundred random alterations, given to all three: one verdict, by its code."""

import base64
import concurrent.futures
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys

import pytest

import answers
import typescript_sdk

ROOT = pathlib.Path(__file__).resolve().parents[2]
XINGLIN = pathlib.Path(os.environ["XL_BUILD"]) / "xinglin"
TYPESCRIPT = typescript_sdk.FOLDER
PYTHON = ROOT / "sdk/python"
ALTERATIONS = 300
GENESIS_ALTERATIONS = 800
SEED = 20261122

ERRORS = "".join(part.read_text(encoding="utf-8")
                 for part in ROOT.glob("src/base/errors/*.def"))


def run(*command, cwd, code=0, **environment):
    done = subprocess.run([str(word) for word in command], cwd=cwd, capture_output=True, text=True,
                          env={**os.environ, "LANG": "C", "PYTHONDONTWRITEBYTECODE": "1",
                               **environment}, timeout=600)
    assert done.returncode == code, (command, done.returncode, done.stdout, done.stderr)
    if "--json" in command:
        answers.checked(done.stdout)
    return done


@pytest.fixture(scope="module")
def compiled():
    return typescript_sdk.compiled()


class Demo:
    """A solo demo that played its story and goes on serving."""

    def __init__(self, folder):
        self.folder = folder
        self.process = subprocess.Popen([XINGLIN, "demo", "up", "--folder", "demo", "--port", "0"],
                                        cwd=folder, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, text=True,
                                        env={**os.environ, "LANG": "C"})
        for line in self.process.stderr:
            if found := re.search(r"Open +(http://\S+?)/?$", line):
                self.url = found.group(1)
                return
        raise AssertionError("the demo ended")

    def ask(self, *arguments):
        return run(XINGLIN, "--json", "--node", self.url, "--as", "demo/personas/dr-ward.json",
                   "--operator-key", "demo/operator.key", *arguments, cwd=self.folder,
                   XDG_CACHE_HOME=str(self.folder / "cache")).stdout

    def stop(self):
        self.process.terminate()
        self.process.stderr.close()
        self.process.wait(timeout=20)


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    """A folder with the genesis and some receipts of a live demo, and the receipts' names."""
    folder = tmp_path_factory.mktemp("verifiers")
    demo = Demo(folder)
    try:
        head = int(json.loads(demo.ask("ledger", "head"))["height"])
        shutil.copy(folder / "demo/data/genesis.json", folder)
        names = []
        for height in range(head, 0, -1):
            for transaction in json.loads(demo.ask("ledger", "show", height))["transactions"]:
                names.append(f"{height}.json")
                demo.ask("ledger", "receipt", transaction, "--out", names[-1])
            if len(names) == 6:
                break
        genesis = json.loads((folder / "genesis.json").read_text(encoding="utf-8"))
        founder = genesis["app_state"]["identity"]["organisations"][0]["did"]
        party = base64.b32decode(founder.rpartition(":")[2].upper() + "======").hex()
        for name, key in {"absent.json": "0170ffff", "present.json": f"0170{party}"}.items():
            (folder / name).write_text(demo.ask("ledger", "proof", key), encoding="utf-8")
            names.append(name)
        transaction = json.loads((folder / names[0]).read_text(encoding="utf-8"))["entry"]
        founders_file = next((folder / "demo/data/keys").glob("*.identity.json"))
        run(XINGLIN, "--node", demo.url, "--as", founders_file, "--operator-key",
            "demo/operator.key", "ledger", "receipt", transaction["transaction_id"], "--cose",
            "receipt.cose", cwd=folder, XDG_CACHE_HOME=str(folder / "cache"))
    finally:
        demo.stop()
    for name in ("absent.json", "present.json"):
        held = json.loads((folder / name).read_text(encoding="utf-8"))["state"]["value"]
        assert (held is None) == (name == "absent.json")
    return folder, names


def cpp_verdict(folder, name):
    """`ok`, or the name of the error whose number the program prints."""
    done = subprocess.run([XINGLIN, "verify", name, "--genesis", "genesis.json"], cwd=folder,
                          capture_output=True, text=True, env={**os.environ, "LANG": "C"},
                          timeout=60)
    if done.returncode == 0:
        return "ok"
    number = re.search(r"XL(\d{4})", done.stderr).group(1)
    altered = 1222 <= int(number) <= 1235 or 1241 <= int(number) <= 1244
    assert (done.returncode == 3) == altered, done.stderr
    return re.search(rf"XL_ERROR\({number}, (\w+),", ERRORS).group(1)


def verdicts(compiled, folder, names):
    """What C++, TypeScript and Python say of each file."""
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        cpp = list(pool.map(lambda name: cpp_verdict(folder, name), names))
    paths = [folder / name for name in ["genesis.json", *names]]
    typescript = run("node", compiled / "test/verdicts.js", *paths, cwd=TYPESCRIPT).stdout.split()
    python = run(sys.executable, "-m", "tests.verdicts", *paths, cwd=PYTHON).stdout.split()
    return list(zip(cpp, typescript, python, strict=True))


def alter(content, draw):
    """One alteration: of a character, of a bit, or of a span; the same for the same draw."""
    at = draw.randrange(len(content))
    kind = draw.choice(["digit", "digit", "character", "bit", "remove", "insert", "span", "cut"])
    if kind == "digit":
        at = draw.choice([i for i, byte in enumerate(content) if chr(byte) in "0123456789abcdef"])
        return content[:at] + draw.choice(b"0123456789abcdef").to_bytes(1, "big") + content[at + 1:]
    if kind == "character":
        return content[:at] + bytes([draw.randrange(32, 127)]) + content[at + 1:]
    if kind == "bit":
        return content[:at] + bytes([content[at] ^ 1 << draw.randrange(8)]) + content[at + 1:]
    if kind == "remove":
        return content[:at] + content[at + 1:]
    if kind == "insert":
        return content[:at] + bytes([draw.randrange(32, 127)]) + content[at:]
    if kind == "span":
        size, source = draw.randrange(1, 40), draw.randrange(len(content))
        return content[:at] + content[source:source + size] + content[at + size:]
    return content[:at]


def test_all_three_say_the_same_of_a_live_ledger(compiled, live):
    folder, names = live
    for name, given in zip(names, verdicts(compiled, folder, names)):
        assert given == ("ok", "ok", "ok"), name


def test_all_three_say_the_same_of_altered_receipts(compiled, live):
    folder, names = live
    draw = random.Random(SEED)
    altered = []
    for number in range(ALTERATIONS):
        content = (folder / draw.choice(names)).read_bytes()
        altered.append(f"altered-{number}")
        (folder / altered[-1]).write_bytes(alter(content, draw))
    seen = set()
    for name, given in zip(altered, verdicts(compiled, folder, altered)):
        assert len(set(given)) == 1, (SEED, name, given, (folder / name).read_bytes())
        seen.add(given[0])
    assert len(seen) >= 8, seen


def test_no_bit_of_the_genesis_can_change_under_a_transaction(live):
    folder, (name, *_) = live
    genesis = (folder / "genesis.json").read_bytes()
    draw = random.Random(SEED)

    def told(at):
        bit = draw.randrange(8)
        altered = folder / f"genesis-{at}.json"
        altered.write_bytes(genesis[:at] + bytes([genesis[at] ^ 1 << bit]) + genesis[at + 1:])
        done = subprocess.run([XINGLIN, "verify", name, "--genesis", altered], cwd=folder,
                              capture_output=True, text=True, env={**os.environ, "LANG": "C"},
                              timeout=60)
        assert done.returncode in (3, 9), (SEED, at, bit, done.stdout, done.stderr)
        return done.returncode, re.search(r"XL\d{4}", done.stderr).group()

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        given = list(pool.map(told, draw.sample(range(len(genesis)), GENESIS_ALTERATIONS)))
    assert set(given) <= {(3, "XL1222"), (9, "XL1010"), (9, "XL1220")}, set(given)
    assert given.count((3, "XL1222")) > GENESIS_ALTERATIONS / 4


def test_the_command_lines_answer_as_the_program_does(compiled, live):
    folder, (name, *_) = live
    receipt, genesis = folder / name, folder / "genesis.json"
    altered = folder / "other.json"
    altered.write_text(re.sub(r'"status": ?0', '"status":1', receipt.read_text(encoding="utf-8")),
                       encoding="utf-8")
    commands = {
        "cpp": [XINGLIN, "verify"],
        "typescript": ["node", compiled / "src/main.js"],
        "python": [sys.executable, "-m", "xinglin", "verify"],
    }
    facts = {}
    for language, command in commands.items():
        facts[language] = json.loads(
            run(*command, receipt, "--genesis", genesis, "--json", cwd=PYTHON).stdout)
        told = run(*command, altered, "--genesis", genesis, cwd=PYTHON, code=3).stderr
        assert "XL1223" in told, told
        run(*command, folder / "nowhere", "--genesis", genesis, cwd=PYTHON, code=6)
        run(*command, genesis, "--genesis", genesis, cwd=PYTHON, code=9)
        run(*command, receipt, cwd=PYTHON, code=2)
    assert facts["cpp"] == facts["typescript"] == facts["python"]


def test_those_who_signed_are_counted_and_those_who_were_late_are_not(compiled, tmp_path):
    for line in (ROOT / "tests/golden/receipts.jsonl").read_text(encoding="utf-8").split("\n"):
        if line.startswith('{"genesis":"four members"'):
            (tmp_path / "genesis.json").write_text(json.loads(line)["text"], encoding="utf-8")
        if line.startswith('{"receipt":"four members: two signers"'):
            (tmp_path / "receipt.json").write_text(json.loads(line)["text"], encoding="utf-8")
    facts = [
        json.loads(run(*command, tmp_path / "receipt.json", "--genesis", tmp_path / "genesis.json",
                       "--json", cwd=PYTHON).stdout)
        for command in ([XINGLIN, "verify"], ["node", compiled / "src/main.js"],
                        [sys.executable, "-m", "xinglin", "verify"])
    ]
    assert facts[0] == facts[1] == facts[2]
    assert facts[0]["signatures"] == 3  # the fourth vote came after the block was final


def test_a_cose_receipt_of_a_live_ledger(compiled, live):
    folder, _ = live
    content = (folder / "receipt.cose").read_bytes()
    genesis = folder / "genesis.json"
    altered = folder / "altered.cose"
    altered.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    facts = []
    for command in ([XINGLIN, "verify"], ["node", compiled / "src/main.js"],
                    [sys.executable, "-m", "xinglin", "verify"]):
        receipt = folder / "receipt.cose"
        told = run(*command, receipt, "--genesis", genesis, "--json", cwd=PYTHON)
        facts.append(json.loads(told.stdout))
        told = run(*command, altered, "--genesis", genesis, cwd=PYTHON, code=3)
        assert "XL1235" in told.stderr
    assert facts[0] == facts[1] == facts[2]
    assert facts[0]["format"] == "cose" and facts[0]["signer"]["name"]


def hello_world(readme):
    """The first program in a README: what a newcomer would copy."""
    text = readme.read_text(encoding="utf-8")
    program = re.search(r"```(?:python|js)\n(.*?)```", text, re.DOTALL).group(1)
    assert len(program.splitlines()) <= 12
    return program


def test_the_readmes_programs_run(compiled, live):
    folder, (name, *_) = live
    shutil.copy(folder / name, folder / "receipt.json")
    given = json.loads((folder / "receipt.json").read_text(encoding="utf-8"))
    (folder / "hello.py").write_text(hello_world(PYTHON / "README.md"), encoding="utf-8")
    (folder / "hello.mjs").write_text(hello_world(TYPESCRIPT / "README.md"), encoding="utf-8")
    package = folder / "node_modules/@xinglin"
    package.mkdir(parents=True)
    (package / "sdk").symlink_to(TYPESCRIPT)
    for command in [(sys.executable, "hello.py"), ("node", "hello.mjs")]:
        told = run(*command, cwd=folder, PYTHONPATH=str(PYTHON)).stdout
        assert given["entry"]["transaction_id"] in told, told
