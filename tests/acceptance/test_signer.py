# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Goal: a member's validator key is nowhere in clear, its votes go on through the node's own signer
or an outside one, and whoever cannot know what was signed does not sign. Method: the real engine;
the key opened here by a second implementation of the key file, and searched in every file; the sign
state lost, damaged and locked; CometBFT's own remote signer, taken away and brought back."""

import base64
import fcntl
import hashlib
import hmac
import json
import os
import shutil
import subprocess

import pytest

from cluster import (ENGINE, OPERATOR, UNREACHABLE, Cluster, eventually, free_ports, needs_engine,
                     run)
from independent import public_key

pytestmark = needs_engine

SIGNER = ENGINE.parent / "priv_val_server"


# ---------------------------------------------------------------- AES-256, for key files (FIPS 197)


def times_two(byte):
    return (byte << 1 ^ 0x11B if byte & 0x80 else byte << 1) & 0xFF


def make_sbox():
    sbox, p, q = [0x63] * 256, 1, 1
    while True:
        p ^= times_two(p)
        for shift in (1, 2, 4):
            q = (q ^ q << shift) & 0xFF
        q ^= 0x09 if q & 0x80 else 0
        sbox[p] = (q ^ (q << 1 | q >> 7) ^ (q << 2 | q >> 6) ^ (q << 3 | q >> 5)
                   ^ (q << 4 | q >> 4)) & 0xFF ^ 0x63
        if p == 1:
            return sbox


SBOX = make_sbox()


def aes_block(key, block):
    words, constant = [list(key[i:i + 4]) for i in range(0, 32, 4)], 1
    for i in range(8, 60):
        word = words[i - 1]
        if i % 8 == 0:
            word = [SBOX[one] for one in word[1:] + word[:1]]
            word[0] ^= constant
            constant = times_two(constant)
        elif i % 8 == 4:
            word = [SBOX[one] for one in word]
        words.append([a ^ b for a, b in zip(word, words[i - 8])])
    keys = [sum(words[i:i + 4], []) for i in range(0, 60, 4)]
    state = [a ^ b for a, b in zip(block, keys[0])]
    for number, key_of_round in enumerate(keys[1:], 1):
        state = [SBOX[state[(i + 4 * (i % 4)) % 16]] for i in range(16)]
        if number < 14:
            mixed = []
            for column in range(0, 16, 4):
                four = state[column:column + 4]
                for i in range(4):
                    a, b, c, d = (four[(i + k) % 4] for k in range(4))
                    mixed.append(times_two(a) ^ times_two(b) ^ b ^ c ^ d)
            state = mixed
        state = [a ^ b for a, b in zip(state, key_of_round)]
    return bytes(state)


def secret_of(path, operator_key):
    """The secret of a key file under an operator key; its tag is not checked."""
    file = path.read_bytes()
    assert file[:8] == b"XINGLINK" and file[11] == 2 and len(file) == 96
    first = hmac.digest(file[20:36], operator_key, "sha256")
    key = hmac.digest(first, b"xinglin/keyfile/v1\x01", "sha256")
    nonce = file[36:48]
    stream = b"".join(aes_block(key, nonce + number.to_bytes(4, "big")) for number in (2, 3))
    return bytes(a ^ b for a, b in zip(file[48:80], stream))


# ---------------------------------------------------------------- the node's own signer


def start(member):
    member.start()
    eventually(lambda: member.health().get("status") == "ok")


@pytest.fixture
def city(tmp_path):
    """One member with its engine, which votes alone."""
    members = Cluster(tmp_path, ["city"])
    start(members["city"])
    yield members["city"]
    members.close()


def forms_of(secret, public):
    """How a key's bytes may lie in a file."""
    both = secret + public
    for raw in (secret, both):
        yield raw
        yield raw.hex().encode()
        yield raw.hex().upper().encode()
    for before in (b"", b"\0", b"\0\0"):
        # In base64 bytes are cut in three ways; what hangs on neighbours is left out.
        yield base64.b64encode(before + secret)[4:40]
        yield base64.urlsafe_b64encode(before + secret)[4:40]


def test_the_validator_key_is_in_no_file_in_clear(city):
    city.load(0, 3)
    operator_key = (city.folder / "operator.key").read_bytes()
    secret = secret_of(city.data / "keys/validator.key", operator_key)
    public = public_key(secret)
    genesis = json.loads((city.data / "genesis.json").read_text())
    assert base64.b64encode(public).decode() == genesis["validators"][0]["pub_key"]["value"]
    peer = secret_of(city.data / "keys/peer.key", operator_key)
    found = {"validator": [], "peer": []}
    files = [one for one in city.data.rglob("*") if one.is_file()]
    assert any("engine" in one.parts for one in files)
    for one in files:
        content = one.read_bytes()
        for name, key in (("validator", secret), ("peer", peer)):
            if any(form in content for form in forms_of(key, public_key(key))):
                found[name].append(one.relative_to(city.data).as_posix())
    # The key that names the node to peers is the engine's own, and shows that the search finds.
    assert found == {"validator": [], "peer": ["engine/config/node_key.json"]}
    # What CometBFT makes where it finds no key is nobody's.
    unused = json.loads((city.data / "engine/unused_key.json").read_text())
    assert base64.b64decode(unused["pub_key"]["value"]) != public


def test_every_vote_comes_from_the_signer_and_is_counted(city):
    before = int(city.status()["height"])
    city.load(0, 3)
    status = city.status()
    assert status["signer"] == "node" and status["double_signs"] == "0"

    def given():
        metrics = city.fetch("/metrics").decode()
        return int(metrics.split("\nxinglin_signer_signatures_total ")[1].split()[0])
    assert int(status["height"]) > before
    eventually(lambda: given() >= 3 * (int(status["height"]) - before))
    metrics = city.fetch("/metrics").decode()
    assert "xinglin_signer_double_signs_refused_total 0" in metrics
    state = json.loads((city.data / "signer/state.json").read_text())
    assert int(state["height"]) >= int(status["height"])
    assert "the key is sealed at rest" in city.doctor()


def refused(member):
    told = member.launch()
    assert member.process.wait() != 0
    member.process = None
    return told["error"]["code"]


def test_who_does_not_know_what_it_signed_does_not_start(city):
    city.load(0, 1)
    city.stop()
    state = city.data / "signer/state.json"
    kept = state.read_bytes()
    state.unlink()
    assert refused(city) == "XL1616"
    state.write_text('{"height": "1"}')
    assert refused(city) == "XL1634"
    state.write_bytes(kept)
    # Keys that were copied to another place without their state sign nothing there either.
    ledger = city.data / "ledger"
    ledger.rename(city.folder / "ledger")
    state.unlink()
    assert refused(city) == "XL1616"
    shutil.rmtree(ledger)
    (city.folder / "ledger").rename(ledger)
    state.write_bytes(kept)
    with open(city.data / "signer/lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert refused(city) == "XL1633"
    start(city)
    city.load(10, 1)


def test_a_second_word_is_refused_and_told(city):
    """A state from a day on which the validator signed something else at its present step."""
    city.load(0, 1)
    city.stop()
    path = city.data / "signer/state.json"
    state = json.loads(path.read_text())
    # The next height's proposal, as if it had been signed for another block.
    height = int(state["height"]) + 1
    kept = bytes.fromhex(state["signbytes"])
    chain = json.loads((city.data / "genesis.json").read_text())["chain_id"].encode()
    content = (b"\x08\x20\x11" + height.to_bytes(8, "little") + b"\x20" + b"\xff" * 9 + b"\x01"
               + b"\x2a\x48\x0a\x20" + b"\x01" * 32 + b"\x12\x24\x08\x01\x12\x20" + b"\x02" * 32
               + b"\x32\x02\x08\x01" + b"\x3a" + bytes([len(chain)]) + chain)
    length = bytes([len(content) & 127 | 128, len(content) >> 7]) if len(content) > 127 else bytes(
        [len(content)])
    state.update(height=str(height), round=0, step=1, signbytes=(length + content).hex().upper())
    assert kept != length + content
    path.write_text(json.dumps(state))
    start(city)
    # It proposes in a later round, where it is bound by nothing.
    city.load(10, 1)
    eventually(lambda: int(city.status()["double_signs"]) > 0)
    assert "refused to sign twice" in city.doctor()
    log = (city.data / "log/node.log").read_text()
    assert '"event":"signing_refused","code":"XL1630"' in log


# ---------------------------------------------------------------- an outside signer


class OutsideSigner:
    """CometBFT's own remote signer with a key and a state of its own."""

    def __init__(self, folder, address):
        self.folder, self.address, self.process = folder, address, None
        folder.mkdir()
        self.secret = os.urandom(32)
        self.public = public_key(self.secret)
        text = base64.b64encode
        (folder / "key.json").write_text(json.dumps({
            "address": hashlib.sha256(self.public).hexdigest()[:40].upper(),
            "pub_key": {"type": "tendermint/PubKeyEd25519", "value": text(self.public).decode()},
            "priv_key": {"type": "tendermint/PrivKeyEd25519",
                         "value": text(self.secret + self.public).decode()}}))
        (folder / "state.json").write_text('{"height": "0", "round": 0, "step": 0}')

    def start(self, chain_id):
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                [SIGNER, "-addr", self.address, "-chain-id", chain_id, "-priv-key",
                 self.folder / "key.json", "-priv-state", self.folder / "state.json"], stdout=log,
                stderr=log)

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()
        self.process = None


@pytest.fixture(params=["tcp", "unix"])
def outside(tmp_path, request):
    if not SIGNER.exists():
        pytest.skip("skipped: CometBFT's priv_val_server is not installed; ./dev test says why")
    address = (f"tcp://127.0.0.1:{free_ports(1)[0]}" if request.param == "tcp"
               else f"unix://{tmp_path}/outside.sock")
    signer = OutsideSigner(tmp_path / "outside", address)
    members = Cluster(tmp_path, ["city"], outside={"city": signer})
    yield members["city"], signer
    members.close()
    signer.stop()


def test_an_outside_signer_votes_and_is_missed(outside):
    city, signer = outside
    assert not (city.data / "keys/validator.key").exists()
    assert not (city.data / "signer").exists()
    genesis = json.loads((city.data / "genesis.json").read_text())
    value = genesis["validators"][0]["pub_key"]["value"]
    assert base64.b64decode(value) == signer.public
    signer.start(genesis["chain_id"])
    start(city)
    city.load(0, 2)
    status = city.status()
    assert status["signer"] == "outside" and status["signer_away"] is False
    assert "an outside one, connected" in city.doctor()
    # Taken away: the member says so, and the network of one stands still.
    signer.stop()
    status = eventually(lambda: city.health() if city.health().get("signer_away") else None)
    assert status["status"] == "signer_away" and status["healthy"] is False
    assert "outside signer is not connected" in city.run("node", "status", code=UNREACHABLE).stdout
    assert "outside signer is not connected" in city.doctor(code=UNREACHABLE)
    assert "xinglin_signer_away 1" in city.fetch("/metrics").decode()
    signer.start(genesis["chain_id"])
    eventually(lambda: city.health().get("status") == "ok", 60)
    city.load(10, 2)
    city.stop()
    # A key in the folder too would be a second place.
    (city.data / "keys/validator.key").write_bytes(
        (city.data / "keys/envelope.key").read_bytes())
    assert refused(city) == "XL6001"


def test_a_card_names_an_outside_key_only_well_formed(tmp_path):
    (tmp_path / "operator.key").write_bytes(os.urandom(32))
    for key in ("nonsense", base64.b64encode(b"\0" * 32).decode(), "AA=="):
        done = run("network", "card", "--data", "city", "--organisation", "City:hospital",
                   "--address", "127.0.0.1:1", "--validator-key", key, "--out", "city.card",
                   *OPERATOR, cwd=tmp_path, code=None)
        assert "XL11" in done.stderr
        assert not (tmp_path / "city").exists()
