// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "vault/keyring.h"

namespace xl::vault {

/// Copies the read journal, the log of erasures and then the bodies of an organisation into the
/// folder `to`, laid out as `places_below` is, each as of one moment, while they are in use. Bodies
/// come last: those of all keys that an earlier backup of the keyring holds are among them. What is
/// not there yet is left out. Errors: those of `sqlite::Database::copy_to`, keyring_altered.
[[nodiscard]] Status copy_stores(const Places& places, Keyring& keyring, const Places& to);

}  // namespace xl::vault
