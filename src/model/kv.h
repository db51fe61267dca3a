// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <functional>
#include <map>
#include <optional>

#include "base/bytes.h"

namespace xl::model {

/// Order of state keys: bytes, unsigned, shorter first where one is a prefix of the other.
struct KeyLess {
  using is_transparent = void;
  bool operator()(ByteView a, ByteView b) const { return text_of(a) < text_of(b); }
};

/// Read access to state at one point of the ledger. An implementation that cannot read its store
/// stops the process: execution must never continue with a wrong answer.
class StateReader {
 public:
  virtual ~StateReader() = default;

  /// Copies the value of `key` into `value`. False when there is none.
  [[nodiscard]] virtual bool get(ByteView key, Bytes& value) const = 0;

  /// Calls `visit` for the keys that start with `prefix` and are >= `from`, ascending, until it
  /// returns false or `count_max` keys were visited.
  virtual void scan(ByteView prefix, ByteView from, std::uint32_t count_max,
                    const std::function<bool(ByteView key, ByteView value)>& visit) const = 0;
};

/// Read and write access. Writes are visible to later reads of the same writer.
class StateWriter : public StateReader {
 public:
  /// Sets `key` to `value`. Preconditions: sizes within `limits`, value not empty (a version byte
  /// leads every value).
  virtual void put(ByteView key, ByteView value) = 0;
  /// Removes `key`; nothing happens when it is absent.
  virtual void erase(ByteView key) = 0;
};

/// What a block changed, in key order. No value means erased.
using WriteSet = std::map<Bytes, std::optional<Bytes>, KeyLess>;

/// A writer that keeps its writes in memory over a reader: one per transaction over one per block.
/// Not thread-safe.
class Overlay final : public StateWriter {
 public:
  explicit Overlay(const StateReader& below) : below_(below) {}
  /// Never copied: `Overlay upper(lower)` must lie over `lower`, not take its writes along. Where
  /// `lower` is an overlay itself, name it as a `StateReader`.
  Overlay(const Overlay&) = delete;
  Overlay& operator=(const Overlay&) = delete;

  [[nodiscard]] bool get(ByteView key, Bytes& value) const override;
  void scan(ByteView prefix, ByteView from, std::uint32_t count_max,
            const std::function<bool(ByteView, ByteView)>& visit) const override;
  void put(ByteView key, ByteView value) override;
  void erase(ByteView key) override;

  [[nodiscard]] const WriteSet& writes() const { return writes_; }
  [[nodiscard]] WriteSet take_writes() { return std::move(writes_); }
  /// Takes over the writes of an overlay that stands on this one; that one is then empty.
  void absorb(Overlay&& above);

 private:
  const StateReader& below_;
  WriteSet writes_;
};

/// Visits the union of `reader`'s keys and `writes` over them, as `StateReader::scan` promises.
void scan_merged(const StateReader& reader, const WriteSet& writes, ByteView prefix, ByteView from,
                 std::uint32_t count_max, const std::function<bool(ByteView, ByteView)>& visit);

}  // namespace xl::model
