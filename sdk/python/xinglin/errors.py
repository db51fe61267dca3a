# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Why something was refused."""

from typing import Dict, Tuple

# The numbers, names and words of src/base/errors.def that this package can answer with; a test
# compares them. A number never changes its meaning.
ERRORS: Dict[str, Tuple[int, str, str]] = {
    "file_unreadable": (
        1001,
        "A file could not be read.",
        "Check that the path exists and that this user may read it.",
    ),
    "file_too_large": (
        1002,
        "A file is larger than this use allows.",
        "Check that it is the right file.",
    ),
    "file_missing": (
        1004,
        "There is no such file.",
        "Check the path.",
    ),
    "json_invalid": (
        1010,
        "The text is not valid JSON (RFC 8259).",
        "Correct it at the place named.",
    ),
    "json_too_large": (
        1011,
        "The JSON text exceeds the size, depth or element limit.",
        "Split it into smaller parts.",
    ),
    "crypto_library_failed": (
        1104,
        "The cryptographic library refused an operation.",
        "Check the installation of OpenSSL and libsodium with 'xinglin doctor'.",
    ),
    "genesis_malformed": (
        1220,
        "The genesis document is not valid.",
        "Ask a member of the network for the genesis file.",
    ),
    "receipt_malformed": (
        1221,
        "The receipt cannot be read.",
        "Check that the file is a complete receipt.",
    ),
    "receipt_wrong_network": (
        1222,
        "The receipt is of another network than the genesis.",
        "Use the genesis of the network that issued the receipt.",
    ),
    "receipt_entry_mismatch": (
        1223,
        "The receipt's history entry is not the one its path proves.",
        "The receipt was altered; ask for it again.",
    ),
    "receipt_app_hash_mismatch": (
        1224,
        "The receipt's roots do not give the header's app hash.",
        "The receipt was altered; ask for it again.",
    ),
    "receipt_state_proof_invalid": (
        1225,
        "The state proof does not lead to the state root.",
        "The proof, key or value was altered; ask for it again.",
    ),
    "header_invalid": (
        1226,
        "A block header is malformed or contradicts its block id.",
        "The receipt was altered; ask for it again.",
    ),
    "commit_invalid": (
        1227,
        "A commit does not belong to its header or validator set.",
        "The receipt was altered; ask for it again.",
    ),
    "commit_power_insufficient": (
        1228,
        "The commit's valid signatures do not hold more than two thirds of the voting power.",
        "The receipt was altered or never final; ask for it again.",
    ),
    "validators_mismatch": (
        1229,
        "A validator set is not the one its header commits to.",
        "The receipt was altered; ask for it again.",
    ),
    "trust_path_broken": (
        1230,
        "The trust path does not lead from the genesis to the header.",
        "Ask for the receipt again; the genesis may be of another network.",
    ),
    "receipt_digest_mismatch": (
        1233,
        "The receipt's transaction or result is not the one in its entry.",
        "The receipt was altered; ask for it again.",
    ),
    "receipt_signature_invalid": (
        1235,
        "A signature in the receipt is not by the key that the transaction names.",
        "The receipt was altered; ask for it again.",
    ),
    "receipt_signer_unknown": (
        1236,
        "The receipt is signed by a key that the genesis does not name: it could not be checked.",
        "Give the signer's card with --signer FILE.",
    ),
    "trust_start_unknown": (
        1237,
        "The receipt begins at a checkpoint that was not given: it could not be checked.",
        "Give the checkpoint with --checkpoint FILE, or ask for the whole receipt.",
    ),
    "checkpoint_malformed": (
        1238,
        "The checkpoint cannot be read.",
        "Check that the file is a complete checkpoint.",
    ),
    "checkpoint_out_of_order": (
        1239,
        "A checkpoint is not above the one before it.",
        "Give checkpoints in the order of their heights.",
    ),
    "checkpoint_wrong_network": (
        1241,
        "The checkpoint is of another network than the genesis.",
        "Use a checkpoint of the same network.",
    ),
    "checkpoint_signature_invalid": (
        1242,
        "A member's signature of the checkpoint does not verify.",
        "The checkpoint was altered; ask for it again.",
    ),
    "checkpoint_weight_insufficient": (
        1243,
        "The checkpoint is not signed by members with more than two thirds of the weight.",
        "Have more members sign it; or give the checkpoint before it, if keys or members changed.",
    ),
}


class XinglinError(Exception):
    """A document was refused. Its words never hold content of the documents.

    `name` is the error's name in `src/base/errors.def`, `code` its number (`XL` and four digits),
    `detail` what was looked at, `fix` what to do about it.
    """

    def __init__(self, name: str, detail: str = "") -> None:
        number, sentence, fix = ERRORS[name]
        super().__init__(f"{sentence.rstrip('.')}: {detail}" if detail else sentence)
        self.name = name
        self.code = f"XL{number}"
        self.detail = detail
        self.fix = fix

    @property
    def is_alteration(self) -> bool:
        """Is this evidence of alteration, and not merely a document that cannot be read?"""
        number = ERRORS[self.name][0]
        return 1222 <= number <= 1235 or 1241 <= number <= 1244
