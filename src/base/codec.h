// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace xl {

/// Builds bytes left to right.
class Encoder {
 public:
  Encoder& u8(std::uint8_t value) {
    out_.push_back(value);
    return *this;
  }
  Encoder& u32(std::uint32_t value) {
    append_be(out_, value);
    return *this;
  }
  Encoder& u64(std::uint64_t value) {
    append_be(out_, value);
    return *this;
  }
  Encoder& fixed(ByteView value) {
    append(out_, value);
    return *this;
  }
  /// Length (u32), then the bytes.
  Encoder& sized(ByteView value) {
    return u32(static_cast<std::uint32_t>(value.size())).fixed(value);
  }

  [[nodiscard]] const Bytes& bytes() const { return out_; }
  [[nodiscard]] Bytes take() { return std::move(out_); }

 private:
  Bytes out_;
};

/// Reads bytes left to right. After a failure everything reads as zero or empty.
class Decoder {
 public:
  explicit Decoder(ByteView in) : in_(in) {}

  [[nodiscard]] ByteView fixed(std::size_t size) {
    if (failed_ || in_.size() < size) {
      failed_ = true;
      return {};
    }
    const ByteView out = in_.first(size);
    in_ = in_.subspan(size);
    return out;
  }
  [[nodiscard]] std::uint8_t u8() {
    const ByteView bytes = fixed(1);
    return bytes.empty() ? std::uint8_t{0} : bytes[0];
  }
  [[nodiscard]] std::uint32_t u32() {
    const ByteView bytes = fixed(4);
    return bytes.empty() ? 0 : read_be<std::uint32_t>(bytes);
  }
  [[nodiscard]] std::uint64_t u64() {
    const ByteView bytes = fixed(8);
    return bytes.empty() ? 0 : read_be<std::uint64_t>(bytes);
  }
  [[nodiscard]] ByteView sized(std::size_t size_max) {
    const std::uint32_t size = u32();
    if (size > size_max) failed_ = true;
    return fixed(size);
  }
  [[nodiscard]] ByteView rest() { return fixed(in_.size()); }

  [[nodiscard]] bool failed() const { return failed_; }
  /// True when everything was read and nothing failed.
  [[nodiscard]] bool finished() const { return !failed_ && in_.empty(); }
  [[nodiscard]] bool empty() const { return in_.empty(); }

 private:
  ByteView in_;
  bool failed_ = false;
};

}  // namespace xl
