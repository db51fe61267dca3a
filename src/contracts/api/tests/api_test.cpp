// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: what every contract leans on holds at its edges: shapes, periods, stored values, callers,
// the wall between contracts. Method: each bound at the value and one beside it; a map as state.
#include <gtest/gtest.h>

#include "contracts/api/contract.h"
#include "contracts/api/event_values.h"
#include "contracts/api/shape.h"
#include "contracts/api/state_value.h"
#include "contracts/api/time.h"
#include "contracts/records/messages.pb.h"
#include "contracts/tests/fixture.h"

namespace xl::contracts {
namespace {

using Numbers = google::protobuf::RepeatedField<std::uint32_t>;

bool refused(const Status& status) {
  if (status.ok()) return false;
  EXPECT_EQ(status.error().code, ErrorCode::message_malformed);
  return true;
}

TEST(ContractShape, KnowsIdsAndDigests) {
  EXPECT_TRUE(check_id(std::string(16, 'x'), "f").ok());
  EXPECT_TRUE(check_id(std::string(15, '\0') + "x", "f").ok());
  for (const std::size_t size : {0U, 15U, 17U, 32U}) {
    EXPECT_TRUE(refused(check_id(std::string(size, 'x'), "f"))) << size;
  }
  EXPECT_TRUE(refused(check_id(std::string(16, '\0'), "f")));
  EXPECT_TRUE(check_optional_id("", "f").ok());
  EXPECT_TRUE(refused(check_optional_id("x", "f")));
  EXPECT_TRUE(check_key_id(std::string(32, 'x'), "f").ok());
  EXPECT_TRUE(refused(check_key_id(std::string(31, 'x'), "f")));
  EXPECT_TRUE(refused(check_key_id(std::string(33, 'x'), "f")));
  EXPECT_TRUE(check_digest("\x01" + std::string(32, 'x'), "f").ok());
  EXPECT_TRUE(refused(check_digest("\x02" + std::string(32, 'x'), "f")));  // no such suite
  EXPECT_TRUE(refused(check_digest("\x01" + std::string(31, 'x'), "f")));
  EXPECT_TRUE(refused(check_digest("\x01" + std::string(33, 'x'), "f")));
  EXPECT_TRUE(refused(check_digest("", "f")));
  EXPECT_TRUE(check_optional_digest("", "f").ok());
  EXPECT_TRUE(refused(check_optional_digest("\x01", "f")));
}

TEST(ContractShape, NamesTheFieldAndNotItsContent) {
  const Status status = check_id("Zhang San", "patient");
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().message.find("patient"), std::string::npos);
  EXPECT_EQ(status.error().message.find("Zhang"), std::string::npos);
}

TEST(ContractShape, WantsNumbersThatRise) {
  const auto list = [](std::initializer_list<std::uint32_t> values) {
    return Numbers(values.begin(), values.end());
  };
  const auto check = [](const Numbers& values) { return check_ascending(values, 1, 3, 9, "f"); };
  EXPECT_TRUE(check(list({1})).ok());
  EXPECT_TRUE(check(list({1, 2, 9})).ok());
  EXPECT_TRUE(refused(check(list({}))));
  EXPECT_TRUE(refused(check(list({1, 2, 3, 4}))));
  EXPECT_TRUE(refused(check(list({0}))));
  EXPECT_TRUE(refused(check(list({10}))));
  EXPECT_TRUE(refused(check(list({2, 2}))));
  EXPECT_TRUE(refused(check(list({2, 1}))));
  EXPECT_TRUE(check_ascending(list({}), 0, 3, 9, "f").ok());
}

TEST(ContractShape, TakesCanonicalPayloadsOnly) {
  xinglin::records::v1::EnterInError message;
  message.set_record(std::string(16, 'r'));
  message.set_reason("x");
  const Bytes payload = model::encode(message);
  xinglin::records::v1::EnterInError read;
  EXPECT_TRUE(decode_message(payload, read).ok());
  EXPECT_EQ(read.record(), message.record());
  Bytes twice = payload;
  append(twice, payload);  // every field repeated: protobuf takes the last
  EXPECT_TRUE(refused(decode_message(twice, read)));
  Bytes unknown = payload;
  unknown.insert(unknown.end(), {0x78, 0x01});  // field 15
  EXPECT_TRUE(refused(decode_message(unknown, read)));
  EXPECT_TRUE(refused(decode_message(ByteView(payload).first(payload.size() - 1), read)));
}

TEST(ContractTime, ToleratesEarlyStartsAndNoLateEnds) {
  constexpr std::uint64_t now = 1'000'000;
  EXPECT_TRUE(start_reached(0, 0));
  EXPECT_TRUE(start_reached(now + limits::start_tolerance_ms, now));
  EXPECT_FALSE(start_reached(now + limits::start_tolerance_ms + 1, now));
  EXPECT_TRUE(start_reached(UINT64_MAX, UINT64_MAX));  // does not overflow
  EXPECT_FALSE(end_reached(0, UINT64_MAX));            // no end
  EXPECT_FALSE(end_reached(now, now - 1));
  EXPECT_TRUE(end_reached(now, now));  // exclusive
}

TEST(ContractContext, FindsWhoSigned) {
  Caller own;
  own.did = testing::id("ann");
  Caller session = own;
  session.delegated = true;
  Caller other;
  other.did = testing::id("bob");
  const std::vector<Caller> callers = {other, session, own};
  const Context context{1, 1, {}, {}, callers};
  EXPECT_EQ(context.find_caller(testing::id("ann"), true), &callers[1]);
  EXPECT_EQ(context.find_caller(testing::id("ann"), false), &callers[2]);
  EXPECT_EQ(context.find_caller(testing::id("nobody"), true), nullptr);
}

TEST(ContractState, StoresValuesWithTheirVersion) {
  const testing::EmptyState nothing;
  model::Overlay state(nothing);
  const Bytes key = state_key(9, 't', Bytes{1, 2});
  EXPECT_EQ(key, (Bytes{9, 't', 1, 2}));
  xinglin::records::v1::EnterInError record;
  EXPECT_FALSE(load_record(state, key, record));
  record.set_reason("x");
  store_record(state, key, record);
  Bytes raw;
  ASSERT_TRUE(state.get(key, raw));
  EXPECT_EQ(raw[0], state_value_version);
  xinglin::records::v1::EnterInError read;
  ASSERT_TRUE(load_record(state, key, read));
  EXPECT_EQ(read.reason(), "x");
  EXPECT_FALSE(decode_record({}, read));
  raw[0] = state_value_version + 1;
  EXPECT_FALSE(decode_record(raw, read));  // of a later program
}

TEST(ContractStateDeathTest, StopsTheProcessWhenTheStoreCannotBeRight) {
  const testing::EmptyState nothing;
  model::Overlay state(nothing);
  const Bytes key = state_key(9, 't');
  state.put(key, Bytes{7, 7});
  xinglin::records::v1::EnterInError read;
  EXPECT_DEATH((void)load_record(state, key, read), "");
}

TEST(ContractWriterDeathTest, KeepsEachContractUnderItsNumber) {
  const testing::EmptyState nothing;
  model::Overlay state(nothing);
  OwnPrefixWriter writer(3, state);
  writer.put(Bytes{3, 'x'}, Bytes{1});
  writer.erase(Bytes{3, 'x'});
  EXPECT_DEATH(writer.put((Bytes{4, 'x'}), Bytes{1}), "");
  EXPECT_DEATH(writer.erase(Bytes{2, 'x'}), "");
  EXPECT_DEATH(writer.put(Bytes{}, Bytes{1}), "");
}

TEST(ContractEvents, CarryValuesOfFixedForm) {
  EXPECT_EQ(number_attribute(4, 0x0102).value, (Bytes{0, 0, 0, 0, 0, 0, 1, 2}));
  EXPECT_EQ(id_attribute(5, testing::id("ann")).value, copy_of(testing::id("ann").view()));
  std::vector<Event> events;
  EventSink first(3, events);
  first.emit(7, {number_attribute(1, 1)});
  EventSink second(4, events);
  second.emit(8, {});
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].contract, 3);
  EXPECT_EQ(events[0].type, 7);
  EXPECT_EQ(events[1].contract, 4);
}

TEST(ContractEventsDeathTest, AreBounded) {
  std::vector<Event> events;
  EventSink sink(3, events);
  for (std::uint32_t i = 0; i < limits::events_per_message_max; ++i) sink.emit(1, {});
  EXPECT_DEATH(sink.emit(1, {}), "");
  EventSink next(3, events);  // of another message
  const EventAttribute longest = bytes_attribute(1, Bytes(limits::event_value_bytes_max, 1));
  next.emit(1, std::vector<EventAttribute>(limits::event_attributes_max, longest));
  EXPECT_DEATH(next.emit(1, std::vector<EventAttribute>(limits::event_attributes_max + 1)), "");
  EXPECT_DEATH(next.emit(1, {{1, Bytes(limits::event_value_bytes_max + 1, 1)}}), "");
}

TEST(ContractRegistry, FindsByNumber) {
  const Registry registry = make_registry();
  std::uint8_t before = 0;
  for (const auto& contract : registry.all()) {
    EXPECT_GT(contract->number(), before);
    before = contract->number();
    EXPECT_EQ(registry.find(before), contract.get());
  }
  EXPECT_EQ(registry.find(0), nullptr);
  EXPECT_EQ(registry.find(127), nullptr);
}

}  // namespace
}  // namespace xl::contracts
