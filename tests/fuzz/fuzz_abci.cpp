// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// links: base crypto model verification state execution chain ordering
//
// Goal: whatever comes on the socket of the consensus engine, and however it is cut, gives the same
// frames, and no frame crashes its decoder. Method: the input once in one piece and once in pieces
// of a length that its first byte names; each frame as a request, and as the refusals of an answer.
#include <algorithm>
#include <cstdint>

#include "ordering/cometbft/application.h"
#include "ordering/cometbft/frames.h"

namespace {

namespace engine = xl::ordering::cometbft;

constexpr std::size_t frame_bytes_max = 4096;

/// The frames in `bytes`, fed in pieces of `step`, and whether the stream was refused.
std::pair<std::vector<xl::Bytes>, bool> frames_of(xl::ByteView bytes, std::size_t step) {
  engine::FrameReader reader(frame_bytes_max);
  std::vector<xl::Bytes> out;
  for (; !bytes.empty(); bytes = bytes.subspan(std::min(step, bytes.size()))) {
    reader.feed(bytes.first(std::min(step, bytes.size())));
    for (;;) {
      auto next = reader.next();
      if (!next.ok()) return {std::move(out), true};
      if (!*next) break;
      out.push_back(std::move(**next));
    }
  }
  return {std::move(out), false};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const xl::ByteView bytes(data + 1, size - 1);
  const auto whole = frames_of(bytes, bytes.size() + 1);
  XL_CHECK(whole == frames_of(bytes, data[0] % 16U + 1U));
  for (const xl::Bytes& frame : whole.first) {
    xl::Bytes again;
    engine::append_frame(again, frame);
    const auto read = frames_of(again, again.size());
    XL_CHECK(read.first.size() == 1 && read.first[0] == frame && !read.second);
    engine::abci::Request request;
    (void)request.ParseFromArray(frame.data(), static_cast<int>(frame.size()));
    std::vector<engine::Refusal> refusals;
    if (engine::decode_refusals(frame, refusals)) {
      XL_CHECK(engine::encode_refusals(refusals) == frame);
    }
  }
  return 0;
}
