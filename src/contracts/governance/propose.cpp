// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include <algorithm>

#include "base/checked.h"
#include "contracts/api/event_values.h"
#include "contracts/api/shape.h"
#include "contracts/api/time.h"
#include "contracts/governance/agenda.h"
#include "contracts/governance/authority.h"
#include "contracts/governance/changes.h"
#include "contracts/governance/events.h"
#include "contracts/governance/messages.h"
#include "contracts/governance/records.h"
#include "contracts/governance/status.h"
#include "model/limits.h"

namespace xl::contracts::governance {

namespace wire = xinglin::governance::v1;

namespace {

/// One of these proposals to be known to members for at least a minute, and not for ever.
StatusCode check_period(const Context& context, const wire::Parameters& parameters,
                        const wire::Propose& message) {
  const std::uint64_t opens = std::max(message.opens_ms(), context.block_ms);
  const bool fine =
      (message.opens_ms() == 0 ||
       saturating_add(message.opens_ms(), limits::start_tolerance_ms) > context.block_ms) &&
      opens - context.block_ms <= limits::voting_ms_max &&
      message.closes_ms() >= saturating_add(opens, limits::voting_ms_min) &&
      message.closes_ms() - opens <= parameters.voting_ms();
  return fine ? applied : period_refused;
}

class Propose final : public Command {
 public:
  explicit Propose(wire::Propose message) : message_(std::move(message)) {}

  [[nodiscard]] StatusCode authorize(const Context& context,
                                     const model::StateReader& state) const override {
    const model::Id proposer = id_of(message_.proposer());
    const StatusCode member = require_member(state, proposer);
    if (member != applied) return member;
    const StatusCode may = require_signed(context, proposer);
    if (may != applied) return may;
    if (find_proposal(state, id_of(message_.proposal()))) return proposal_exists;
    const auto live = static_cast<std::uint32_t>(load_agenda(state).items_size());
    if (live >= limits::proposals_live_max) return proposals_too_many;
    const auto parameters = find_parameters(state);
    XL_CHECK(parameters.has_value());
    const StatusCode period = check_period(context, *parameters, message_);
    if (period != applied) return period;
    const std::uint64_t height = message_.execute_height();
    if (height != 0 &&
        (height <= context.height || height - context.height > limits::execute_ahead_heights_max)) {
      return height_refused;
    }
    return check_change(context, state, message_);
  }

  void apply(const Context& context, model::StateWriter& state, EventSink& events) const override {
    const model::Id proposal = id_of(message_.proposal());
    wire::ProposalRecord record;
    *record.mutable_content() = message_;
    record.set_status(static_cast<std::uint32_t>(ProposalStatus::open));
    record.set_proposed_ms(context.block_ms);
    store_record(state, proposal_key(proposal), record);
    enter_agenda(state, proposal, message_.closes_ms());
    events.emit(event::proposed, {id_attribute(event::proposal_attribute, proposal),
                                  id_attribute(event::member_attribute, id_of(message_.proposer())),
                                  number_attribute(event::time_attribute, message_.closes_ms())});
  }

 private:
  wire::Propose message_;
};

class Withdraw final : public Command {
 public:
  explicit Withdraw(wire::Withdraw message) : message_(std::move(message)) {}

  [[nodiscard]] StatusCode authorize(const Context& context,
                                     const model::StateReader& state) const override {
    const auto record = find_proposal(state, id_of(message_.proposal()));
    if (!record) return proposal_unknown;
    const StatusCode may = require_signed(context, id_of(record->content().proposer()));
    if (may != applied) return may;
    const bool open = record->status() == static_cast<std::uint32_t>(ProposalStatus::open);
    return open ? applied : proposal_decided;
  }

  void apply(const Context& context, model::StateWriter& state, EventSink& events) const override {
    const model::Id proposal = id_of(message_.proposal());
    auto record = find_proposal(state, proposal);
    XL_CHECK(record.has_value());
    record->set_status(static_cast<std::uint32_t>(ProposalStatus::withdrawn));
    record->set_decided_ms(context.block_ms);
    record->set_decided_height(context.height);
    store_record(state, proposal_key(proposal), *record);
    leave_agenda(state, proposal);
    events.emit(event::withdrawn,
                {id_attribute(event::proposal_attribute, proposal),
                 id_attribute(event::member_attribute, id_of(record->content().proposer()))});
  }

 private:
  wire::Withdraw message_;
};

/// One line of text without control characters.
Status check_title(const std::string& title) {
  const bool fine = !title.empty() && title.size() <= limits::proposal_title_bytes_max &&
                    std::none_of(title.begin(), title.end(),
                                 [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; });
  return fine ? Status{} : Status(malformed("title"));
}

}  // namespace

Result<std::unique_ptr<Command>> check_propose(ByteView payload) {
  wire::Propose message;
  XL_TRY(decode_message(payload, message));
  XL_TRY(check_id(message.proposal(), "proposal"));
  XL_TRY(check_id(message.proposer(), "proposer"));
  XL_TRY(check_title(message.title()));
  XL_TRY(check_change_shape(message));
  return std::unique_ptr<Command>(std::make_unique<Propose>(std::move(message)));
}

Result<std::unique_ptr<Command>> check_withdraw(ByteView payload) {
  wire::Withdraw message;
  XL_TRY(decode_message(payload, message));
  XL_TRY(check_id(message.proposal(), "proposal"));
  return std::unique_ptr<Command>(std::make_unique<Withdraw>(std::move(message)));
}

}  // namespace xl::contracts::governance
