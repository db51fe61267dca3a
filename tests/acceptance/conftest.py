# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""What the tests write is theirs alone: the program refuses secrets that others can read."""

import os

os.umask(0o077)
