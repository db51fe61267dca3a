# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Verifies Xinglin's receipts offline, with the network's genesis alone."""

from .checkpoint import CheckpointProof, verify_checkpoint
from .cose import SignerKey, Statement, verify_cose_receipt
from .errors import XinglinError
from .genesis import Genesis, read_genesis
from .receipt import Proof, ProvedSignature, ProvedSigner, ProvedState, ProvedTransaction
from .receipt import verify_receipt

__all__ = [
    "CheckpointProof", "Genesis", "Proof", "ProvedSignature", "ProvedSigner", "ProvedState",
    "ProvedTransaction", "SignerKey", "Statement", "XinglinError", "read_genesis",
    "verify_checkpoint", "verify_cose_receipt", "verify_receipt",
]
__version__ = "0.1.0"
