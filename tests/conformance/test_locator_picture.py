# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Goal: what a patient shows as a picture is what a doctor's camera reads. Method: the QR code of a
locator, drawn point by point as its SVG says, is read by somebody else's reader (PyPI zxing-cpp,
pinned)."""

import json
import pathlib
import re
import subprocess

import outside
from test_cli import OPERATOR

PROGRAM = pathlib.Path(__file__).parent / "qr_program.py"


def modules_of(picture):
    side, = map(int, re.findall(r'viewBox="0 0 (\d+) \1"', picture))
    dark = {(int(x), int(y)) for x, y in re.findall(r"M(\d+) (\d+)h1v1h-1z", picture)}
    return "\n".join("".join("1" if (x, y) in dark else "0" for x in range(side))
                     for y in range(side))


def test_a_camera_reads_the_locator(world):
    world.put("city", {"resourceType": "Patient", "id": "ada"})
    patient = world.act("city", "record", "verify", "Patient/ada")["patient"]
    world.json("identity", "create", "Ada", "--kind", "patient", "--did", patient, "--organisation",
               world.did, "--out", "ada.json", *OPERATOR)
    locator = world.act("ada", "identity", "locator", "--picture", "me.svg")["locator"]
    picture = (world.folder / "me.svg").read_text()
    read = subprocess.run([outside.python_with("zxing"), PROGRAM], input=modules_of(picture),
                          capture_output=True, text=True, timeout=60)
    assert json.loads(read.stdout) == [locator], read.stderr
