// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "model/kv.h"

#include <algorithm>

#include "base/check.h"
#include "model/limits.h"
#include "model/merge_scan.h"

namespace xl::model {
namespace {

bool starts_with(ByteView key, ByteView prefix) {
  return text_of(key).starts_with(text_of(prefix));
}

bool key_before(const WriteSet::Write& write, ByteView key) { return KeyLess{}(write.key, key); }

/// The written keys of one scan, one step at a time.
class WriteCursor {
 public:
  WriteCursor(const WriteSet& writes, ByteView prefix, ByteView from)
      : prefix_(prefix),
        at_(writes.lower_bound(KeyLess{}(prefix, from) ? from : prefix)),
        end_(writes.end()) {}

  [[nodiscard]] bool done() const { return at_ == end_ || !starts_with(at_->key, prefix_); }
  [[nodiscard]] ByteView key() const { return at_->key; }
  [[nodiscard]] const std::optional<ByteView>& value() const { return at_->value; }
  void next() { ++at_; }

 private:
  ByteView prefix_;
  WriteSet::const_iterator at_;
  WriteSet::const_iterator end_;
};

}  // namespace

void scan_merged(const StateReader& reader, const WriteSet& writes, ByteView prefix, ByteView from,
                 std::uint32_t count_max, const std::function<bool(ByteView, ByteView)>& visit) {
  WriteCursor written(writes, prefix, from);
  detail::merge_scan(reader, written, prefix, from, count_max, visit);
}

WriteSet::const_iterator WriteSet::lower_bound(ByteView key) const {
  // Writes mostly arrive and are asked for in order.
  if (writes_.empty() || key_before(writes_.back(), key)) return writes_.end();
  return std::lower_bound(writes_.begin(), writes_.end(), key, key_before);
}

WriteSet::const_iterator WriteSet::find(ByteView key) const {
  const auto at = lower_bound(key);
  return at != writes_.end() && equal(at->key, key) ? at : writes_.end();
}

WriteSet WriteSet::range(ByteView first, ByteView behind) const {
  WriteSet out;
  for (auto at = lower_bound(first); at != end() && KeyLess{}(at->key, behind); ++at) {
    out.put(at->key, at->value);
  }
  return out;
}

void WriteSet::put(ByteView key, std::optional<ByteView> value) {
  const auto held = value ? std::optional(arena_.add(*value)) : std::nullopt;
  const auto at = writes_.begin() + (lower_bound(key) - writes_.cbegin());
  if (at != writes_.end() && equal(at->key, key)) {
    at->value = held;
  } else {
    writes_.insert(at, {arena_.add(key), held});
  }
}

void check_write(ByteView key, ByteView value) {
  XL_CHECK(!key.empty());
  XL_CHECK(key.size() <= limits::state_key_bytes_max);
  XL_CHECK(!value.empty());
  XL_CHECK(value.size() <= limits::state_value_bytes_max);
}

bool Overlay::get(ByteView key, Bytes& value) const {
  const auto found = writes_.find(key);
  if (found == writes_.end()) return below_.get(key, value);
  if (!found->value) return false;
  value.assign(found->value->begin(), found->value->end());
  return true;
}

bool Overlay::view(ByteView key, const std::function<void(ByteView)>& use) const {
  const auto found = writes_.find(key);
  if (found == writes_.end()) return below_.view(key, use);
  if (found->value) use(*found->value);
  return found->value.has_value();
}

void Overlay::scan(ByteView prefix, ByteView from, std::uint32_t count_max,
                   const std::function<bool(ByteView, ByteView)>& visit) const {
  scan_merged(below_, writes_, prefix, from, count_max, visit);
}

void Overlay::put(ByteView key, ByteView value) {
  check_write(key, value);
  writes_.put(key, value);
}

void Overlay::erase(ByteView key) { writes_.put(key, std::nullopt); }

void Overlay::absorb(const Overlay& above) {
  for (const auto& [key, value] : above.writes_) writes_.put(key, value);
}

}  // namespace xl::model
