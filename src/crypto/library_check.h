// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "base/result.h"

namespace xl::crypto {

/// Checks that the installed OpenSSL and libsodium decide as the network does: known answers for
/// SHA-256, AES-256-GCM and P-256, and the Ed25519 signatures on which libraries are known to
/// differ. A node calls this before it joins: one with another rule would fork the ledger at the
/// first odd signature. Errors: crypto_library_failed, naming the check. Thread-safe. Cost: 1 ms.
[[nodiscard]] Status check_libraries();

}  // namespace xl::crypto
