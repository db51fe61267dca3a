# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Goal: who has the formats' pages alone can build everything from a genesis to a receipt. Method:
a network on paper is made here from nothing (cards, genesis, state, envelope, blocks, votes,
receipts) and is, byte for byte, what the pages give as vectors and what stands in
src/model/tests/vectors; the program's own tests make the same again."""

import base64
import hashlib
import hmac
import json
import pathlib
import re

import pytest
from independent import (PAGES, field, inclusion_path, public_key, sha256, sign, subtree,
                         subtree_proof, tagged, text_field, tree_root, varint, vectors)

ROOT = pathlib.Path(__file__).parents[2]
FILES = ROOT / "src/model/tests/vectors"

GENESIS_MS = 1795219200000  # 2026-11-21T00:00:00Z
NORTH, SOUTH, EAST = (bytes([15] + [0] * 14 + [number]) for number in (1, 2, 3))
SERVICE, ENVELOPE = bytes([1] * 32), bytes([2] * 32)
VALIDATORS = {letter: bytes([0xa0 + number] * 32) for number, letter in enumerate("ABCD", 1)}
PEERS = {letter: bytes([0xc0 + number] * 32) for number, letter in enumerate("ABC", 1)}
EMPTY_ROOT = sha256(b"")
ED25519 = b"\x01"


def vectors_of(page, *groups):
    return {name: value for name, value in vectors(page).items() if name.split(".")[0] in groups}


def key_id(secret):
    return tagged("xinglin/key-id/v1", ED25519, public_key(secret))


def did(party):
    return "did:xinglin:" + base64.b32encode(party).decode().lower().rstrip("=")


def text64(data):
    return base64.b64encode(data).decode()


def address(letter):
    return sha256(public_key(VALIDATORS[letter]))[:20]


def peer_id(letter):
    return sha256(public_key(PEERS[letter]))[:20]


# ---------------------------------------------------------------- single values


def test_ids_and_transactions():
    counting = bytes(range(32))
    key = tagged("xinglin/key-id/v1", ED25519, counting)
    content = (field(1, 1) + field(2, bytes([7] * 32)) + field(3, field(1, key) + field(2, 1)) +
               field(4, GENESIS_MS) + field(5, bytes([9] * 16)) +
               field(6, field(1, 3) + field(2, 1) + field(3, bytes([10, 2, 1, 2]))))
    transaction = tagged("xinglin/transaction-id/v1", content)
    mark = b"\x00r" + GENESIS_MS.to_bytes(8, "big") + transaction
    assert vectors_of("formats.md", "id", "key", "transaction", "replay") == {
        "id.bytes": counting[:16].hex(),
        "key.public": counting.hex(),
        "key.id": key.hex(),
        "transaction.body": content.hex(),
        "transaction.id": transaction.hex(),
        "transaction.raw": (field(1, content) + field(2, b"\x01" + bytes([2] * 64))).hex(),
        "replay.mark": mark.hex(),
    } | {"id.did": did(counting[:16])}


def test_one_key_and_one_entry():
    page = vectors_of("formats.md", "transaction", "state", "result", "history", "app")
    key, value = b"\x03h" + bytes([0x11] * 16), bytes([1, 10, 1, 2])
    (leaf,) = leaves_of({key: value})
    result = field(1, 2301) + field(2, 1)
    content = (field(1, bytes.fromhex(page["transaction.id"])) + field(2, 12) + field(3, 1) +
               field(4, 2) + field(5, 2301) + field(6, tagged("xinglin/result/v1", result)))
    history = [sha256(b"\x00", content)]
    assert {name: value for name, value in page.items() if name[:5] != "trans"} == {
        "state.key": key.hex(),
        "state.path": leaf[0].hex(),
        "state.value": value.hex(),
        "state.value_hash": leaf[1].hex(),
        "state.leaf": sha256(b"\x02", *leaf).hex(),
        "result.bytes": result.hex(),
        "result.digest": tagged("xinglin/result/v1", result).hex(),
        "history.entry": content.hex(),
        "history.leaf": history[0].hex(),
        "app.hash": app_hash(state_root({key: value}), history).hex(),
    }


def test_every_error_number_is_in_a_range_of_the_page():
    section = (PAGES / "formats.md").read_text(encoding="utf-8").partition("## 11 ")[2]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| ")]
    ranges = [tuple(map(int, pair)) for row in rows for pair in re.findall(r"(\d+)–(\d+)", row)]
    assert len(ranges) > 20 and ranges == sorted(ranges)
    sources = [*ROOT.glob("src/base/errors/*.def"), *ROOT.glob("src/contracts/*/status.def")]
    numbers = [int(number) for source in sources for number in
               re.findall(r"^XL_\w+\((\d{4}),", source.read_text(encoding="utf-8"), re.MULTILINE)]
    assert len(numbers) > 300
    for number in numbers:
        assert any(low <= number <= high for low, high in ranges), number


# ---------------------------------------------------------------- the genesis and its state

NAMES = {NORTH: "北方医院 North Hospital", SOUTH: "South Insurance", EAST: "East Pharmacy"}
TYPES = {NORTH: 1, SOUTH: 2, EAST: 3}
MEMBERS = [(NORTH, "A"), (SOUTH, "B"), (EAST, "C")]
GATEWAYS = {"A": "https://a.example:7410", "B": "https://b.example", "C": ""}


def keys_of(party):
    """[(secret, purposes)]: signs and manages (1 + 2), packs envelopes (4)."""
    if party == NORTH:
        return [(SERVICE, 3), (ENVELOPE, 4)]
    return [(bytes([party[-1] + 0x10] * 32), 3), (bytes([party[-1] + 0x20] * 32), 4)]


def host(letter):
    return f"{letter.lower()}.example:26656"


def card(party, letter):
    """What a member's keys sign, and what it gives to the other founders."""
    (service, _), (envelope, _) = keys_of(party)
    return json.dumps({
        "network": "vectors",
        "organisations": [{"did": did(party), "name": NAMES[party], "type": TYPES[party],
                           "service_key": text64(public_key(service))}],
        "envelope_key": text64(public_key(envelope)),
        "validator_key": text64(public_key(VALIDATORS[letter])),
        "peer_key": text64(public_key(PEERS[letter])),
        "address": host(letter), "gateway": GATEWAYS[letter], "archive": letter == "A",
        "made_ms": GENESIS_MS - ord("C") + ord(letter),
    }, ensure_ascii=False, separators=(",", ":")).encode()


CHAIN_ID = "vectors-" + sha256(*[sha256(card(*one)) for one in MEMBERS])[:8].hex()
CONSENSUS_PARAMS = {
    "block": {"max_bytes": "4194304", "max_gas": "-1"},
    "evidence": {"max_age_num_blocks": "100000", "max_age_duration": "1814400000000000",
                 "max_bytes": "1048576"},
    "validator": {"pub_key_types": ["ed25519"]},
    "version": {"app": "1"},
    "abci": {"vote_extensions_enable_height": "0"},
}


def organisation(party):
    keys = [{"algorithm": 1, "public_key": text64(public_key(secret)), "purposes": purposes}
            for secret, purposes in keys_of(party)]
    return {"did": did(party), "name": NAMES[party], "type": TYPES[party], "keys": keys}


def member(party, letter):
    return {"organisation": did(party), "weight": 1,
            "validator_key": text64(public_key(VALIDATORS[letter])), "power": 10,
            "peer_id": peer_id(letter).hex(), "address": host(letter),
            "gateway": GATEWAYS[letter], "archive": letter == "A"}


def founder(party, letter):
    key = {"type": "tendermint/PubKeyEd25519", "value": text64(public_key(VALIDATORS[letter]))}
    return {"address": address(letter).hex(), "pub_key": key, "power": "10",
            "name": did(party).rpartition(":")[2]}


def genesis_text():
    """What the three cards give."""
    return json.dumps({
        "genesis_time": "2026-11-21T00:00:00Z",
        "chain_id": CHAIN_ID,
        "initial_height": "1",
        "consensus_params": CONSENSUS_PARAMS,
        "validators": [founder(*one) for one in MEMBERS],
        "app_hash": "",
        "app_state": {
            "format_version": 1,
            "suite": 1,
            "identity": {"organisations": [organisation(party) for party, _ in MEMBERS]},
            "governance": {"engine_fixed": False, "members": [member(*one) for one in MEMBERS]},
        },
    }, indent=2, ensure_ascii=False) + "\n"


def network_id():
    return tagged("xinglin/network-id/v1", genesis_text().encode())


PARAMETERS = (field(1, 2) + field(2, 3) + field(3, 14 * 24 * 3600 * 1000) + field(4, 1) +
              field(5, 3600 * 1000) + field(6, 100_000_000) + field(7, 64 << 30) +
              field(8, 4194304) + field(9, 1))


def party_record(party):
    return (field(1, 1) + field(2, NAMES[party].encode()) + field(3, TYPES[party]) +
            field(6, len(keys_of(party))))


def key_record(party, secret, purposes):
    return field(1, party) + field(2, 1) + field(3, public_key(secret)) + field(4, purposes)


def member_record(letter):
    return (field(1, 1) + field(2, public_key(VALIDATORS[letter])) + field(3, 10) +
            field(4, peer_id(letter)) + field(5, host(letter).encode()) +
            (field(8, GATEWAYS[letter].encode()) if GATEWAYS[letter] else b"") +
            (field(9, 1) if letter == "A" else b""))


def genesis_state():
    state = {}
    for party in NAMES:
        state[b"\x01p" + party] = b"\x01" + party_record(party)
        for secret, purposes in keys_of(party):
            state[b"\x01k" + key_id(secret)] = b"\x01" + key_record(party, secret, purposes)
            state[b"\x01i" + party + key_id(secret)] = b"\x01"
    for party, letter in MEMBERS:
        state[b"\x02m" + party] = b"\x01" + member_record(letter)
    state[b"\x02c"] = b"\x01" + PARAMETERS
    return state


def leaves_of(state):
    return [(tagged("xinglin/state-path/v1", key), tagged("xinglin/state-value/v1", value))
            for key, value in state.items()]


def state_root(state):
    return subtree(leaves_of(state), 0)[1]


def app_hash(state_hash, history):
    return tagged("xinglin/app-hash/v1", state_hash, tree_root(history),
                  len(history).to_bytes(8, "big"))


def test_the_founding():
    prefix = b"xinglin/member-card/v1\x00"
    assert vectors_of("formats.md", "founding") == {
        "founding.card": card(NORTH, "A").hex(),
        "founding.card_signature": (ED25519 + sign(SERVICE, prefix + card(NORTH, "A"))).hex(),
        "founding.chain_id": CHAIN_ID,
        "founding.signature": (ED25519 + sign(SERVICE, b"xinglin/founding-signature/v1\x00" +
                                              network_id())).hex(),
    }


def test_the_genesis_and_what_it_writes():
    state = genesis_state()
    assert (FILES / "genesis.json").read_text(encoding="utf-8") == genesis_text()
    assert vectors_of("formats.md", "genesis") == {
        "genesis.file_sha256": hashlib.sha256(genesis_text().encode()).hexdigest(),
        "genesis.network": network_id().hex(),
        "genesis.state_root": state_root(state).hex(),
        "genesis.app_hash": app_hash(state_root(state), []).hex(),
    }
    keys = {"party": b"\x01p" + NORTH, "key": b"\x01k" + key_id(SERVICE),
            "key_index": b"\x01i" + NORTH + key_id(SERVICE), "member": b"\x02m" + NORTH,
            "parameters": b"\x02c"}
    expected = {}
    for name, key in keys.items():
        expected |= {f"stored.{name}": key.hex(), f"stored.{name}_value": state[key].hex()}
    assert vectors_of("formats-contracts.md", "stored") == expected


def test_the_commitment_to_a_policy():
    rule = (field(1, field(1, bytes([13] * 16))) + field(3, 1) + field(4, 6) + field(7, b"\x01") +
            field(11, b"\x01"))
    sealed = (field(1, 1) + field(2, bytes([12] * 16)) + field(3, bytes([2] * 16)) +
              field(4, bytes([9] * 16)) + field(5, field(1, 1) + field(2, rule)) +
              field(6, bytes([0x5a] * 32)))
    assert vectors_of("formats-contracts.md", "policy") == {
        "policy.bytes": sealed.hex(),
        "policy.commitment": (b"\x01" + tagged("xinglin/consent-policy/v1", sealed)).hex(),
    }


def test_the_commitments_to_refusals_and_agreements():
    def of(number):
        return bytes([number] * 16)

    salt = bytes([0x5a] * 32)
    policy = bytes.fromhex(vectors_of("formats-contracts.md", "policy")["policy.commitment"])
    observations = field(1, b"http://hl7.org/fhir/resource-types") + field(2, b"Observation")
    sealed = {
        ("refusal", "consent-refusal"):
            field(1, 1) + field(2, of(14)) + field(3, of(12)) + field(4, of(2)) + field(5, of(9)) +
            field(6, policy) + field(7, b"next year") + field(8, salt),
        ("terms", "agreement-terms"):
            field(1, 1) + field(2, of(11)) + field(3, of(9)) + field(4, of(13)) +
            field(5, observations) + field(6, b"\x01") + field(7, 30) + field(8, 1) +
            field(9, b"contract 7") + field(10, salt),
        ("words", "agreement-words"):
            field(1, 1) + field(2, of(10)) + field(3, b"handed on") + field(4, salt),
    }
    for (name, tag), encoded in sealed.items():
        assert vectors_of("formats-contracts.md", name) == {
            f"{name}.bytes": encoded.hex(),
            f"{name}.commitment": (b"\x01" + tagged(f"xinglin/{tag}/v1", encoded)).hex(),
        }


# ---------------------------------------------------------------- transactions and the envelope

VALID_UNTIL_MS = GENESIS_MS + 60_000
BLOCK_MS = GENESIS_MS + 1123
REFUSED = 2207  # there is no such proposal
MALFORMED = bytes([0xff])


def body(number):
    """To withdraw a proposal that nobody made."""
    withdraw = field(1, bytes([0x77] * 16))
    signer = field(1, key_id(SERVICE)) + field(2, 1)
    return (field(1, 1) + field(2, network_id()) + field(3, signer) +
            field(4, VALID_UNTIL_MS) + field(5, bytes([number + 1] * 16)) +
            field(6, field(1, 2) + field(2, 3) + field(3, withdraw)))


def signature(secret, tag, content):
    return ED25519 + sign(secret, tag.encode() + b"\x00\x01" + content)


def body_signature(content):
    return signature(SERVICE, "xinglin/transaction-signature/v1", content)


def transaction_id(content):
    return tagged("xinglin/transaction-id/v1", content)


BODIES = [body(number) for number in range(3)]
TRANSACTIONS = [field(1, one) + field(2, body_signature(one)) for one in BODIES] + [MALFORMED]
ENVELOPE_CONTENT = (field(1, 1) + field(2, key_id(ENVELOPE)) + field(3, 7) +
                    b"".join(field(4, one) for one in TRANSACTIONS))
ENVELOPE_SIGNATURE = signature(ENVELOPE, "xinglin/envelope-signature/v1", ENVELOPE_CONTENT)
ENVELOPE_RAW = field(1, ENVELOPE_CONTENT) + field(2, ENVELOPE_SIGNATURE)
STATUSES = REFUSED.to_bytes(2, "big") * 3 + bytes.fromhex("ffff") + (1202).to_bytes(2, "big")

RESULT = field(1, REFUSED) + field(2, 1)
APPLIED = field(3, field(1, 3) + field(2, 1) +
                field(3, field(1, 1) + field(2, bytes([0x11] * 16))) +
                field(3, field(1, 2) + field(2, b"\x01")))


def result_digest(content):
    return tagged("xinglin/result/v1", content)


def entry(number):
    """The history entry of transaction `number`, in the first envelope of block 1."""
    return (field(1, transaction_id(BODIES[number])) + field(2, 1) + field(4, number) +
            field(5, REFUSED) + field(6, result_digest(RESULT)))


HISTORY = [sha256(b"\x00", entry(number)) for number in range(3)]


def test_the_envelope():
    assert vectors_of("formats.md", "envelope") == {
        "envelope.key": public_key(ENVELOPE).hex(),
        "envelope.content": ENVELOPE_CONTENT.hex(),
        "envelope.signature": ENVELOPE_SIGNATURE.hex(),
        "envelope.raw": ENVELOPE_RAW.hex(),
        "envelope.result": sha256(STATUSES).hex(),
    }


def test_results_and_the_history():
    page = vectors_of("formats.md", "applied", "tree")
    assert page == {
        "applied.bytes": APPLIED.hex(),
        "applied.digest": result_digest(APPLIED).hex(),
        "tree.leaf_0": HISTORY[0].hex(),
        "tree.leaf_1": HISTORY[1].hex(),
        "tree.leaf_2": HISTORY[2].hex(),
        "tree.root": tree_root(HISTORY).hex(),
        "tree.path_of_1": (HISTORY[0] + HISTORY[2]).hex(),
    }
    assert inclusion_path(HISTORY, 1) == [HISTORY[0], HISTORY[2]]


def state_after():
    """Each executed transaction leaves its replay mark, the member its use of its quota."""
    state = genesis_state()
    for one in BODIES:
        state[b"\x00r" + VALID_UNTIL_MS.to_bytes(8, "big") + transaction_id(one)] = b"\x01"
    period = BLOCK_MS - BLOCK_MS % 3_600_000
    state[b"\x00q" + NORTH] = b"\x01" + b"".join(
        number.to_bytes(8, "big") for number in (period, 4, len(ENVELOPE_CONTENT)))
    return state


# ---------------------------------------------------------------- blocks


def sorted_set(powers):
    """[(letter, power)] in the order that is hashed."""
    return sorted(powers.items(), key=lambda one: (-one[1], address(one[0])))


def leaf_root(leaves):
    return tree_root([sha256(b"\x00", leaf) for leaf in leaves]) if leaves else EMPTY_ROOT


def validator(letter, power):
    return field(1, field(1, public_key(VALIDATORS[letter]))) + field(2, power)


def set_hash(powers):
    return leaf_root([validator(*one) for one in sorted_set(powers)])


def time_bytes(time):
    seconds, nanos = time
    return field(1, seconds if seconds >= 0 else seconds + 2**64) + field(2, nanos)


def rfc3339(time):
    seconds, nanos = time
    if seconds < 0:
        return "0001-01-01T00:00:00Z"
    minute, second = divmod(seconds - GENESIS_MS // 1000, 60)
    hour, minute = divmod(minute, 60)
    fraction = f".{nanos:09}".rstrip("0") if nanos else ""
    return f"2026-11-21T{hour:02}:{minute:02}:{second:02}{fraction}Z"


def block_id_bytes(block_id):
    digest, total, parts = block_id
    return text_field(1, digest) + field(2, field(1, total) + text_field(2, parts))


NO_BLOCK = (b"", 0, b"")
HASHES = ["last_commit_hash", "data_hash", "validators_hash", "next_validators_hash",
          "consensus_hash", "app_hash", "last_results_hash", "evidence_hash", "proposer_address"]


def header_bytes(header):
    return (field(1, field(1, 11) + field(2, 1)) + field(2, CHAIN_ID.encode()) +
            field(3, header["height"]) + field(4, time_bytes(header["time"])) +
            field(5, block_id_bytes(header["last_block_id"])) +
            b"".join(text_field(number, header[name]) for number, name in enumerate(HASHES, 6)))


def header_hash(header):
    return leaf_root([field(1, 11) + field(2, 1), field(1, CHAIN_ID.encode()),
                      field(1, header["height"]), time_bytes(header["time"]),
                      block_id_bytes(header["last_block_id"])] +
                     [text_field(1, header[name]) for name in HASHES])


ABSENT = (1, b"", (-62135596800, 0), b"")


def vote_bytes(vote):
    flag, voter, time, signed = vote
    return (field(1, flag) + text_field(2, voter) + field(3, time_bytes(time)) +
            text_field(4, signed))


def commit_bytes(commit):
    return (field(1, commit["height"]) + field(2, commit["round"]) +
            field(3, block_id_bytes(commit["block_id"])) +
            b"".join(field(4, vote_bytes(vote)) for vote in commit["votes"]))


def sign_bytes(commit, flag, time):
    fixed = (commit["height"].to_bytes(8, "little"), commit["round"].to_bytes(8, "little"))
    content = (field(1, 2) + b"\x11" + fixed[0] + (b"\x19" + fixed[1] if commit["round"] else b"") +
               (field(4, block_id_bytes(commit["block_id"])) if flag == 2 else b"") +
               field(5, time_bytes(time)) + field(6, CHAIN_ID.encode()))
    return varint(len(content)) + content


def commit_of(header, parts, powers, absent="", nil="", round_=0):
    commit = {"height": header["height"], "round": round_, "votes": [],
              "block_id": (header_hash(header), *parts)}
    for number, (letter, _) in enumerate(sorted_set(powers)):
        if letter == absent:
            commit["votes"].append(ABSENT)
            continue
        flag = 3 if letter == nil else 2
        time = (header["time"][0], header["time"][1] + number + 1)
        signed = sign(VALIDATORS[letter], sign_bytes(commit, flag, time))
        commit["votes"].append((flag, address(letter), time, signed))
    return commit


FOUNDERS = {"A": 10, "B": 10, "C": 10}
NO_COMMIT = {"height": 0, "round": 0, "block_id": NO_BLOCK, "votes": []}
CONSENSUS_HASH = sha256(field(1, 4194304) + field(2, 2**64 - 1))


def header_of(height, time, powers, following, **others):
    header = {"height": height, "time": time, "last_block_id": NO_BLOCK,
              "last_commit_hash": EMPTY_ROOT, "data_hash": EMPTY_ROOT,
              "validators_hash": set_hash(powers), "next_validators_hash": set_hash(following),
              "consensus_hash": CONSENSUS_HASH, "last_results_hash": EMPTY_ROOT,
              "evidence_hash": EMPTY_ROOT, "proposer_address": address(sorted_set(powers)[0][0])}
    return header | others


def block_bytes(header, transactions, last_commit):
    return (field(1, header_bytes(header)) +
            field(2, b"".join(field(1, one) for one in transactions)) + field(3, b"") +
            field(4, commit_bytes(last_commit)))


def parts_of(content):
    parts = [content[at:at + 65536] for at in range(0, len(content), 65536)]
    return len(parts), leaf_root(parts)


START = GENESIS_MS // 1000
FIRST = header_of(1, (START + 1, 123456789), FOUNDERS, FOUNDERS,
                  app_hash=app_hash(state_root(genesis_state()), []),
                  data_hash=leaf_root([sha256(ENVELOPE_RAW)]))
FIRST_BLOCK = block_bytes(FIRST, [ENVELOPE_RAW], NO_COMMIT)
FIRST_COMMIT = commit_of(FIRST, parts_of(FIRST_BLOCK), FOUNDERS)
SECOND = header_of(2, (START + 2, 0), FOUNDERS, FOUNDERS,
                   last_block_id=FIRST_COMMIT["block_id"],
                   last_commit_hash=leaf_root([vote_bytes(one) for one in FIRST_COMMIT["votes"]]),
                   app_hash=app_hash(state_root(state_after()), HISTORY),
                   last_results_hash=leaf_root([field(2, sha256(STATUSES))]))
SECOND_COMMIT = commit_of(SECOND, parts_of(block_bytes(SECOND, [], FIRST_COMMIT)), FOUNDERS)


def test_blocks_and_votes():
    vote = FIRST_COMMIT["votes"][0]
    assert vectors_of("formats.md", "block") == {
        "block.header": header_bytes(FIRST).hex(),
        "block.header_hash": header_hash(FIRST).hex(),
        "block.set_hash": set_hash(FOUNDERS).hex(),
        "block.data_hash": FIRST["data_hash"].hex(),
        "block.consensus_hash": CONSENSUS_HASH.hex(),
        "block.parts_hash": parts_of(FIRST_BLOCK)[1].hex(),
        "block.vote": sign_bytes(FIRST_COMMIT, 2, vote[2]).hex(),
        "block.vote_signature": vote[3].hex(),
        "block.commit": commit_bytes(FIRST_COMMIT).hex(),
        "block.commit_hash": SECOND["last_commit_hash"].hex(),
        "block.results_hash": SECOND["last_results_hash"].hex(),
        "block.next_header_hash": header_hash(SECOND).hex(),
    }
    assert vectors_of("formats.md", "executed") == {
        "executed.state_root": state_root(state_after()).hex(),
        "executed.app_hash": SECOND["app_hash"].hex(),
    }


def test_what_a_validator_signs():
    chain, seed = b"region-0123456789abcdef", b"\xb1" * 32
    block_id = block_id_bytes((b"\x11" * 32, 2, b"\x22" * 32))
    at = time_bytes((1790000000, 123456789))
    place = b"\x11" + (7).to_bytes(8, "little") + b"\x19" + (1).to_bytes(8, "little")

    def signed(content):
        return varint(len(content)) + content

    def proposed(locked):
        return signed(field(1, 32) + place + field(4, locked) + field(5, block_id) + field(6, at) +
                      field(7, chain))

    precommit = signed(field(1, 2) + place + field(4, block_id) + field(5, at) + field(6, chain))
    signature = sign(seed, precommit)
    assert vectors_of("formats.md", "signing") == {
        "signing.proposal": proposed(2**64 - 1).hex(),
        "signing.proposal_locked": proposed(0).hex(),
        "signing.prevote_for_none": signed(field(1, 1) + place + field(5, at) +
                                           field(6, chain)).hex(),
        "signing.precommit": precommit.hex(),
        "signing.signature": signature.hex(),
    }
    state = {"height": "7", "round": 1, "step": 3, "signature": text64(signature),
             "signbytes": precommit.hex().upper()}
    assert (FILES / "sign-state.json").read_text(encoding="utf-8") == json.dumps(state, indent=2)


# ---------------------------------------------------------------- receipts


def json_block_id(block_id):
    digest, total, parts = block_id
    return {"hash": digest.hex().upper(), "parts": {"total": total, "hash": parts.hex().upper()}}


def light_block(header, commit, powers):
    out = {"version": {"block": "11", "app": "1"}, "chain_id": CHAIN_ID,
           "height": str(header["height"]), "time": rfc3339(header["time"]),
           "last_block_id": json_block_id(header["last_block_id"])}
    votes = [{"block_id_flag": flag, "validator_address": voter.hex().upper(),
              "timestamp": rfc3339(time), "signature": text64(signed)}
             for flag, voter, time, signed in commit["votes"]]
    return {
        "signed_header": {
            "header": out | {name: header[name].hex().upper() for name in HASHES},
            "commit": {"height": str(commit["height"]), "round": commit["round"],
                       "block_id": json_block_id(commit["block_id"]), "signatures": votes}},
        "validator_set": {"validators": [
            {"address": address(letter).hex().upper(),
             "pub_key": {"type": "tendermint/PubKeyEd25519",
                         "value": text64(public_key(VALIDATORS[letter]))},
             "voting_power": str(power)} for letter, power in sorted_set(powers)]}}


def state_json(state, key):
    leaves = leaves_of(state)
    siblings, leaf = subtree_proof(leaves, tagged("xinglin/state-path/v1", key))
    value = state.get(key)
    return {"key": key.hex(), "value": value.hex() if value else None,
            "siblings": [one.hex() for one in siblings],
            "leaf": leaf and {"path": leaf[0].hex(), "value_hash": leaf[1].hex()}}


def receipt_text(history, state, key, block, trust_path):
    """Of the second transaction and of a state key."""
    return json.dumps({
        "schema": "xinglin/receipt/v1",
        "entry": {"transaction_id": transaction_id(BODIES[1]).hex(), "height": "1", "index": 0,
                  "envelope_index": 1, "status": REFUSED,
                  "result_digest": result_digest(RESULT).hex()},
        "history_index": "1",
        "history_path": [one.hex() for one in inclusion_path(history, 1)],
        "body": BODIES[1].hex(),
        "signers": [{"public_key": public_key(SERVICE).hex(),
                     "signature": body_signature(BODIES[1]).hex()}],
        "result": RESULT.hex(),
        "state": state_json(state, key),
        "state_root": state_root(state).hex(),
        "history_root": tree_root(history).hex(),
        "history_size": str(len(history)),
        "block": light_block(*block),
        "trust_path": [light_block(*one) for one in trust_path],
    }, indent=2) + "\n"


def test_a_receipt():
    made = receipt_text(HISTORY, state_after(), b"\x01k" + key_id(SERVICE),
                        (SECOND, SECOND_COMMIT, FOUNDERS), [])
    assert (FILES / "receipt.json").read_text(encoding="utf-8") == made
    page = vectors_of("formats.md", "receipt")
    assert page["receipt.file_sha256"] == hashlib.sha256(made.encode()).hexdigest()


FOUR = FOUNDERS | {"D": 10}
THREE = {"B": 30, "C": 10, "D": 10}


def later_block(height, powers, following, app, **votes):
    header = header_of(height, (START + height, 0), powers, following, app_hash=app,
                       last_block_id=(sha256(b"before"), 1, sha256(b"parts before")),
                       last_commit_hash=sha256(b"commit before"))
    return header, commit_of(header, (1, sha256(b"parts")), powers, round_=1, **votes), powers


def test_a_receipt_behind_changes_of_the_validators():
    history = HISTORY + [sha256(b"\x00", bytes([number])) for number in range(3, 7)]
    state = {bytes([3, number]): bytes([1, number]) for number in range(16)}
    app = app_hash(state_root(state), history)
    path = [later_block(11, FOUNDERS, FOUR, sha256(b"app 11")),
            later_block(31, FOUR, THREE, sha256(b"app 31"), nil="C")]
    made = receipt_text(history, state, bytes.fromhex("036810"),
                        later_block(42, THREE, THREE, app, absent="D"), path)
    assert (FILES / "receipt-trust-path.json").read_text(encoding="utf-8") == made
    page = vectors_of("formats.md", "receipt")
    assert page["receipt.trust_path_file_sha256"] == hashlib.sha256(made.encode()).hexdigest()


def renewed(party):
    """The service key that a founder has from height 20 on."""
    return bytes([party[-1] + 0x60] * 32)


def checkpoint_text(height, header, powers, secrets, signing):
    """`secrets` of the members at `height`, `signing` of those who sign."""
    content = {
        "network": network_id().hex(), "height": str(height), "header_hash": header.hex(),
        "validators": [{"public_key": text64(public_key(VALIDATORS[letter])), "power": str(power)}
                       for letter, power in sorted_set(powers)],
        "members": [{"organisation": did(party), "weight": 1, "keys": [
            {"algorithm": 1, "public_key": text64(public_key(secret))}]}
            for party, secret in sorted(secrets.items())],
    }
    signed = b"xinglin/checkpoint/v1\0" + json.dumps(content, separators=(",", ":")).encode()
    signatures = [{"organisation": did(party), "public_key": text64(public_key(secret)),
                   "signature": text64(b"\1" + sign(secret, signed))}
                  for party, secret in sorted(signing.items())]
    return json.dumps({"schema": "xinglin/checkpoint/v1", "checkpoint": content,
                       "signatures": signatures}, indent=2) + "\n", signed


def test_checkpoints_and_a_receipt_that_begins_at_the_second():
    first = {party: keys_of(party)[0][0] for party, _ in MEMBERS}
    second = {party: renewed(party) for party, _ in MEMBERS}
    header, _, _ = later_block(31, FOUR, THREE, sha256(b"app 31"), nil="C")
    texts = {}
    texts["checkpoint-20.json"], signed = checkpoint_text(20, sha256(b"header 20"), FOUR, second,
                                                          first)
    texts["checkpoint-31.json"], _ = checkpoint_text(31, header_hash(header), THREE, second, second)
    receipt = json.loads((FILES / "receipt-trust-path.json").read_text(encoding="utf-8"))
    receipt.pop("trust_path")
    texts["receipt-since.json"] = json.dumps({**receipt, "since": "31", "trust_path": []},
                                             indent=2) + "\n"
    page = vectors_of("formats-checkpoint.md", "checkpoint")
    assert page["checkpoint.signed"] == signed.hex()
    for name, made in texts.items():
        assert (FILES / name).read_text(encoding="utf-8") == made, name
        digest = hashlib.sha256(made.encode()).hexdigest()
        assert page[f"checkpoint.{name.replace('-', '_').partition('.')[0]}_file_sha256"] == digest


# ---------------------------------------------------------------- snapshots and cursors


def test_the_first_chunk_of_a_snapshot():
    """Of the snapshot in formats-snapshot.md, in a network that is this one from height 13 on."""
    page = vectors("formats-snapshot.md")
    header = header_of(13, (START + 13, 0), FOUNDERS, FOUNDERS,
                       app_hash=bytes.fromhex(page["snapshot.app_hash"]))
    commit = commit_of(header, (1, sha256(b"parts")), FOUNDERS)
    powers = b"".join(field(1, validator(*one)) for one in sorted_set(FOUNDERS))
    step = field(1, header_bytes(header)) + field(2, commit_bytes(commit)) + field(3, powers)
    assert page["snapshot.chunk_0"] == (field(1, step) + field(2, powers)).hex()


def hkdf(secret, info):
    """RFC 5869 with SHA-256, no salt, 32 bytes."""
    extracted = hmac.new(bytes(32), secret, hashlib.sha256).digest()
    return hmac.new(extracted, info + b"\x01", hashlib.sha256).digest()


def sized(content):
    return len(content).to_bytes(4, "big") + content


def test_the_cursor_of_a_page_of_records():
    page = vectors_of("formats.md", "cursor")
    def count(number):
        return number.to_bytes(4, "big")

    search = [sized(b"search"), sized(b"Observation"), count(0), count(0)]  # no types, no sort
    code = [sized(b"code"), sized(b""), b"\x00", count(1), b"\x00", sized(b"718-7"), count(0)]
    query = tagged("xinglin/index-query/v1", *search, *code)
    plain = query + bytes([0x47] * 8) + (9).to_bytes(8, "big") + (5).to_bytes(8, "big")
    key = hkdf(bytes([0x6b] * 32), b"xinglin/index-cursor/v1")
    text = base64.urlsafe_b64decode(page["cursor.text"] + "=" * (-len(page["cursor.text"]) % 4))
    assert page["cursor.query"] == query.hex()
    assert page["cursor.key"] == key.hex()
    assert page["cursor.plain"] == plain.hex()
    assert text[:2] == b"\x01\x01" and len(text) == 2 + 12 + len(plain) + 16
    aead = pytest.importorskip("cryptography.hazmat.primitives.ciphers.aead")
    assert aead.AESGCM(key).decrypt(text[2:14], text[14:], b"xinglin/index-cursor/v1") == plain
