# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Goal: a network that falls apart stops where no side has more than two thirds and says whom it
misses, goes on where one has, and is one again once the lines are. Method: four members with the
real engine; each connection between two engines goes through a line that the test cuts."""

import threading
import time

import pytest

from cluster import UNREACHABLE, Cluster, eventually, needs_engine
from links import Links

pytestmark = needs_engine


@pytest.fixture
def cluster(tmp_path):
    out = Cluster(tmp_path)
    links = out.links = Links(out)
    out.start()
    yield out
    links.close()
    out.close()


def in_background(member, number):
    """A record that has to wait. A list that will hold what became of it."""
    out = []
    thread = threading.Thread(target=lambda: out.append(member.put(number)), daemon=True)
    thread.start()
    return thread, out


def status_when(member, condition, seconds=40):
    """What the member says of itself once `condition` holds for it."""
    def said():
        health = member.health()
        return health if condition(health) else None
    return eventually(said, seconds, why=lambda: (member.name, member.health()))


def test_two_halves_both_halt_say_so_and_go_on_when_they_meet(cluster):
    sides = [["city", "north"], ["insurer", "regulator"]]
    sent = cluster["city"].load(0, 2)
    before = cluster.agreed()["height"]
    cluster.links.part(sides[0])
    cut = time.monotonic()
    waiting = [in_background(cluster[side[0]], 10) for side in sides]
    for side, others in (sides, sides[::-1]):
        for name in side[:1]:
            said = status_when(cluster[name], lambda health: health["status"] == "halted")
            assert sorted(said["silent"]) == sorted(others), said
            plain = cluster[name].run("node", "status", code=UNREACHABLE).stdout
            assert "halted" in plain and all(other in plain for other in others), plain
            assert "halted" in cluster[name].doctor(code=UNREACHABLE)
    print("both halves said so after", round(time.monotonic() - cut, 1), "s")
    heights = [int(one.head()["height"]) for one in cluster]
    # What was decided before the cut may still be on its way; nothing is decided after it.
    assert max(heights) <= int(before) + 1, (before, heights)

    cluster.links.heal()
    healed = time.monotonic()
    for side in sides:
        sent += cluster[side[1]].load(20, 2)
    print("agreed again", round(time.monotonic() - healed, 1), "s after the lines were whole")
    for thread, _ in waiting:
        thread.join()
    sent += [one for _, out in waiting for one in out if one]
    cluster.agreed()
    for one in cluster:
        status_when(one, lambda health: health["healthy"] and not health["silent"]
                    and not health["unconnected"])
    print("compared up to height", cluster.check_no_fork())
    cluster.check_receipts(sent, cluster["regulator"])
    cluster.check_stores()


def test_three_go_on_without_the_fourth_which_catches_up(cluster):
    alone, three = cluster["regulator"], [cluster[name] for name in ("city", "north", "insurer")]
    sent = cluster["city"].load(0, 2)
    stood = int(cluster.agreed()["height"])
    cluster.links.part(["regulator"], hard=True)
    thread, lonely = in_background(alone, 10)
    for one in three:
        sent += one.load(20, 4)
    assert all(one.height() > stood + 10 for one in three)
    said = status_when(alone, lambda health: health["status"] == "halted")
    assert sorted(said["silent"]) == ["city", "insurer", "north"], said
    for one in three:
        said = status_when(one, lambda health: "regulator" in health["unconnected"])
        assert said["healthy"] and "regulator" in said["sentence"]
    assert alone.height() <= stood + 1
    ahead = three[0].height()

    cluster.links.heal()
    healed = time.monotonic()
    eventually(lambda: alone.height() >= ahead, 60)
    print("caught up from", stood, "to", ahead, "in", round(time.monotonic() - healed, 1), "s")
    thread.join()
    sent += [one for one in lonely if one] + alone.load(30, 2)
    cluster.agreed()
    print("compared up to height", cluster.check_no_fork())
    cluster.check_receipts(sent, alone)
    cluster.check_stores()
