// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: frames come out as they went in, however the stream is cut, and a damaged length ends it.
// Method: frames of sizes around the varint's steps, fed byte by byte, in odd pieces and at once.
#include "ordering/cometbft/frames.h"

#include <gtest/gtest.h>

#include <vector>

namespace xl::ordering::cometbft {
namespace {

std::vector<Bytes> some_messages() {
  std::vector<Bytes> out;
  for (const std::size_t size : {0U, 1U, 127U, 128U, 16383U, 16384U, 70000U}) {
    out.emplace_back(size, static_cast<std::uint8_t>(size));
  }
  return out;
}

TEST(Frames, AnyCutGivesTheSameMessages) {
  const std::vector<Bytes> messages = some_messages();
  Bytes stream;
  for (const Bytes& message : messages) append_frame(stream, message);
  for (const std::size_t piece :
       {std::size_t{1}, std::size_t{7}, std::size_t{4096}, stream.size()}) {
    FrameReader reader;
    std::vector<Bytes> got;
    for (std::size_t at = 0; at < stream.size(); at += piece) {
      reader.feed(ByteView(stream).subspan(at, std::min(piece, stream.size() - at)));
      for (auto frame = reader.next(); frame.ok() && *frame; frame = reader.next()) {
        got.push_back(std::move(**frame));
      }
    }
    EXPECT_EQ(got, messages) << "in pieces of " << piece;
  }
}

TEST(Frames, LengthIsPlainNotZigZag) {
  Bytes stream;
  append_frame(stream, Bytes(300, 1));
  EXPECT_EQ(stream[0], 0xac);
  EXPECT_EQ(stream[1], 0x02);
}

TEST(Frames, TheBoundItselfPassesAndOneMoreDoesNot) {
  FrameReader reader(1000);
  Bytes stream;
  append_frame(stream, Bytes(1000, 1));
  append_frame(stream, Bytes(1001, 1));
  reader.feed(stream);
  const auto first = reader.next();
  ASSERT_TRUE(first.ok());
  EXPECT_TRUE(first->has_value());
  const auto second = reader.next();
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::frame_invalid);
}

TEST(Frames, AnEndlessLengthIsRefusedBeforeItsBytesCome) {
  FrameReader reader;
  reader.feed(Bytes(5, 0xff));
  const auto frame = reader.next();
  ASSERT_FALSE(frame.ok());
  EXPECT_EQ(frame.error().code, ErrorCode::frame_invalid);
}

}  // namespace
}  // namespace xl::ordering::cometbft
