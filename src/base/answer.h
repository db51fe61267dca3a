// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/json/json.h"

/// The form in which the command line answers programs (docs/reference/cli.md).
namespace xl {

/// `2026-01-02T03:04:05.678Z`: UTC, milliseconds. Years 0000 to 9999.
[[nodiscard]] std::string iso_time(std::int64_t milliseconds);

/// One line of JSON in that form: `schema` comes first; a point in time `NAME_ms` or `NAME_s`
/// becomes `NAME`, ISO 8601; what is empty or not there is null. Objects inside that have a form of
/// their own (a `schema` or a `resourceType`) stay as they are. `schema`: where `answer` names
/// none. Preconditions: `answer` is an object; one of both names a schema.
[[nodiscard]] std::string answer_text(json::Value answer, std::string_view schema = {});

}  // namespace xl
