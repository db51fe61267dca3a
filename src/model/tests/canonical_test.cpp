// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: what is written by hand is what protobuf writes, and only the one encoding of a message is
// canonical, nested messages included. Method: history entries of all sizes against the message;
// unknown, repeated and default fields added at the top and inside.
#include "model/canonical.h"

#include <gtest/gtest.h>

#include "model/history.h"
#include "model/ledger.pb.h"
#include "model/wire_writer.h"

namespace xl::model {
namespace {

namespace wire = xinglin::ledger::v1;

TEST(WireWriter, WritesWhatTheMessageWrites) {
  for (unsigned shift = 0; shift < 64; ++shift) {
    for (const std::uint64_t value : {0ULL, 1ULL << shift, (1ULL << shift) - 1, ~0ULL >> shift}) {
      HistoryEntry entry;
      entry.transaction_id.fill(7);
      entry.height = value;
      entry.index = static_cast<std::uint32_t>(value);
      entry.envelope_index = static_cast<std::uint32_t>(value >> 16U);
      entry.status = static_cast<std::uint16_t>(value);
      wire::HistoryEntry message;
      message.set_transaction_id(std::string(32, 7));
      message.set_height(entry.height);
      message.set_index(entry.index);
      message.set_envelope_index(entry.envelope_index);
      message.set_status(entry.status);
      message.set_result_digest(std::string(32, 0));
      EXPECT_EQ(encode_history_entry(entry), encode(message));
      EXPECT_EQ(wire_writer::varint_size(value), [&] {
        Bytes out;
        wire_writer::append_varint(out, value);
        return out.size();
      }());
    }
  }
}

wire::TransactionResult result_with_events() {
  wire::TransactionResult out;
  out.set_status(3);
  for (int i = 0; i < 2; ++i) {
    auto* attribute = out.add_events()->add_attributes();
    attribute->set_key(1);
    attribute->set_value("x");
  }
  return out;
}

TEST(Canonical, UnknownFieldsAreFoundAtEveryDepth) {
  wire::TransactionResult out;
  ASSERT_TRUE(decode_canonical(encode(result_with_events()), out));
  for (int depth = 0; depth < 3; ++depth) {
    wire::TransactionResult message = result_with_events();
    google::protobuf::Message* inside = &message;
    if (depth > 0) inside = message.mutable_events(1);
    if (depth > 1) inside = message.mutable_events(1)->mutable_attributes(0);
    inside->GetReflection()->MutableUnknownFields(inside)->AddVarint(15, 1);
    EXPECT_FALSE(decode_canonical(encode(message), out)) << depth;
  }
}

TEST(Canonical, DefaultsRepeatsAndDisorderAreRefused) {
  wire::TransactionResult out;
  EXPECT_TRUE(decode_canonical(Bytes{0x08, 0x01, 0x10, 0x02}, out));
  EXPECT_FALSE(decode_canonical(Bytes{0x08, 0x00}, out));
  EXPECT_FALSE(decode_canonical(Bytes{0x08, 0x01, 0x08, 0x01}, out));
  EXPECT_FALSE(decode_canonical(Bytes{0x10, 0x02, 0x08, 0x01}, out));
  EXPECT_FALSE(decode_canonical(Bytes{0x08, 0x81, 0x00}, out));
}

}  // namespace
}  // namespace xl::model
