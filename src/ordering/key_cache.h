// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "chain/chain.h"

namespace xl::ordering {

/// Remembers key records for signature checks. The binding of a key id to its public key never
/// changes, so a cached one is never wrong; whether it is active is read elsewhere. One thread.
class KeyCacheReader final : public model::StateReader {
 public:
  explicit KeyCacheReader(const chain::Chain& chain) : chain_(chain) {}

  [[nodiscard]] bool get(ByteView key, Bytes& value) const override;
  [[nodiscard]] bool view(ByteView key, const std::function<void(ByteView)>& use) const override;
  /// Never: signature checks look keys up by id only.
  void scan(ByteView, ByteView, std::uint32_t,
            const std::function<bool(ByteView, ByteView)>&) const override;

  /// Sees later commits from now on.
  void refresh() { view_.reset(); }

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  const chain::Chain& chain_;
  mutable std::unique_ptr<model::StateReader> view_;
  mutable std::unordered_map<std::string, Bytes, TextHash, std::equal_to<>> values_;
};

}  // namespace xl::ordering
