// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "ordering/cometbft/frames.h"

namespace xl::ordering::cometbft {
namespace {

/// A length of 32 bits takes five bytes at most.
constexpr std::size_t length_bytes_max = 5;

struct Length {
  std::uint64_t value = 0;
  std::size_t bytes = 0;  ///< 0: more is needed
};

Result<Length> read_length(ByteView in) {
  Length out;
  for (std::size_t i = 0; i < in.size() && i < length_bytes_max; ++i) {
    out.value |= std::uint64_t{in[i] & 0x7fU} << (7 * i);
    if ((in[i] & 0x80U) == 0) {
      out.bytes = i + 1;
      return out;
    }
  }
  if (in.size() >= length_bytes_max) return make_error(ErrorCode::frame_invalid, "length");
  return Length{};
}

}  // namespace

void FrameReader::feed(ByteView bytes) {
  // Used bytes go when they are the larger part, so that each byte moves once at most on average.
  if (at_ > buffer_.size() / 2) {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(at_));
    at_ = 0;
  }
  append(buffer_, bytes);
}

Result<std::optional<Bytes>> FrameReader::next() {
  const ByteView rest = ByteView(buffer_).subspan(at_);
  XL_TRY_ASSIGN(const Length length, read_length(rest));
  if (length.bytes == 0) return std::optional<Bytes>();
  if (length.value > bytes_max_) {
    return make_error(ErrorCode::frame_invalid, std::to_string(length.value) + " bytes");
  }
  if (rest.size() - length.bytes < length.value) return std::optional<Bytes>();
  Bytes frame = copy_of(rest.subspan(length.bytes, static_cast<std::size_t>(length.value)));
  at_ += length.bytes + frame.size();
  return std::optional(std::move(frame));
}

void append_frame(Bytes& out, ByteView message) {
  std::size_t length = message.size();
  for (; length >= 0x80; length >>= 7U) out.push_back(static_cast<std::uint8_t>(length | 0x80U));
  out.push_back(static_cast<std::uint8_t>(length));
  append(out, message);
}

}  // namespace xl::ordering::cometbft
