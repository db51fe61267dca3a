// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "model/block_state.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "model/merge_scan.h"

namespace xl::model {
namespace {

/// Bytes of read values that one block remembers; local. What does not fit is read again.
constexpr std::size_t read_bytes_max = 32U << 20U;

/// A key's first bytes as numbers in key order (missing ones count as zero), so that sorting seldom
/// has to look at the keys themselves.
struct Place {
  std::uint64_t first;
  std::uint64_t second;
  std::uint32_t number;
};

std::uint64_t eight_bytes(ByteView key, std::size_t from) {
  std::uint64_t out = 0;
  for (std::size_t i = from; i < from + 8; ++i) out = out << 8U | (i < key.size() ? key[i] : 0U);
  return out;
}

}  // namespace

/// The written keys of one scan, one step at a time.
class BlockState::Cursor {
 public:
  Cursor(const BlockState& state, ByteView prefix, ByteView from)
      : state_(state),
        prefix_(prefix),
        at_(state.ordered_->lower_bound(KeyLess{}(prefix, from) ? from : prefix)) {}

  [[nodiscard]] bool done() const {
    return at_ == state_.ordered_->end() || !text_of(at_->first).starts_with(text_of(prefix_));
  }
  [[nodiscard]] ByteView key() const { return at_->first; }
  [[nodiscard]] const std::optional<ByteView>& value() const {
    return state_.entries_[at_->second].value;
  }
  void next() { ++at_; }

 private:
  const BlockState& state_;
  ByteView prefix_;
  std::map<ByteView, std::uint32_t, KeyLess>::const_iterator at_;
};

const BlockState::Entry* BlockState::find(ByteView key) const {
  const std::uint32_t number =
      index_.find(key, spread(key, seed_), [this](std::uint32_t at) { return entries_[at].key; });
  return number == KeyIndex::none ? nullptr : &entries_[number];
}

void BlockState::remember(ByteView key, std::optional<ByteView> value) const {
  const std::size_t bytes = key.size() + (value ? value->size() : 0) + sizeof(Entry);
  if (read_bytes_ + bytes > read_bytes_max) return;
  read_bytes_ += bytes;
  index_.insert(spread(key, seed_), static_cast<std::uint32_t>(entries_.size()));
  entries_.push_back(
      {arena_.add(key), value ? std::optional(arena_.add(*value)) : std::nullopt, false});
}

bool BlockState::get(ByteView key, Bytes& value) const {
  return view(key, [&value](ByteView found) { value.assign(found.begin(), found.end()); });
}

bool BlockState::view(ByteView key, const std::function<void(ByteView)>& use) const {
  if (const Entry* known = find(key)) {
    if (known->value) use(*known->value);
    return known->value.has_value();
  }
  const bool found = below_.view(key, [&](ByteView value) {
    remember(key, value);
    use(value);
  });
  if (!found) remember(key, std::nullopt);
  return found;
}

void BlockState::scan(ByteView prefix, ByteView from, std::uint32_t count_max,
                      const std::function<bool(ByteView, ByteView)>& visit) const {
  if (!ordered_) {
    ordered_.emplace();
    for (std::uint32_t i = 0; i < entries_.size(); ++i) {
      if (entries_[i].written) ordered_->emplace(entries_[i].key, i);
    }
  }
  Cursor written(*this, prefix, from);
  detail::merge_scan(below_, written, prefix, from, count_max, visit);
}

void BlockState::write(ByteView key, std::optional<ByteView> value) {
  const std::uint64_t hash = spread(key, seed_);
  std::uint32_t number =
      index_.find(key, hash, [this](std::uint32_t at) { return entries_[at].key; });
  if (number == KeyIndex::none) {
    number = static_cast<std::uint32_t>(entries_.size());
    index_.insert(hash, number);
    entries_.push_back({arena_.add(key), std::nullopt, false});
  }
  Entry& entry = entries_[number];
  entry.value = value ? std::optional(arena_.add(*value)) : std::nullopt;
  if (ordered_ && !entry.written) ordered_->emplace(entry.key, number);
  entry.written = true;
}

void BlockState::put(ByteView key, ByteView value) {
  check_write(key, value);
  write(key, value);
}

void BlockState::erase(ByteView key) { write(key, std::nullopt); }

void BlockState::absorb(const WriteSet& writes) {
  for (const auto& [key, value] : writes) write(key, value);
}

WriteSet BlockState::take_writes() {
  std::vector<Place> places;
  for (std::uint32_t i = 0; i < entries_.size(); ++i) {
    const Entry& entry = entries_[i];
    if (entry.written) places.push_back({eight_bytes(entry.key, 0), eight_bytes(entry.key, 8), i});
  }
  std::sort(places.begin(), places.end(), [this](const Place& a, const Place& b) {
    if (a.first != b.first) return a.first < b.first;
    if (a.second != b.second) return a.second < b.second;
    return KeyLess{}(entries_[a.number].key, entries_[b.number].key);
  });
  std::vector<WriteSet::Write> writes;
  writes.reserve(places.size());
  for (const Place& place : places) {
    writes.push_back({entries_[place.number].key, entries_[place.number].value});
  }
  entries_.clear();
  index_ = KeyIndex();
  ordered_.reset();
  read_bytes_ = 0;
  return {std::move(writes), std::exchange(arena_, ByteArena())};
}

}  // namespace xl::model
