# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Goal: one member of four that lies, proposes garbage, votes twice or sends what nobody signed
neither stops the others nor gets anything malformed executed, and is named by them. Method: four
members with the real engine; between one member's engine and its node stands a program that alters
what they say; ledgers, receipts and what the others say of it are compared."""

import base64
import hashlib
import json
import random
import re
import shutil
import time
import urllib.error
import urllib.request

import pytest

from abci_liar import (FINALIZE_REQUEST_HEIGHT, FINALIZE_RESPONSE_APP_HASH, PREPARE_REQUEST_TXS,
                       PREPARE_RESPONSE_TXS, REQUEST, RESPONSE, Liar, Packer, encoded, fields_of,
                       id_of, transactions_of, values)
from cluster import (ENGINE, OPERATOR, Cluster, Member, eventually, free_ports, needs_engine,
                     run)

pytestmark = needs_engine
LIAR = "regulator"
HONEST = ["city", "north", "insurer"]


@pytest.fixture
def cluster(tmp_path):
    out = Cluster(tmp_path)
    yield out
    out.close()


@pytest.fixture
def liar(cluster):
    out = Liar(cluster[LIAR], ENGINE)
    yield out
    out.close()


class OtherAppHash:
    """From a height on the node is said to have got another app hash."""

    def __init__(self, height):
        self.from_height, self.height, self.lies = height, 0, 0

    def __call__(self, direction, number, message):
        if direction == "request" and number == REQUEST["finalize_block"]:
            self.height = values(message, FINALIZE_REQUEST_HEIGHT)[0]
        if direction == "request" or number != RESPONSE["finalize_block"]:
            return message
        if self.height < self.from_height:
            return message
        self.lies += 1
        return encoded([(one, bytes(32) if one == FINALIZE_RESPONSE_APP_HASH else value)
                        for one, value in fields_of(message)])


def test_a_member_with_another_app_hash_stops_alone_and_is_named(cluster, liar):
    cluster.start()
    sent = cluster["city"].load(0, 2)
    began = cluster["city"].height() + 1
    liar.alter = OtherAppHash(began)
    for name in HONEST:
        sent += cluster[name].load(100, 3)
    assert liar.alter.lies > 0
    # The others go on and say whose votes are missing, though it is still connected.
    honest = [cluster[name] for name in HONEST]
    for one in honest:
        status = eventually(lambda member=one: silent_liar(member))
        assert status["healthy"] and LIAR in status["sentence"], status
        assert LIAR in one.doctor()
        assert "network_silent_validators 1" in one.fetch("/metrics").decode()
    # Its engine ends its agreement at the first block of the others and goes on answering; its node
    # sees that they are further, says so and starts it again, which it then refuses with a reason.
    lying, seen = cluster[LIAR], []
    eventually(lambda: ends_badly(lying, seen), 60, why=lambda: (seen, lying.health()))
    print("lied at height", began, "; said of itself:", dict(seen), "; the others are at",
          cluster["city"].height())
    assert "stuck" in dict(seen)
    log = (lying.data / "log/engine.log").read_text()
    assert "CONSENSUS FAILURE" in log and "state.AppHash does not match AppHash" in log
    assert lying.height() <= began
    for one in honest:
        sent += one.load(200, 2)
        status = eventually(lambda member=one: silent_liar(member, "unconnected"))
        assert status["healthy"] and LIAR in status["sentence"], status
    cluster.check_no_fork(honest)
    cluster.check_receipts(sent, cluster["north"])
    # What it told its own engine was wrong; what it holds is not.
    cluster.check_stores()


def silent_liar(member, key="silent"):
    status = member.health()
    return status if LIAR in status.get(key, []) else None


def ends_badly(member, seen):
    """True once its engine is down; what it said of itself until then is noted."""
    health = member.health()
    if health["status"] not in dict(seen):
        seen.append((health["status"], health["sentence"]))
    return health["status"] == "engine_down"


class Garbage:
    """Proposals of every malformed kind, one after the other, whenever it is this member's turn."""

    def __init__(self, seed, packer):
        self.random = random.Random(seed)
        self.packer = packer
        self.seen = []  # envelopes that were honest once
        self.told = {}  # kind -> how often it was proposed
        self.kinds = ["random bytes", "one bit altered", "envelope's signature altered",
                      "transaction's signature altered", "transaction cut", "replayed",
                      "packed first", "packed instead", "oversized", "too many", "nothing"]

    def __call__(self, direction, number, message):
        if direction == "request":
            if number == REQUEST["prepare_proposal"]:
                self.seen += [tx for tx in values(message, PREPARE_REQUEST_TXS)
                              if tx not in self.seen]
            return message
        if number != RESPONSE["prepare_proposal"]:
            return message
        honest = values(message, PREPARE_RESPONSE_TXS)
        if not honest or not self.seen:
            return message
        kind = self.kinds[sum(self.told.values()) % len(self.kinds)]
        self.told[kind] = self.told.get(kind, 0) + 1
        return encoded([(PREPARE_RESPONSE_TXS, tx) for tx in self.made(kind, honest)])

    def made(self, kind, honest):
        first = bytearray(honest[0])
        if kind == "random bytes":
            return honest + [self.random.randbytes(300)]
        if kind == "one bit altered":
            first[self.random.randrange(len(first))] ^= 1 << self.random.randrange(8)
            return [bytes(first)] + honest[1:]
        if kind == "envelope's signature altered":
            first[-1] ^= 1
            return [bytes(first)]
        if kind == "transaction's signature altered":
            inner = bytearray(transactions_of(honest[0])[0])
            inner[-1] ^= 1
            return [self.packer.envelope([bytes(inner)])] + honest
        if kind == "transaction cut":
            return [self.packer.envelope([transactions_of(honest[0])[0][:-1]])] + honest
        if kind == "packed first":  # another member's transactions, as its own, twice
            return [self.packer.envelope(transactions_of(honest[0]) * 2)] + honest
        if kind == "packed instead":
            return [self.packer.envelope(transactions_of(one)) for one in honest]
        if kind == "replayed":
            return self.seen[:8] + honest
        if kind == "oversized":
            return [self.random.randbytes(1 << 20) for _ in range(3)]
        if kind == "too many":
            return [self.seen[0]] * 3000
        return []


def test_garbage_in_proposals_is_refused_and_the_others_go_on(cluster, liar):
    liar.alter = Garbage(20261122, Packer(cluster[LIAR]))
    cluster.start()
    began = time.monotonic()
    sent, number = [], 0
    while len(liar.alter.told) < len(liar.alter.kinds):
        assert time.monotonic() < began + 60, liar.alter.told
        for name in HONEST:
            sent += cluster[name].load(number, 1)
            number += 1
    print("proposed", liar.alter.told, "in", round(time.monotonic() - began, 1), "s; height",
          cluster["city"].height())
    liar.alter = lambda direction, number, message: message
    sent += cluster[LIAR].load(number, 1)
    cluster.agreed()
    cluster.check_no_fork()

    def all_that_ran():
        """Nobody sends any more, but members anchor what they journalled."""
        before = cluster["city"].head()["history_size"]
        found = [id_of(one) for envelope in cluster["city"].ordered()
                 for one in transactions_of(envelope)]
        return (found, int(before)) if cluster["city"].head()["history_size"] == before else None

    # What was replayed stands in blocks again and ran once; nothing malformed is in any block.
    ran, executed = eventually(all_that_ran)
    assert len(set(ran)) == executed < len(ran)
    assert set(sent) <= set(ran)
    cluster.check_receipts(sent, cluster["insurer"])
    cluster.check_stores()


def submitted(member, transaction):
    """What a gateway says of a transaction sent as it is: its error."""
    request = urllib.request.Request(member.url + "/ledger/v1/transactions", data=transaction,
                                     headers={"Content-Type": "application/octet-stream"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=30)
    return json.load(refused.value)


class AdmitsEverything:
    """The node is said to find every envelope right: its engine hands all of them on."""

    def __call__(self, direction, number, message):
        return b"" if (direction, number) == ("response", RESPONSE["check_tx"]) else message


def refused_by_mempool(port):
    """How many transactions CheckTx refused, as the engine's own metrics say."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as it:
        found = re.findall(r"^cometbft_mempool_failed_txs\S* (\S+)$", it.read().decode(), re.M)
    return sum(int(float(one)) for one in found)


def test_what_nobody_signed_enters_no_mempool(cluster, liar):
    ports = dict(zip(HONEST, free_ports(len(HONEST))))
    for name, port in ports.items():
        cluster[name].configure(r"\[engine\]", f'[engine]\nmetrics = "127.0.0.1:{port}"')
    cluster.start()
    sent = cluster["city"].load(0, 1)
    lying, number = cluster[LIAR], random.Random(7)
    seen = lying.ordered()
    altered = bytearray(seen[0])
    altered[-1] ^= 1
    inner = bytearray(transactions_of(seen[0])[0])
    inner[-1] ^= 1
    packer = Packer(lying)
    garbage = [number.randbytes(200), b"", bytes(altered), seen[0], number.randbytes(1 << 20),
               packer.envelope([bytes(inner)]), packer.envelope([inner[:-1]]),
               packer.envelope(transactions_of(seen[0])), packer.envelope([])]
    for tx in garbage:
        answer = lying.engine_answer("broadcast_tx_sync", tx=base64.b64encode(tx).decode())
        refused = "error" in answer or answer["result"]["code"] != 0
        assert refused, (len(tx), answer)
    # Handed on all the same, it is refused by each of the others.
    liar.alter = AdmitsEverything()
    flood = garbage[:1] + garbage[4:] + [number.randbytes(400) for _ in range(200)]
    for tx in flood:
        answer = lying.engine_answer("broadcast_tx_sync", tx=base64.b64encode(tx).decode())
        assert answer.get("result", {}).get("code") == 0 or len(tx) >= 1 << 20, answer
    for port in ports.values():
        eventually(lambda at=port: refused_by_mempool(at) >= 200, why=lambda: flood)
    # Nor do the others' gateways let any of it in.
    ran = transactions_of(seen[0])[0]
    for name in HONEST:
        for transaction, codes in ((number.randbytes(100), "XL12"), (b"", "XL"),
                                   (bytes(inner), "XL13"), (ran, "XL13"), (seen[0], "XL12"),
                                   (number.randbytes(1 << 17), "XL")):
            refusal = submitted(cluster[name], transaction)
            assert refusal["code"].startswith(codes), (transaction[:20], refusal)
    for name in HONEST:
        sent += cluster[name].load(10, 1)
    for name in HONEST:
        assert cluster[name].engine_answer("num_unconfirmed_txs")["result"]["total"] == "0"
    assert int(lying.engine_answer("num_unconfirmed_txs")["result"]["total"]) >= 200
    print("refused by the others' mempools:", [refused_by_mempool(at) for at in ports.values()])
    head = cluster.agreed()
    assert int(head["history_size"]) >= len(sent)
    cluster.check_no_fork()
    cluster.check_receipts(sent, cluster["north"])


class RejectsEverything:
    """The node is said to find every proposal wrong: its engine votes for no block."""

    def __call__(self, direction, number, message):
        if direction == "response" and number == RESPONSE["process_proposal"]:
            return encoded([(1, 2)])
        return message


def make_twin(cluster, name):
    """The same member on a second machine, with the same keys but for the one that names its engine
    to others, who let it in."""
    port, = free_ports(1)
    run("network", "card", "--data", "spare", "--network", "region", "--organisation",
        "spare:hospital", "--address", f"127.0.0.1:{port}", "--out", "spare.card", *OPERATOR,
        cwd=cluster.folder)
    shutil.copytree(cluster[name].data, cluster.folder / "twin")
    shutil.copy(cluster.folder / "spare/keys/peer.key", cluster.folder / "twin/keys/peer.key")
    twin = Member(cluster.folder, "twin")
    twin.configure(rf"127\.0\.0\.1:{cluster.ports[name]}", f"127.0.0.1:{port}")
    card = json.loads((cluster.folder / "spare.card").read_text())["card"]
    node_id = hashlib.sha256(base64.b64decode(card["peer_key"])).hexdigest()[:40]
    for one in cluster.others(name):
        one.configure(r"peers = \[", f'peers = [ "{node_id}@127.0.0.1:{port}",')
    return twin


def test_who_votes_twice_is_proved_and_named_for_good(cluster):
    twin = cluster.members["twin"] = make_twin(cluster, LIAR)
    lie = Liar(twin, ENGINE)
    lie.alter = RejectsEverything()
    honest = [cluster[name] for name in HONEST]
    for one in cluster:
        one.start()
    eventually(lambda: all(one.height() > 0 for one in cluster))
    began, sent = time.monotonic(), []
    while not all(one.get("/health")["misbehaved"] for one in honest):
        assert time.monotonic() < began + 60, [one.health() for one in honest]
        for one in honest:
            sent += one.load(len(sent), 1)
    print("proved", round(time.monotonic() - began, 1), "s after the first record:",
          honest[0].get("/health")["misbehaved"])
    for one in honest:
        told, = one.get("/health")["misbehaved"]
        assert told["name"] == LIAR and told["double_vote"] and int(told["height"]) > 0
        assert LIAR in one.run("node", "status").stdout.partition("proved to have broken")[2]
        assert LIAR in one.doctor()
        lines = [json.loads(line) for line in (one.data / "log/node.log").open()]
        assert any(line["event"] == "member_misbehaved" for line in lines)
        metrics = one.fetch("/metrics").decode()
        assert "network_misbehaved_validators 1" in metrics
    # The proof stands in a block, under the hash that everybody signed; the ledger goes on.
    twin.kill()
    lie.close()
    sent += cluster["north"].load(500, 2)
    head = cluster.agreed()
    none = hashlib.sha256().hexdigest().upper()
    with_proof = [height for height in range(1, int(head["height"]) + 1)
                  if cluster["city"].block(height)["header"]["evidence_hash"] != none]
    assert with_proof
    cluster.check_no_fork()
    cluster.check_receipts(sent, cluster["insurer"])
    # It is known after a restart too, and the ledger is whole.
    cluster["city"].stop()
    cluster["city"].start()
    eventually(lambda: cluster["city"].get("/health")["misbehaved"])
    del cluster.members["twin"]
    cluster.check_stores()
