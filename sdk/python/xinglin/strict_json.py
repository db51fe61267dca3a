# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""RFC 8259, strictly, and bounded.

Python's `json` will not do: it takes the last of two members of one name, where another reader
takes the first, it knows `NaN`, lets half a surrogate pair through, and nests until the stack ends.
"""

import re
from typing import Any, Optional

from . import limits
from .errors import XinglinError


class Number(str):
    """A number as it was written."""


_SPACE = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,19}")
_PLAIN = re.compile(r'[^"\\\x00-\x1f]*')
_HEX4 = re.compile(r"[0-9a-fA-F]{4}")
_WORDS = {"t": ("true", True), "f": ("false", False), "n": ("null", None)}
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.elements = 0

    def document(self) -> Any:
        self.space()
        value = self.value(0)
        self.space()
        if self.at < len(self.text):
            raise self.invalid("text behind the value")
        return value

    def invalid(self, what: str) -> XinglinError:
        return XinglinError("json_invalid", f"{what} at {self.at}")

    def space(self) -> None:
        self.at = _SPACE.match(self.text, self.at).end()

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def expect(self, character: str) -> None:
        if self.peek() != character:
            raise self.invalid(f"expected '{character}'")
        self.at += 1

    def value(self, depth: int) -> Any:
        """Recursion is bounded by `JSON_DEPTH_MAX`."""
        self.elements += 1
        if self.elements > limits.JSON_ELEMENTS_MAX:
            raise XinglinError("json_too_large")
        first = self.peek()
        if first in ("{", "["):
            if depth == limits.JSON_DEPTH_MAX:
                raise XinglinError("json_too_large", "nesting")
            return self.object(depth + 1) if first == "{" else self.array(depth + 1)
        if first == '"':
            return self.string()
        word, meaning = _WORDS.get(first, ("", None))
        if word and self.text.startswith(word, self.at):
            self.at += len(word)
            return meaning
        number = _NUMBER.match(self.text, self.at)
        if not number:
            raise self.invalid("expected a value")
        self.at = number.end()
        return Number(number.group())

    def object(self, depth: int) -> dict:
        out: dict = {}
        while self.another("}", bool(out)):
            if self.peek() != '"':
                raise self.invalid("expected a member name")
            name = self.string()
            if name in out:
                raise self.invalid("duplicate member name")
            self.space()
            self.expect(":")
            self.space()
            out[name] = self.value(depth)
        return out

    def array(self, depth: int) -> list:
        out: list = []
        while self.another("]", bool(out)):
            out.append(self.value(depth))
        return out

    def another(self, close: str, behind_one: bool) -> bool:
        """Moves to the next item; False, and behind the closing bracket, when there is none."""
        if not behind_one:
            self.at += 1
        self.space()
        if self.peek() == close:
            self.at += 1
            return False
        if behind_one:
            self.expect(",")
            self.space()
        return True

    def string(self) -> str:
        parts = []
        self.at += 1
        while True:
            plain = _PLAIN.match(self.text, self.at)
            parts.append(plain.group())
            self.at = plain.end()
            end = self.peek()
            if end == '"':
                self.at += 1
                return "".join(parts)
            if end != "\\":
                raise self.invalid("control character in a string" if end else "string without end")
            self.at += 1
            parts.append(self.escape())

    def escape(self) -> str:
        letter = self.peek()
        self.at += 1
        if letter in _ESCAPES:
            return _ESCAPES[letter]
        if letter != "u":
            raise self.invalid("malformed escape")
        unit = self.hex4()
        if not 0xD800 <= unit <= 0xDFFF:
            return chr(unit)
        if unit >= 0xDC00 or not self.text.startswith("\\u", self.at):
            raise self.invalid("lone surrogate")
        self.at += 2
        low = self.hex4()
        if not 0xDC00 <= low <= 0xDFFF:
            raise self.invalid("lone surrogate")
        return chr(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00))

    def hex4(self) -> int:
        digits = _HEX4.match(self.text, self.at)
        if not digits:
            raise self.invalid("malformed escape")
        self.at += 4
        return int(digits.group(), 16)


def parse(document: bytes, bytes_max: int) -> Any:
    """One JSON text as dict, list, str, bool, None and `Number`.

    At most `bytes_max` bytes, UTF-8 without byte order mark, no lone surrogate, no member twice.
    Errors: json_invalid, json_too_large.
    """
    if len(document) > bytes_max:
        raise XinglinError("json_too_large", f"over {bytes_max} bytes")
    try:
        text = document.decode("utf-8")
    except UnicodeDecodeError:
        raise XinglinError("json_invalid", "malformed UTF-8") from None
    return _Parser(text).document()


def find(value: Any, name: str) -> Any:
    """The member of that name; None when there is none, it is null, or `value` is no object."""
    return value.get(name) if isinstance(value, dict) else None


def has(value: Any, name: str) -> bool:
    """Is there a member of that name, null included?"""
    return isinstance(value, dict) and name in value


def as_string(value: Any) -> Optional[str]:
    """The text of a string; None for every other value."""
    return value if type(value) is str else None


def as_int64(value: Any) -> Optional[int]:
    """A number written without fraction and exponent that fits 64 bits with sign."""
    if type(value) is not Number or not _INTEGER.fullmatch(value) or len(value) > 20:
        return None
    number = int(value)
    return number if -(2**63) <= number < 2**63 else None


def as_uint64(value: Any) -> Optional[int]:
    """As `as_int64` but without sign, also in `-0`."""
    return parse_decimal(str(value)) if type(value) is Number else None


def parse_decimal(text: Optional[str]) -> Optional[int]:
    """A decimal of 64 bits without sign, leading zero or space."""
    if text is None or not _DECIMAL.fullmatch(text):
        return None
    number = int(text)
    return number if number < 2**64 else None
