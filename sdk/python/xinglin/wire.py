# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Protocol buffers (proto3) in the one canonical form that formats.md §3 allows."""

from typing import Dict, List, Optional, Union

# What a field may be: a number of at most that value, bytes once, or bytes many times.
Kind = Union[int, str]
BYTES = "bytes"
REPEATED = "repeated"

_VARINT_BYTES_MAX = 10


def _varint(value: int) -> bytes:
    out = bytearray()
    value &= 2**64 - 1
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def number_field(field: int, value: int) -> bytes:
    """Field with a varint; nothing when it is 0. Negative numbers take ten bytes."""
    return _varint(field << 3) + _varint(value) if value else b""


def fixed64_field(field: int, value: int) -> bytes:
    """Field of type sfixed64; nothing when it is 0."""
    return _varint(field << 3 | 1) + value.to_bytes(8, "little", signed=True) if value else b""


def present_field(field: int, value: bytes) -> bytes:
    """Field with bytes, a text or a message, written even when it is empty."""
    return _varint(field << 3 | 2) + length_prefixed(value)


def bytes_field(field: int, value: bytes) -> bytes:
    """Field with bytes or a text; nothing when it is empty."""
    return present_field(field, value) if value else b""


def length_prefixed(message: bytes) -> bytes:
    """`message` behind its length."""
    return _varint(len(message)) + message


class Fields:
    """The fields of a message that was read; absent numbers are 0, absent bytes empty."""

    def __init__(self) -> None:
        self._numbers: Dict[int, int] = {}
        self._values: Dict[int, List[bytes]] = {}

    def number(self, field: int) -> int:
        return self._numbers.get(field, 0)

    def bytes(self, field: int) -> bytes:
        return self._values.get(field, [b""])[0]

    def repeated(self, field: int) -> List[bytes]:
        return self._values.get(field, [])


class _Reader:
    def __init__(self, message: bytes) -> None:
        self.message = message
        self.at = 0

    def varint(self) -> int:
        """The shortest form only; ValueError for anything else."""
        value = 0
        for i in range(_VARINT_BYTES_MAX):
            byte = self.take(1)[0]
            value |= (byte & 127) << 7 * i
            if byte < 128:
                if (i and not byte) or value >= 2**64:
                    break
                return value
        raise ValueError("varint")

    def take(self, size: int) -> bytes:
        if size > len(self.message) - self.at:
            raise ValueError("end")
        self.at += size
        return self.message[self.at - size : self.at]


def _read_field(reader: _Reader, last: int, schema: Dict[int, Kind], out: Fields) -> int:
    tag = reader.varint()
    field = tag >> 3
    kind = schema.get(field)
    if kind is None or field < last or (field == last and kind != REPEATED):
        raise ValueError("field")
    value = reader.varint()
    if isinstance(kind, int):
        if tag & 7 != 0 or not 0 < value <= kind:
            raise ValueError("number")
        out._numbers[field] = value
        return field
    if tag & 7 != 2:
        raise ValueError("type")
    content = reader.take(value)
    if kind == BYTES and not content:
        raise ValueError("default")
    out._values.setdefault(field, []).append(content)
    return field


def read_message(message: bytes, schema: Dict[int, Kind]) -> Optional[Fields]:
    """Reads a message: fields ascending, each once unless repeated, no defaults, nothing unknown.

    None for anything else. `schema` gives the kind of each field by its number.
    """
    reader = _Reader(message)
    out = Fields()
    last = 0
    try:
        while reader.at < len(message):
            last = _read_field(reader, last, schema, out)
    except ValueError:
        return None
    return out
