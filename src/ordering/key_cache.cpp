// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "ordering/key_cache.h"

namespace xl::ordering {
namespace {

/// About 8 MB of key records; over that the cache starts anew.
constexpr std::size_t entries_max = 65536;

}  // namespace

bool KeyCacheReader::get(ByteView key, Bytes& value) const {
  return view(key, [&value](ByteView found) { value = copy_of(found); });
}

bool KeyCacheReader::view(ByteView key, const std::function<void(ByteView)>& use) const {
  const auto cached = values_.find(text_of(key));
  if (cached != values_.end()) {
    use(cached->second);
    return true;
  }
  if (!view_) view_ = chain_.durable_state();
  Bytes value;
  if (!view_->get(key, value)) return false;
  use(value);
  if (values_.size() >= entries_max) values_.clear();
  values_.emplace(text_of(key), std::move(value));
  return true;
}

void KeyCacheReader::scan(ByteView, ByteView, std::uint32_t,
                          const std::function<bool(ByteView, ByteView)>&) const {
  XL_CHECK(false);
}

}  // namespace xl::ordering
