// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "base/byte_arena.h"
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

  /// Shows the value of `key` to `use`, without a copy where the reader holds it. False when there
  /// is none. `use` must not touch the reader, nor keep the view.
  [[nodiscard]] virtual bool view(ByteView key, const std::function<void(ByteView)>& use) const {
    Bytes value;
    if (!get(key, value)) return false;
    use(value);
    return true;
  }

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

/// Changed keys in key order, each once. No value means erased. Owns its keys and values.
/// Not thread-safe; any number may read.
class WriteSet {
 public:
  struct Write {
    ByteView key;
    std::optional<ByteView> value;
  };
  using const_iterator = std::vector<Write>::const_iterator;

  WriteSet() = default;
  /// Takes over writes whose bytes lie in `arena`. Precondition: in key order, no key twice.
  WriteSet(std::vector<Write> writes, ByteArena arena)
      : writes_(std::move(writes)), arena_(std::move(arena)) {}

  [[nodiscard]] const_iterator begin() const { return writes_.begin(); }
  [[nodiscard]] const_iterator end() const { return writes_.end(); }
  [[nodiscard]] std::size_t size() const { return writes_.size(); }
  [[nodiscard]] bool empty() const { return writes_.empty(); }
  /// The first write at or behind `key`.
  [[nodiscard]] const_iterator lower_bound(ByteView key) const;
  /// The write of `key`, or `end()`.
  [[nodiscard]] const_iterator find(ByteView key) const;
  [[nodiscard]] bool contains(ByteView key) const { return find(key) != end(); }
  /// A copy of the writes with keys in [first, behind).
  [[nodiscard]] WriteSet range(ByteView first, ByteView behind) const;

  /// Sets what `key` is to become. Cost: linear in the writes behind `key`; made for the few
  /// hundred writes of one transaction.
  void put(ByteView key, std::optional<ByteView> value);

 private:
  std::vector<Write> writes_;
  ByteArena arena_;
};

/// A writer that keeps its writes in memory over a reader: those of one transaction.
/// Not thread-safe.
class Overlay final : public StateWriter {
 public:
  explicit Overlay(const StateReader& below) : below_(below) {}
  /// Never copied: `Overlay upper(lower)` must lie over `lower`, not take its writes along. Where
  /// `lower` is an overlay itself, name it as a `StateReader`.
  Overlay(const Overlay&) = delete;
  Overlay& operator=(const Overlay&) = delete;

  [[nodiscard]] bool get(ByteView key, Bytes& value) const override;
  [[nodiscard]] bool view(ByteView key, const std::function<void(ByteView)>& use) const override;
  void scan(ByteView prefix, ByteView from, std::uint32_t count_max,
            const std::function<bool(ByteView, ByteView)>& visit) const override;
  void put(ByteView key, ByteView value) override;
  void erase(ByteView key) override;

  [[nodiscard]] const WriteSet& writes() const { return writes_; }
  /// Adds the writes of an overlay that stands on this one.
  void absorb(const Overlay& above);

 private:
  const StateReader& below_;
  WriteSet writes_;
};

/// Stops the process unless sizes are within `limits` and the value is not empty.
void check_write(ByteView key, ByteView value);

/// Visits the union of `reader`'s keys and `writes` over them, as `StateReader::scan` promises.
void scan_merged(const StateReader& reader, const WriteSet& writes, ByteView prefix, ByteView from,
                 std::uint32_t count_max, const std::function<bool(ByteView, ByteView)>& visit);

}  // namespace xl::model
