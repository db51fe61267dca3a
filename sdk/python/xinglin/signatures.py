# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""The signatures of transactions: formats-crypto.md §1 to §4."""

import base64
import re
from typing import Optional, Tuple

from . import ed25519, strict_json
from .errors import XinglinError
from .trees import sha256

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, utils
except ImportError:  # Ed25519 works without; P-256 says that it is missing
    ec = None

ED25519, P256, WEBAUTHN_P256 = 1, 2, 3
ALGORITHMS = {ED25519: "ed25519", P256: "p256", WEBAUTHN_P256: "webauthn_p256"}

_SUITE = 1
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_POINT_BYTES = 33
_AUTHENTICATOR_DATA_BYTES_MIN = 37
_AUTHENTICATOR_DATA_BYTES_MAX = 512
_CLIENT_DATA_BYTES_MAX = 1024
_CLIENT_DATA_MEMBERS_MAX = 16
_USER_PRESENT_AND_VERIFIED = 0x05
_RP_ID = re.compile(r"[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*")
_RP_ID_BYTES_MAX = 253
_PORT = re.compile(r":[1-9][0-9]{0,4}")


def verify_p256(key: bytes, message: bytes, signature: bytes) -> bool:
    """ECDSA P-256 with SHA-256; key compressed, signature r ‖ s, s high or low.

    Errors: crypto_library_failed when the package `cryptography` is not installed.
    """
    if ec is None:
        raise XinglinError(
            "crypto_library_failed",
            "P-256 signatures need the Python package 'cryptography', which is not installed",
        )
    if len(key) != _POINT_BYTES or key[0] not in (2, 3) or len(signature) != 64:
        return False
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if not (0 < r < _P256_ORDER and 0 < s < _P256_ORDER):
        return False
    try:
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key)
        point.verify(utils.encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True


def _is_rp_id(text: str) -> bool:
    return len(text) <= _RP_ID_BYTES_MAX and _RP_ID.fullmatch(text) is not None


def _is_port_suffix(text: str) -> bool:
    return not text or (_PORT.fullmatch(text) is not None and int(text[1:]) <= 65535)


def _belongs_to(origin: str, rp_id: str) -> bool:
    local, https = "http://localhost", "https://"
    if rp_id == "localhost" and origin.startswith(local):
        return _is_port_suffix(origin[len(local) :])
    if not origin.startswith(https):
        return False
    host = origin[len(https) :].split(":", 1)[0]
    if not _is_rp_id(host) or not _is_port_suffix(origin[len(https) + len(host) :]):
        return False
    return host == rp_id or host.endswith("." + rp_id)


def _read_client_data(content: bytes) -> Optional[dict]:
    """The members of clientDataJSON; None when it is anything but one flat object."""
    try:
        value = strict_json.parse(content, _CLIENT_DATA_BYTES_MAX)
    except XinglinError:
        return None
    if not isinstance(value, dict) or len(value) > _CLIENT_DATA_MEMBERS_MAX:
        return None
    return None if any(isinstance(one, (dict, list)) for one in value.values()) else value


def _take_field(rest: bytes) -> Tuple[bytes, bytes]:
    """A field behind its u16 length, and what follows; ValueError when it is not all there."""
    end = 2 + int.from_bytes(rest[:2], "big")
    if len(rest) < 2 or end > len(rest):
        raise ValueError("length")
    return rest[2:end], rest[end:]


def _client_agrees(client_data: bytes, rp_id: str, message: bytes) -> bool:
    client = _read_client_data(client_data)
    if client is None or strict_json.as_string(client.get("origin")) is None:
        return False
    challenge = base64.urlsafe_b64encode(sha256(message)).rstrip(b"=").decode()
    return (
        strict_json.as_string(client.get("type")) == "webauthn.get"
        and strict_json.as_string(client.get("challenge")) == challenge
        and _belongs_to(client["origin"], rp_id)
        and client.get("crossOrigin", False) is False
    )


def _verify_assertion(key: bytes, message: bytes, assertion: bytes) -> bool:
    """`key` is point ‖ rpId; `assertion` is what stands behind the suite byte: §4."""
    rp_id = key[_POINT_BYTES:].decode("latin-1")
    try:
        authenticator_data, rest = _take_field(assertion)
        client_data, signature = _take_field(rest)
    except ValueError:
        return False
    sized = (
        _AUTHENTICATOR_DATA_BYTES_MIN <= len(authenticator_data) <= _AUTHENTICATOR_DATA_BYTES_MAX
        and len(client_data) <= _CLIENT_DATA_BYTES_MAX
        and len(signature) == 64
    )
    if not sized or not _is_rp_id(rp_id) or not _client_agrees(client_data, rp_id, message):
        return False
    if authenticator_data[:32] != sha256(rp_id.encode()):
        return False
    if authenticator_data[32] & _USER_PRESENT_AND_VERIFIED != _USER_PRESENT_AND_VERIFIED:
        return False
    signed = authenticator_data + sha256(client_data)
    return verify_p256(key[:_POINT_BYTES], signed, signature)


def verify(algorithm: int, key: bytes, message: bytes, signature: bytes) -> bool:
    """Is `signature`, which begins with its suite byte, one of `message` by `key`?

    An unknown algorithm or suite is a signature that does not verify.
    Errors: crypto_library_failed (P-256 and passkeys without the package `cryptography`).
    """
    if signature[:1] != bytes([_SUITE]):
        return False
    own = signature[1:]
    if algorithm == ED25519:
        return ed25519.verify_strict(key, message, own)
    if algorithm == P256:
        return verify_p256(key, message, own)
    return algorithm == WEBAUTHN_P256 and _verify_assertion(key, message, own)
