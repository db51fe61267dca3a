// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include <algorithm>

#include "contracts/api/event_values.h"
#include "contracts/api/shape.h"
#include "contracts/api/time.h"
#include "contracts/governance/agenda.h"
#include "contracts/governance/authority.h"
#include "contracts/governance/events.h"
#include "contracts/governance/messages.h"
#include "contracts/governance/records.h"
#include "contracts/governance/status.h"

namespace xl::contracts::governance {

namespace wire = xinglin::governance::v1;

namespace {

class Vote final : public Command {
 public:
  explicit Vote(wire::Vote message) : message_(std::move(message)) {}

  [[nodiscard]] StatusCode authorize(const Context& context,
                                     const model::StateReader& state) const override {
    const model::Id member = id_of(message_.member());
    const StatusCode present = require_member(state, member);
    if (present != applied) return present;
    const StatusCode may = require_signed(context, member);
    if (may != applied) return may;
    const auto proposal = find_proposal(state, id_of(message_.proposal()));
    if (!proposal) return proposal_unknown;
    if (proposal->status() != static_cast<std::uint32_t>(ProposalStatus::open) ||
        end_reached(proposal->content().closes_ms(), context.block_ms)) {
      return proposal_decided;
    }
    const bool opened = start_reached(proposal->content().opens_ms(), context.block_ms);
    return opened ? applied : voting_not_open;
  }

  void apply(const Context& context, model::StateWriter& state, EventSink& events) const override {
    const model::Id id = id_of(message_.proposal());
    const model::Id member = id_of(message_.member());
    wire::BallotRecord ballot;
    ballot.set_ballot(message_.ballot());
    ballot.set_cast_ms(context.block_ms);
    store_record(state, ballot_key(id, member), ballot);
    events.emit(event::voted, {id_attribute(event::proposal_attribute, id),
                               id_attribute(event::member_attribute, member),
                               number_attribute(event::ballot_attribute, message_.ballot())});
    const Tally tally = tally_of(state, id, context.block_ms);
    if (!tally.passes) return;
    auto proposal = find_proposal(state, id);
    XL_CHECK(proposal.has_value());
    proposal->set_status(static_cast<std::uint32_t>(ProposalStatus::passed));
    proposal->set_decided_ms(context.block_ms);
    proposal->set_decided_height(context.height);
    proposal->set_yes_weight(tally.yes);
    proposal->set_total_weight(tally.total);
    store_record(state, proposal_key(id), *proposal);
    pass_on_agenda(state, id, std::max(proposal->content().execute_height(), context.height));
    events.emit(event::passed, {id_attribute(event::proposal_attribute, id)});
  }

 private:
  wire::Vote message_;
};

}  // namespace

Result<std::unique_ptr<Command>> check_vote(ByteView payload) {
  wire::Vote message;
  XL_TRY(decode_message(payload, message));
  XL_TRY(check_id(message.proposal(), "proposal"));
  XL_TRY(check_id(message.member(), "member"));
  if (message.ballot() == 0 || message.ballot() > static_cast<std::uint32_t>(Ballot::abstain)) {
    return malformed("ballot");
  }
  return std::unique_ptr<Command>(std::make_unique<Vote>(std::move(message)));
}

}  // namespace xl::contracts::governance
