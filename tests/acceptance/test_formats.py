# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Goal: others can read what this ledger exports, from its documents alone. Method: a second
implementation with nothing but Python's standard library (CBOR of RFC 8949, trees of RFC 9162,
Ed25519 of RFC 8032) makes and checks the vectors of formats-cose.md and formats-snapshot.md."""

from independent import field, public_key, sha256, sign, subtree, tagged, tree_root, vectors, verify


def test_our_ed25519_is_rfc_8032s():
    secret = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    signature = sign(secret, b"")
    assert signature.hex().startswith("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065")
    assert verify(public_key(secret), b"", signature)
    assert not verify(public_key(secret), b"x", signature)


# ---------------------------------------------------------------- CBOR (RFC 8949 §4.2.1)


class Tag:
    def __init__(self, number, value):
        self.number, self.value = number, value


def cbor_head(major, value):
    if value < 24:
        return bytes([major << 5 | value])
    for extra, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if value < 1 << 8 * size:
            return bytes([major << 5 | extra]) + value.to_bytes(size, "big")
    raise ValueError(value)


def cbor(value):
    if value is None:
        return b"\xf6"
    if isinstance(value, int):
        return cbor_head(0, value) if value >= 0 else cbor_head(1, -1 - value)
    if isinstance(value, bytes):
        return cbor_head(2, len(value)) + value
    if isinstance(value, str):
        return cbor_head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return cbor_head(4, len(value)) + b"".join(map(cbor, value))
    if isinstance(value, dict):
        pairs = sorted((cbor(key), cbor(item)) for key, item in value.items())
        return cbor_head(5, len(pairs)) + b"".join(key + item for key, item in pairs)
    assert isinstance(value, Tag)
    return cbor_head(6, value.number) + cbor(value.value)


def read_cbor(data):
    value, rest = read_item(data)
    assert rest == b""
    return value


def read_item(data):
    major, info, data = data[0] >> 5, data[0] & 31, data[1:]
    if major == 7:
        assert info == 22
        return None, data
    size = 0 if info < 24 else 1 << info - 24
    assert info < 28
    number = int.from_bytes(data[:size], "big") if size else info
    data = data[size:]
    if major < 2:
        return (number, -1 - number)[major], data
    if major < 4:
        content = data[:number]
        assert len(content) == number
        return (content, content.decode() if major == 3 else None)[major - 2], data[number:]
    items = []
    for _ in range({4: number, 5: 2 * number, 6: 1}[major]):
        item, data = read_item(data)
        items.append(item)
    if major == 4:
        return items, data
    if major == 5:
        return dict(zip(items[::2], items[1::2])), data
    return Tag(number, items[0]), data


# ---------------------------------------------------------------- COSE receipts


def root_of(leaf, index, size, path):
    """RFC 9162 §2.1.3.2."""
    assert index < size
    first, last, node = index, size - 1, leaf
    for sibling in path:
        assert last
        if first & 1 or first == last:
            node = sha256(b"\x01", sibling, node)
            while first and not first & 1:
                first, last = first >> 1, last >> 1
        else:
            node = sha256(b"\x01", node, sibling)
        first, last = first >> 1, last >> 1
    assert last == 0
    return node


def signed_bytes(header, root):
    return cbor(["Signature1", header, b"", root])


def check_receipt(data, public):
    """What the receipt proves: (entry, root); fails on everything else."""
    message = read_cbor(data)
    assert message.number == 18
    header, unprotected, payload, signature = message.value
    assert payload is None
    fields = read_cbor(header)
    assert fields[1] == -8 and fields[395] == 1
    assert fields[4] == tagged("xinglin/key-id/v1", b"\x01", public)
    (proof,) = unprotected[396][-1]
    size, index, path = read_cbor(proof)
    entry = unprotected["xinglin-history-entry"]
    root = root_of(sha256(b"\x00", entry), index, size, path)
    assert verify(public, signed_bytes(header, root), signature)
    return entry, root


def test_the_cose_receipt_of_the_page():
    page = vectors("formats-cose.md")
    secret = bytes([1] * 32)
    public = public_key(secret)
    entry = bytes.fromhex(vectors("formats.md")["history.entry"])
    leaves = [sha256(b"\x00", part) for part in (b"\x00", entry, b"\x02")]
    root = sha256(b"\x01", sha256(b"\x01", leaves[0], leaves[1]), leaves[2])
    header = cbor({1: -8, 4: tagged("xinglin/key-id/v1", b"\x01", public), 395: 1})
    proof = cbor([3, 1, [leaves[0], leaves[2]]])
    unprotected = {396: {-1: [proof]}, "xinglin-history-entry": entry}
    signature = sign(secret, signed_bytes(header, root))
    receipt = cbor(Tag(18, [header, unprotected, None, signature]))
    assert page == {
        "cose.public_key": public.hex(),
        "cose.history_root": root.hex(),
        "cose.protected": header.hex(),
        "cose.signed": signed_bytes(header, root).hex(),
        "cose.receipt": receipt.hex(),
    }
    assert check_receipt(receipt, public) == (entry, root)


def test_an_altered_cose_receipt_proves_nothing():
    public = public_key(bytes([1] * 32))
    receipt = bytes.fromhex(vectors("formats-cose.md")["cose.receipt"])
    for at in range(0, len(receipt), 7):
        altered = bytearray(receipt)
        altered[at] ^= 1
        try:
            check_receipt(bytes(altered), public)
        except (AssertionError, ValueError, KeyError, IndexError, TypeError, AttributeError):
            continue
        raise AssertionError(f"byte {at} may be altered")


# ---------------------------------------------------------------- snapshots

def join(left, right):
    """The subtree above two: one leaf alone moves up unchanged."""
    if left[0] + right[0] < 2:
        return max(left, right)
    return 2, sha256(b"\x03", left[1], right[1])


def root_of_subtrees(parts):
    while len(parts) > 1:
        parts = [join(*pair) for pair in zip(parts[::2], parts[1::2])]
    return parts[0][1]


def test_the_snapshot_of_the_page():
    page = vectors("formats-snapshot.md")
    pairs = [(bytes([3, ord("h")] + [number] * 16), bytes([1, number])) for number in range(6)]
    leaves = sorted((tagged("xinglin/state-path/v1", key), tagged("xinglin/state-value/v1", value),
                     key, value) for key, value in pairs)
    chunks = [[leaf for leaf in leaves if leaf[0][0] >> 6 == part] for part in range(4)]
    subtrees = [subtree([leaf[:2] for leaf in chunk], 2) for chunk in chunks]
    state_root = subtree([leaf[:2] for leaf in leaves], 0)[1]
    assert root_of_subtrees(subtrees) == state_root
    history = [sha256(b"\x00", bytes([number])) for number in range(67)]
    tiles = history[64:] + [tree_root(history[:64])]
    history_root = tree_root(history)
    manifest = (field(1, 1) + field(2, bytes([7] * 32)) + field(3, 12) + field(4, 2) +
                b"".join(field(5, field(1, kind) + (field(2, digest) if kind else b""))
                         for kind, digest in subtrees) +
                field(6, 67) + b"".join(field(7, part) for part in tiles))
    encoded = [b"".join(field(1, field(1, key) + field(2, value)) for _, _, key, value in chunk)
               for chunk in chunks]
    expected = {
        "snapshot.state_root": state_root.hex(),
        "snapshot.history_root": history_root.hex(),
        "snapshot.app_hash": tagged("xinglin/app-hash/v1", state_root, history_root,
                                    (67).to_bytes(8, "big")).hex(),
        "snapshot.manifest": manifest.hex(),
        "snapshot.hash": sha256(manifest).hex(),
    }
    for number, chunk in enumerate(encoded):
        if chunk:
            expected[f"snapshot.chunk_{number + 1}"] = chunk.hex()
    del page["snapshot.chunk_0"]  # test_format_vectors.py
    assert page == expected
