// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "base/checked.h"
#include "contracts/access/authority.h"
#include "contracts/access/events.h"
#include "contracts/access/messages.h"
#include "contracts/access/messages.pb.h"
#include "contracts/access/records.h"
#include "contracts/access/status.h"
#include "contracts/access/view.h"
#include "contracts/api/event_values.h"
#include "contracts/api/shape.h"

namespace xl::contracts::access {

namespace wire = xinglin::access::v1;

namespace {

class JournalRoot final : public Command {
 public:
  explicit JournalRoot(wire::JournalRoot message) : message_(std::move(message)) {}

  [[nodiscard]] StatusCode authorize(const Context& context,
                                     const model::StateReader& state) const override {
    const model::Id custodian = id_of(message_.custodian());
    const StatusCode may = require_organisation(context, state, custodian, custodian_missing);
    if (may != applied) return may;
    const auto head = find_journal(state, custodian);
    const std::uint64_t next = head ? head->next_sequence() : 1;
    const std::string previous = head ? head->root() : std::string();
    if (message_.first_sequence() != next || message_.previous() != previous) return journal_gap;
    const std::uint64_t now = context.block_ms;
    if (message_.oldest_ms() > saturating_add(now, limits::start_tolerance_ms)) return time_ahead;
    const bool late = saturating_add(message_.oldest_ms(), limits::journal_within_ms) < now;
    return late && !message_.late() ? late_unmarked : applied;
  }

  void apply(const Context& context, model::StateWriter& state, EventSink& events) const override {
    const model::Id custodian = id_of(message_.custodian());
    wire::JournalHead head = find_journal(state, custodian).value_or(wire::JournalHead());
    head.set_next_sequence(message_.first_sequence() + message_.count());
    head.set_root(message_.root());
    head.set_anchored_ms(context.block_ms);
    head.set_late_count(head.late_count() + (message_.late() ? 1 : 0));
    store_record(state, journal_key(custodian), head);
    const Bytes late{static_cast<std::uint8_t>(message_.late() ? 1 : 0)};
    events.emit(event::journal_anchored,
                {id_attribute(event::custodian_attribute, custodian),
                 number_attribute(event::sequence_attribute, message_.first_sequence()),
                 number_attribute(event::count_attribute, message_.count()),
                 bytes_attribute(event::late_attribute, late)});
  }

 private:
  wire::JournalRoot message_;
};

class Denied final : public Command {
 public:
  explicit Denied(wire::Denied message) : message_(std::move(message)) {}

  [[nodiscard]] StatusCode authorize(const Context& context,
                                     const model::StateReader& state) const override {
    const auto patient =
        identity::find_acting(state, id_of(message_.patient()), PartyKind::patient);
    if (!patient) return patient_unknown;
    const StatusCode may =
        require_organisation(context, state, identity::custodian_of(*patient), custodian_missing);
    if (may != applied) return may;
    return find_denied(state, id_of(message_.entry())) ? entry_exists : applied;
  }

  void apply(const Context& context, model::StateWriter& state, EventSink& events) const override {
    const model::Id patient = id_of(message_.patient());
    const auto party = identity::find_party(state, patient);
    XL_CHECK(party.has_value());
    wire::DeniedRecord record;
    record.set_custodian(party->custodian());
    record.set_patient(message_.patient());
    record.set_details(message_.details());
    record.set_block_ms(context.block_ms);
    store_record(state, denied_key(id_of(message_.entry())), record);
    events.emit(event::access_denied,
                {bytes_attribute(event::entry_attribute, view_of(message_.entry())),
                 id_attribute(event::patient_attribute, patient),
                 bytes_attribute(event::custodian_attribute, view_of(party->custodian()))});
  }

 private:
  wire::Denied message_;
};

}  // namespace

Result<std::unique_ptr<Command>> check_journal_root(ByteView payload) {
  wire::JournalRoot message;
  XL_TRY(decode_message(payload, message));
  XL_TRY(check_id(message.custodian(), "custodian"));
  if (message.count() == 0 || message.count() > limits::journal_count_max) {
    return malformed("count");
  }
  // The next root must be able to name its first sequence.
  std::uint64_t next = 0;
  if (message.first_sequence() == 0 ||
      !checked_add<std::uint64_t>(message.first_sequence(), message.count(), next)) {
    return malformed("first_sequence");
  }
  XL_TRY(check_digest(message.root(), "root"));
  XL_TRY(check_optional_digest(message.previous(), "previous"));
  if (message.oldest_ms() == 0) return malformed("oldest_ms");
  return std::unique_ptr<Command>(std::make_unique<JournalRoot>(std::move(message)));
}

Result<std::unique_ptr<Command>> check_denied(ByteView payload) {
  wire::Denied message;
  XL_TRY(decode_message(payload, message));
  XL_TRY(check_id(message.entry(), "entry"));
  XL_TRY(check_id(message.patient(), "patient"));
  XL_TRY(check_digest(message.details(), "details"));
  return std::unique_ptr<Command>(std::make_unique<Denied>(std::move(message)));
}

}  // namespace xl::contracts::access
