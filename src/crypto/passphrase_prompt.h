// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string_view>

#include "base/result.h"
#include "crypto/secret.h"

namespace xl::crypto {

/// True when standard input is a terminal, where somebody can be asked.
[[nodiscard]] bool may_prompt();

/// Asks `question` on standard error and reads one line of the terminal that is not shown, at most
/// `passphrase_bytes_max` bytes. Errors: passphrase_wrong (nothing was typed).
[[nodiscard]] Result<SecretBytes> prompt_passphrase(std::string_view question);

}  // namespace xl::crypto
