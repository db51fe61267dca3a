// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/api/event_values.h"
#include "contracts/api/shape.h"
#include "contracts/governance/authority.h"
#include "contracts/governance/changes.h"
#include "contracts/governance/events.h"
#include "contracts/governance/messages.h"
#include "contracts/governance/records.h"
#include "contracts/governance/status.h"

namespace xl::contracts::governance {

namespace wire = xinglin::governance::v1;

namespace {

class UpdateMember final : public Command {
 public:
  explicit UpdateMember(wire::UpdateMember message) : message_(std::move(message)) {}

  [[nodiscard]] StatusCode authorize(const Context& context,
                                     const model::StateReader& state) const override {
    const model::Id id = id_of(message_.member());
    const StatusCode present = require_member(state, id);
    if (present != applied) return present;
    const StatusCode may = require_signed(context, id);
    if (may != applied) return may;
    const auto now = find_member(state, id);
    XL_CHECK(now.has_value());
    if (now->address() == message_.address() && now->gateway() == message_.gateway() &&
        now->archive() == message_.archive()) {
      return nothing_changes;
    }
    const std::vector<Member> members = members_of(state);
    if (is_address_taken(members, id, message_.address())) return key_in_use;
    return message_.archive() || can_spare_archive(members, id) ? applied : no_archive_left;
  }

  void apply(const Context& context, model::StateWriter& state, EventSink& events) const override {
    const model::Id id = id_of(message_.member());
    auto record = find_member(state, id);
    XL_CHECK(record.has_value());
    if (record->address() != message_.address()) record->set_moved_ms(context.block_ms);
    record->set_address(message_.address());
    record->set_gateway(message_.gateway());
    record->set_archive(message_.archive());
    store_record(state, member_key(id), *record);
    events.emit(event::updated, {id_attribute(event::member_attribute, id)});
  }

 private:
  wire::UpdateMember message_;
};

}  // namespace

Result<std::unique_ptr<Command>> check_update_member(ByteView payload) {
  wire::UpdateMember message;
  XL_TRY(decode_message(payload, message));
  XL_TRY(check_id(message.member(), "member"));
  XL_TRY(check_places(message.address(), message.gateway()));
  return std::unique_ptr<Command>(std::make_unique<UpdateMember>(std::move(message)));
}

}  // namespace xl::contracts::governance
