// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <utility>

#include "base/check.h"
#include "base/result.h"

namespace xl::bench {

/// A benchmark that meets an error ends with it: it would measure something else.
inline void must(const Status& status) {
  if (!status.ok()) stop_process(status.error().text());
}
template <typename Value>
Value must(Result<Value> result) {
  if (!result.ok()) stop_process(result.error().text());
  return std::move(*result);
}

}  // namespace xl::bench
