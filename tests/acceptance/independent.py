# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""What the formats stand on, a second time, with nothing but Python's standard library: tagged
digests, Ed25519 (RFC 8032), both trees, protocol buffers. Shares nothing with the program."""

import hashlib
import pathlib
import re

PAGES = pathlib.Path(__file__).parents[2] / "docs" / "reference"


def vectors(page):
    """The `name = value` lines of a page's blocks."""
    out, inside = {}, False
    for line in (PAGES / page).read_text().splitlines():
        if line.startswith("```"):
            inside = not inside
        elif inside and (found := re.match(r"(\w+\.\w+) = ([\w:-]+)$", line)):
            out[found[1]] = found[2]
    return out


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def tagged(tag, *parts):
    return sha256(tag.encode(), b"\x00\x01", *parts)


# ---------------------------------------------------------------- Ed25519 (RFC 8032 §5.1)

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def point_add(a, b):
    """§5.1.4, extended coordinates."""
    (x1, y1, z1, t1), (x2, y2, z2, t2) = a, b
    minus, plus = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P
    cross, double = 2 * t1 * t2 * D % P, 2 * z1 * z2 % P
    e, f, g, h = plus - minus, double - cross, double + cross, plus + minus
    return e * f % P, g * h % P, f * g % P, e * h % P


def point_multiply(scalar, point):
    out = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            out = point_add(out, point)
        point = point_add(point, point)
        scalar >>= 1
    return out


def recover_x(y, sign):
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    assert (x * x - square) % P == 0, "not on the curve"
    return P - x if x & 1 != sign else x


BASE_Y = 4 * pow(5, P - 2, P) % P


def extended(x, y):
    return x, y, 1, x * y % P


BASE = extended(recover_x(BASE_Y, 0), BASE_Y)


def encode_point(point):
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def decode_point(data):
    number = int.from_bytes(data, "little")
    y = number & (1 << 255) - 1
    return extended(recover_x(y, number >> 255), y)


def hash_scalar(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little") % ORDER


def secret_scalar(secret):
    digest = hashlib.sha512(secret).digest()
    scalar = int.from_bytes(digest[:32], "little")
    return scalar & (1 << 254) - 8 | 1 << 254, digest[32:]


def public_key(secret):
    return encode_point(point_multiply(secret_scalar(secret)[0], BASE))


def sign(secret, message):
    scalar, prefix = secret_scalar(secret)
    public = public_key(secret)
    nonce = hash_scalar(prefix, message)
    first = encode_point(point_multiply(nonce, BASE))
    second = (nonce + hash_scalar(first, public, message) * scalar) % ORDER
    return first + second.to_bytes(32, "little")


def verify(public, message, signature):
    second = int.from_bytes(signature[32:], "little")
    challenge = hash_scalar(signature[:32], public, message)
    right = point_add(decode_point(signature[:32]), point_multiply(challenge, decode_point(public)))
    return second < ORDER and encode_point(point_multiply(second, BASE)) == encode_point(right)


# ---------------------------------------------------------------- trees

NOTHING = bytes(32)


def subtree(leaves, depth):
    """(kind, hash) of the sparse tree over [(path, value hash)] below `depth`."""
    if not leaves:
        return 0, NOTHING
    if len(leaves) == 1:
        return 1, sha256(b"\x02", *leaves[0])
    halves = ([], [])
    for leaf in leaves:
        halves[leaf[0][depth // 8] >> 7 - depth % 8 & 1].append(leaf)
    return 2, sha256(b"\x03", subtree(halves[0], depth + 1)[1], subtree(halves[1], depth + 1)[1])


def subtree_proof(leaves, path):
    """Siblings from the root down, and the leaf where the way to `path` ends, if any."""
    siblings = []
    while len(leaves) > 1:
        depth = len(siblings)
        halves = ([], [])
        for leaf in leaves:
            halves[leaf[0][depth // 8] >> 7 - depth % 8 & 1].append(leaf)
        side = path[depth // 8] >> 7 - depth % 8 & 1
        siblings.append(subtree(halves[1 - side], depth + 1)[1])
        leaves = halves[side]
    return siblings, leaves[0] if leaves else None


def left_size(count):
    """How many of `count` leaves are in the left half."""
    return 1 << (count - 1).bit_length() - 1


def tree_root(hashes):
    """The root of RFC 9162 over leaf hashes."""
    if not hashes:
        return sha256()
    if len(hashes) == 1:
        return hashes[0]
    left = left_size(len(hashes))
    return sha256(b"\x01", tree_root(hashes[:left]), tree_root(hashes[left:]))


def inclusion_path(hashes, index):
    """RFC 9162 §2.1.3.1, deepest sibling first."""
    if len(hashes) == 1:
        return []
    left = left_size(len(hashes))
    if index < left:
        return inclusion_path(hashes[:left], index) + [tree_root(hashes[left:])]
    return inclusion_path(hashes[left:], index - left) + [tree_root(hashes[:left])]


# ---------------------------------------------------------------- protocol buffers


def varint(number):
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes(out + bytes([number]))


def field(number, value):
    """One protobuf field; defaults are left out."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value) if value else b""
    return varint(number << 3 | 2) + varint(len(value)) + value


def text_field(number, value):
    """As `field`, of bytes that are left out when there are none."""
    return field(number, value) if value else b""
