// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "model/kv.h"

#include "base/check.h"
#include "model/limits.h"

namespace xl::model {
namespace {

bool starts_with(ByteView key, ByteView prefix) {
  return text_of(key).starts_with(text_of(prefix));
}

/// The written keys of one scan, one step at a time.
class WriteCursor {
 public:
  WriteCursor(const WriteSet& writes, ByteView prefix, ByteView from)
      : prefix_(prefix),
        at_(writes.lower_bound(KeyLess{}(prefix, from) ? from : prefix)),
        end_(writes.end()) {}

  [[nodiscard]] bool done() const { return at_ == end_ || !starts_with(at_->first, prefix_); }
  [[nodiscard]] ByteView key() const { return at_->first; }
  [[nodiscard]] const std::optional<Bytes>& value() const { return at_->second; }
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

bool Overlay::get(ByteView key, Bytes& value) const {
  const auto found = writes_.find(key);
  if (found == writes_.end()) return below_.get(key, value);
  if (!found->second) return false;
  value = *found->second;
  return true;
}

void Overlay::scan(ByteView prefix, ByteView from, std::uint32_t count_max,
                   const std::function<bool(ByteView, ByteView)>& visit) const {
  scan_merged(below_, writes_, prefix, from, count_max, visit);
}

void Overlay::put(ByteView key, ByteView value) {
  XL_CHECK(!key.empty());
  XL_CHECK(key.size() <= limits::state_key_bytes_max);
  XL_CHECK(!value.empty());
  XL_CHECK(value.size() <= limits::state_value_bytes_max);
  const auto found = writes_.find(key);
  if (found == writes_.end()) {
    writes_.emplace(copy_of(key), copy_of(value));
  } else {
    found->second = copy_of(value);
  }
}

void Overlay::erase(ByteView key) {
  const auto found = writes_.find(key);
  if (found == writes_.end()) {
    writes_.emplace(copy_of(key), std::nullopt);
  } else {
    found->second.reset();
  }
}

void Overlay::absorb(Overlay&& above) {
  while (!above.writes_.empty()) {
    auto inserted = writes_.insert(above.writes_.extract(above.writes_.begin()));
    if (!inserted.inserted) inserted.position->second = std::move(inserted.node.mapped());
  }
}

}  // namespace xl::model
