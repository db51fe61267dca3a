# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Ed25519 as the network verifies it, by both of its rules: formats-crypto.md §2.

Commits follow ZIP-215, whose cofactored equation no Python library offers, so the group's
arithmetic is here, in Python's integers. Only verification, only public values: nothing needs to be
constant-time. Where the package `cryptography` is installed it does the common case.
"""

import hashlib
from typing import NamedTuple, Optional

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ImportError:  # everything below works without, 20 times slower
    Ed25519PublicKey = None

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P
_SQRT_M1 = pow(2, (_P - 1) // 4, _P)
_SIGN = 2**255


class _Point(NamedTuple):
    """Extended coordinates: x = X/Z, y = Y/Z, x·y = T/Z."""

    x: int
    y: int
    z: int
    t: int


_ZERO = _Point(0, 1, 1, 0)


def _add(a: _Point, b: _Point) -> _Point:
    """The complete addition of RFC 8032 §5.1.4."""
    m = (a.y - a.x) * (b.y - b.x) % _P
    n = (a.y + a.x) * (b.y + b.x) % _P
    c = 2 * a.t * b.t * _D % _P
    d = 2 * a.z * b.z % _P
    e, f, g, h = n - m, d - c, d + c, n + m
    return _Point(e * f % _P, g * h % _P, f * g % _P, e * h % _P)


def _multiply(scalar: int, point: _Point) -> _Point:
    out = _ZERO
    while scalar:
        if scalar & 1:
            out = _add(out, point)
        point = _add(point, point)
        scalar >>= 1
    return out


def _negate(point: _Point) -> _Point:
    return _Point(-point.x % _P, point.y, point.z, -point.t % _P)


def _is_zero(point: _Point) -> bool:
    return point.x % _P == 0 and (point.y - point.z) % _P == 0


def _is_small(point: _Point) -> bool:
    return _is_zero(_multiply(8, point))


def _decode(encoded: bytes) -> Optional[_Point]:
    """Leniently, as ZIP-215 asks: y modulo p, x = 0 with either sign. None: no such point."""
    number = int.from_bytes(encoded, "little")
    y = number % _SIGN % _P
    u, v = (y * y - 1) % _P, (_D * y * y + 1) % _P
    x = u * pow(v, 3, _P) * pow(u * pow(v, 7, _P), (_P - 5) // 8, _P) % _P
    if (v * x * x - u) % _P:
        x = x * _SQRT_M1 % _P
    if (v * x * x - u) % _P:
        return None
    if x & 1 != number // _SIGN:
        x = -x % _P
    return _Point(x, y, 1, x * y % _P)


def _encode(point: _Point) -> bytes:
    inverse = pow(point.z, _P - 2, _P)
    x, y = point.x * inverse % _P, point.y * inverse % _P
    return (y | (x & 1) * _SIGN).to_bytes(32, "little")


_BASE = _decode((4 * pow(5, _P - 2, _P) % _P).to_bytes(32, "little"))


def _challenge(r: bytes, key: bytes, message: bytes) -> int:
    return int.from_bytes(hashlib.sha512(r + key + message).digest(), "little") % _L


def _difference(key: bytes, message: bytes, signature: bytes) -> Optional[_Point]:
    """S·B − k·A, which should be R; None when the key is no point."""
    point = _decode(key)
    if point is None:
        return None
    s = int.from_bytes(signature[32:], "little")
    k = _challenge(signature[:32], key, message)
    return _add(_multiply(s, _BASE), _negate(_multiply(k, point)))


def _shaped(key: bytes, signature: bytes) -> bool:
    """Lengths, and S < L."""
    if len(key) != 32 or len(signature) != 64:
        return False
    return int.from_bytes(signature[32:], "little") < _L


def _library_verifies(key: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def verify_strict(key: bytes, message: bytes, signature: bytes) -> bool:
    """The rule of transactions, libsodium 1.0.18's.

    S < L; canonical key; neither key nor R of small order; S·B − k·A encodes to R byte for byte.
    OpenSSL, behind `cryptography`, checks that equation and S, but takes odd keys and R: these are
    looked at here.
    """
    if not _shaped(key, signature) or int.from_bytes(key, "little") % _SIGN >= _P:
        return False
    if Ed25519PublicKey is not None and not _library_verifies(key, message, signature):
        return False
    point, r = _decode(key), _decode(signature[:32])
    if point is None or r is None or _is_small(point) or _is_small(r):
        return False
    if Ed25519PublicKey is not None:
        return True
    return _encode(_difference(key, message, signature)) == signature[:32]


def verify_zip215(key: bytes, message: bytes, signature: bytes) -> bool:
    """The rule of commits: S < L, lenient encodings, 8·S·B = 8·R + 8·k·A."""
    if not _shaped(key, signature):
        return False
    # Whatever the other rule accepts this one accepts; only odd signatures need the arithmetic.
    if Ed25519PublicKey is not None and verify_strict(key, message, signature):
        return True
    r, expected = _decode(signature[:32]), _difference(key, message, signature)
    if r is None or expected is None:
        return False
    return _is_small(_add(expected, _negate(r)))
