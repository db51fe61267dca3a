# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Goal: whichever member's node or engine is killed, whenever, nothing that was acknowledged is
lost and nobody's ledger differs. Method: four members with the real engine; kill -9 at random under
load for 20 seconds (XL_FULL=1: 5 minutes), and at each message of FinalizeBlock and Commit between
one member's engine and node; then every acknowledged transaction's receipt is verified with the
genesis alone, and every ledger replayed and compared."""

import os
import random
import threading
import time

import pytest

from abci_liar import REQUEST, RESPONSE, Liar
from cluster import ENGINE, NAMES, Cluster, eventually, needs_engine

pytestmark = needs_engine
SECONDS = 300 if os.environ.get("XL_FULL") == "1" else 20


@pytest.fixture
def cluster(tmp_path):
    out = Cluster(tmp_path)
    yield out
    out.close()


class Load:
    """One writer at each member, which notes what was acknowledged."""

    def __init__(self, cluster):
        self.acknowledged, self.ended = [], threading.Event()
        self.threads = [threading.Thread(target=self.write, args=(one,)) for one in cluster]
        for thread in self.threads:
            thread.start()

    def write(self, member):
        number = 0
        while not self.ended.is_set():
            number += 1
            transaction = member.put(number)
            if transaction:
                self.acknowledged.append(transaction)
            else:
                time.sleep(0.1)

    def stop(self):
        self.ended.set()
        for thread in self.threads:
            thread.join()


def test_nothing_acknowledged_is_lost_whoever_is_killed(cluster):
    seed = int(os.environ.get("XL_SEED", time.time_ns() % 1_000_000))
    choose = random.Random(seed)
    cluster.start()
    load = Load(cluster)
    kills = {"node": 0, "engine": 0}
    try:
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            time.sleep(choose.uniform(0.5, 3))
            # Either at least once; then as it comes.
            what = min(kills, key=kills.get) if 0 in kills.values() else choose.choice(list(kills))
            member = cluster[choose.choice(NAMES)]
            kills[what] += 1
            if what == "engine":
                member.kill_engine()
            else:
                member.kill()
                member.start()
    finally:
        load.stop()
    refusals = [code for one in cluster for code in one.refusals]
    print("seed", seed, kills, "acknowledged", len(load.acknowledged), "refused",
          {str(code): refusals.count(code) for code in refusals})
    assert min(kills.values()) > 0 and len(load.acknowledged) > SECONDS // 4
    # Everybody still takes part.
    sent = [one.put("last") for one in cluster]
    assert all(sent), [one.health() for one in cluster]
    head = cluster.agreed()
    assert int(head["history_size"]) >= len(load.acknowledged) + len(sent)
    print("compared up to height", cluster.check_no_fork())
    cluster.check_receipts(load.acknowledged + sent, cluster[choose.choice(NAMES)])
    cluster.check_stores()


class KillAt:
    """Kills the member's node or engine when a message passes between the two, once."""

    def __init__(self, member, direction, number, victim, delivered):
        self.member, self.at = member, (direction, number)
        self.victim, self.delivered = victim, delivered
        self.done = threading.Event()

    def __call__(self, direction, number, message):
        if self.done.is_set() or (direction, number) != self.at:
            return message
        self.done.set()
        if self.victim == "node":
            self.member.process.kill()
        else:
            self.member.kill_engine()
        return message if self.delivered else None


MOMENTS = [(direction, number, victim)
           for direction, number in [("request", REQUEST["finalize_block"]),
                                     ("response", RESPONSE["finalize_block"]),
                                     ("request", REQUEST["commit"]),
                                     ("response", RESPONSE["commit"])]
           for victim in ("node", "engine")]


def test_a_kill_at_each_message_of_a_block_leaves_engine_and_ledger_agreed(cluster):
    killed = cluster["regulator"]
    between = Liar(killed, ENGINE)
    cluster.start()
    sent = cluster["city"].load(0, 1)
    for number, (direction, message, victim) in enumerate(MOMENTS):
        # A dead node hears nothing; what a dead engine asked for, the node still may hear.
        between.alter = KillAt(killed, direction, message, victim,
                               delivered=victim == "engine" and direction == "request")
        sent += cluster["north"].load(100 + number, 1)
        eventually(between.alter.done.is_set)
        if victim == "node":
            killed.kill()
            killed.start()
        else:
            eventually(killed.engine_pid)
        head = cluster["city"].head()
        eventually(lambda top=int(head["height"]): killed.height() >= top, 30,
                   why=lambda: (MOMENTS[number], killed.health()))
        assert killed.height() >= int(head["height"])
    sent += killed.load(200, 2)
    cluster.agreed()
    print("killed", len(MOMENTS), "times; compared up to height", cluster.check_no_fork())
    cluster.check_receipts(sent, killed)
    between.close()
    cluster.check_stores()
