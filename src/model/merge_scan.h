// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "model/kv.h"

namespace xl::model::detail {

/// `StateReader::scan` over the union of `reader` and what `written` walks through: a cursor over
/// written keys with the prefix, ascending from `from`, no value where a key was erased.
template <typename Cursor>
void merge_scan(const StateReader& reader, Cursor& written, ByteView prefix, ByteView from,
                std::uint32_t count_max, const std::function<bool(ByteView, ByteView)>& visit) {
  std::uint32_t left = count_max;
  bool stopped = left == 0;
  const auto offer = [&](ByteView key, ByteView value) {
    if (stopped) return;
    stopped = !visit(key, value) || --left == 0;
  };
  // Written keys may hide keys below, so the reader below is asked without a count.
  reader.scan(prefix, from, UINT32_MAX, [&](ByteView key, ByteView value) {
    while (!stopped && !written.done() && KeyLess{}(written.key(), key)) {
      if (written.value()) offer(written.key(), *written.value());
      written.next();
    }
    if (stopped) return false;
    if (!written.done() && equal(written.key(), key)) {
      if (written.value()) offer(key, *written.value());
      written.next();
    } else {
      offer(key, value);
    }
    return !stopped;
  });
  while (!stopped && !written.done()) {
    if (written.value()) offer(written.key(), *written.value());
    written.next();
  }
}

}  // namespace xl::model::detail
