# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""A member whose application lies: stands between CometBFT and the node and alters what they say to
each other. Frames are length-prefixed protobuf (CometBFT v0.40 abci/types/messages.go); only the
fields that a lie needs are taken apart."""

import hashlib
import socket
import threading
import time

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

# Numbers in the oneofs of tendermint.abci.Request and Response.
REQUEST = {"prepare_proposal": 16, "process_proposal": 17, "finalize_block": 20, "commit": 11}
RESPONSE = {"check_tx": 9, "prepare_proposal": 17, "process_proposal": 18, "finalize_block": 21,
            "commit": 12}
FINALIZE_REQUEST_HEIGHT = 5
FINALIZE_RESPONSE_APP_HASH = 5
PREPARE_REQUEST_TXS = 2
PREPARE_RESPONSE_TXS = 1


def read_varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def varint(value):
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def fields_of(message):
    """(number, value) in order; a value is an integer or bytes."""
    at, out = 0, []
    while at < len(message):
        key, at = read_varint(message, at)
        assert key & 7 in (0, 2), "neither a number nor bytes"
        value, at = read_varint(message, at)
        if key & 7 == 2:
            value, at = message[at:at + value], at + value
        out.append((key >> 3, value))
    return out


def encoded(fields):
    out = b""
    for number, value in fields:
        if isinstance(value, int):
            out += varint(number << 3) + varint(value)
        else:
            out += varint(number << 3 | 2) + varint(len(value)) + value
    return out


def values(message, number):
    return [value for one, value in fields_of(message) if one == number]


class Packer:
    """Packs whatever it is told to with the member's own envelope key (formats.md §1, §4;
    src/crypto/keyfile.h): what no honest gateway would let out."""

    def __init__(self, member):
        file = (member.data / "keys/envelope.key").read_bytes()
        operator_key = (member.folder / "operator.key").read_bytes()
        key = HKDF(SHA256(), 32, file[20:36], b"xinglin/keyfile/v1").derive(operator_key)
        self.key = Ed25519PrivateKey.from_private_bytes(
            AESGCM(key).decrypt(file[36:48], file[48:], file[:36]))
        public = self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.key_id = hashlib.sha256(b"xinglin/key-id/v1\0\x01\x01" + public).digest()
        self.sequence = 1 << 60

    def envelope(self, transactions):
        self.sequence += 1
        content = encoded([(1, 1), (2, self.key_id), (3, self.sequence),
                           *((4, one) for one in transactions)])
        signature = self.key.sign(b"xinglin/envelope-signature/v1\0\x01" + content)
        return encoded([(1, content), (2, b"\x01" + signature)])


def transactions_of(envelope):
    content, = values(envelope, 1)
    return values(content, 4)


def id_of(transaction):
    """formats.md §3."""
    body = values(transaction, 1)[0]
    return hashlib.sha256(b"xinglin/transaction-id/v1\0\x01" + body).hexdigest()


class Liar:
    """`alter(direction, number, message)` gives the message to send on: `direction` is "request" or
    "response", `number` the one in the oneof. It may change between one call and the next."""

    def __init__(self, member, engine):
        self.alter = lambda direction, number, message: message
        self.node_socket = member.data / "run" / "abci.sock"
        self.socket = member.data / "run" / "liar.sock"
        self.open = set()
        self.closing = False
        program = member.folder / f"{member.name}-engine"
        program.write_text(f'#!/bin/sh\nexec {engine.resolve()} "$@" --proxy_app '
                           f"unix://{self.socket}\n")
        program.chmod(0o755)
        member.configure(r'program = ".*"', f'program = "{program}"')
        self.socket.parent.mkdir(exist_ok=True)
        self.socket.unlink(missing_ok=True)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.socket))
        self.listener.listen()
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        self.closing = True
        self.listener.close()
        for one in list(self.open):
            shut(one)

    def accept(self):
        while not self.closing:
            try:
                engine, _ = self.listener.accept()
            except OSError:
                return
            node = socket.socket(socket.AF_UNIX)
            deadline = time.monotonic() + 10
            while node.connect_ex(str(self.node_socket)) != 0 and time.monotonic() < deadline:
                time.sleep(0.05)
            self.open |= {engine, node}
            for source, sink, direction in ((engine, node, "request"), (node, engine, "response")):
                threading.Thread(target=self.pump, args=(source, sink, direction),
                                 daemon=True).start()

    def pump(self, source, sink, direction):
        try:
            stream = source.makefile("rb")
            while frame := read_frame(stream):
                (number, message), = fields_of(frame)
                altered = self.alter(direction, number, message)
                if altered is not None:
                    frame = encoded([(number, altered)])
                    sink.sendall(varint(len(frame)) + frame)
        except (OSError, IndexError, ValueError):
            pass  # an end of it is gone
        for one in (source, sink):
            self.open.discard(one)
            shut(one)


def shut(one):
    try:
        one.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    one.close()


def read_frame(stream):
    """The next frame, nothing at the end."""
    head = b""
    while not head or head[-1] >= 0x80:
        byte = stream.read(1)
        if not byte:
            return b""
        head += byte
    length, _ = read_varint(head, 0)
    frame = stream.read(length)
    return frame if len(frame) == length else b""
