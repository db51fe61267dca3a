# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""What the command line answers programs: every answer has the form that its `schema` names."""

import functools
import json
import pathlib
import re

import jsonschema

SCHEMAS = pathlib.Path(__file__).parents[2] / "docs" / "reference" / "schemas"
# Files whose bytes are signed or hashed, and free text.
OF_THEIR_OWN = {"receipt", "identity-card", "member-card", "security-statement", "help"}
TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z")
LOOKS_LIKE_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T.*")


@functools.cache
def validator(name):
    found = re.fullmatch(r"xinglin/([a-z-]+)/(v\d+)", name)
    schema = json.loads((SCHEMAS / f"{found.group(1)}.{found.group(2)}.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def check_form(value):
    """Times have milliseconds, what is absent is null; documents of another form are left alone."""
    if isinstance(value, dict):
        for key, one in value.items():
            if isinstance(one, dict) and ("schema" in one or "resourceType" in one):
                continue
            check_form(one)
    elif isinstance(value, list):
        for one in value:
            check_form(one)
    elif isinstance(value, str):
        assert value, "absent is null"
        assert not LOOKS_LIKE_TIME.fullmatch(value) or TIME.fullmatch(value), value


def checked(text):
    """The one object that a command wrote with --json, validated."""
    answer = json.loads(text)
    validator(answer["schema"]).validate(answer)
    if answer["schema"].split("/")[1] not in OF_THEIR_OWN:
        check_form(answer)
    return answer
