# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Reads the QR codes in a picture: rows of 0 and 1, a module each, on standard input. Prints what
each of them says as JSON. Runs in the environment of zxing.txt."""

import json
import sys

import zxingcpp

SCALE = 4  # points to a module

rows = [line.strip() for line in sys.stdin if line.strip()]
points = bytearray()
for row in rows:
    line = b"".join((b"\x00" if one == "1" else b"\xff") * SCALE for one in row)
    points += line * SCALE
picture = memoryview(points).cast("B", (len(rows) * SCALE, len(rows[0]) * SCALE))
print(json.dumps([one.text for one in zxingcpp.read_barcodes(picture)]))
