// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <optional>

#include "base/bytes.h"
#include "base/result.h"

/// ABCI's frames: a plain (not zig-zag) varint with the length, then that many bytes
/// (source: CometBFT v0.40 libs/protoio).
namespace xl::ordering::cometbft {

/// The largest request: a snapshot chunk (16 MB) or a block with its commit; twice that.
constexpr std::size_t frame_bytes_max = 32U << 20U;

/// Cuts a stream into frames, however it was split on its way. Not thread-safe.
class FrameReader {
 public:
  explicit FrameReader(std::size_t bytes_max = frame_bytes_max) : bytes_max_(bytes_max) {}

  /// Adds what was read. Cost: linear.
  void feed(ByteView bytes);
  /// The next complete frame, or nothing until more is fed. Errors: frame_invalid (a length above
  /// the bound, or none): the stream is of no use from then on.
  [[nodiscard]] Result<std::optional<Bytes>> next();

 private:
  std::size_t bytes_max_;
  Bytes buffer_;
  std::size_t at_ = 0;  // what lies before it is used up
};

/// Appends `message` as a frame.
void append_frame(Bytes& out, ByteView message);

}  // namespace xl::ordering::cometbft
