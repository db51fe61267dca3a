// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/governance/agenda.h"

#include "contracts/api/event_values.h"
#include "contracts/api/shape.h"
#include "contracts/governance/changes.h"
#include "contracts/governance/events.h"
#include "contracts/governance/records.h"

namespace xl::contracts::governance {

namespace wire = xinglin::governance::v1;

namespace {

int position_of(const wire::Agenda& agenda, const model::Id& proposal) {
  for (int i = 0; i < agenda.items_size(); ++i) {
    if (id_of(agenda.items(i).proposal()) == proposal) return i;
  }
  XL_CHECK(false);
  return -1;
}

/// Is it this proposal's turn? Validators change once in a block, so that each block's change can
/// be weighed against what was before it.
bool is_due(const wire::AgendaItem& item, const wire::ProposalRecord& proposal,
            const wire::Agenda& agenda, const Context& context) {
  if (!item.passed()) return item.due() <= context.block_ms;
  if (item.due() > context.height) return false;
  return agenda.validators_height() != context.height || !moves_validators(proposal.content());
}

/// Does what was decided, or notes why it cannot be done any more. True when validators changed.
bool execute(const Context& context, model::StateWriter& state, wire::ProposalRecord& proposal,
             EngineChanges& engine) {
  const StatusCode still = check_change(context, state, proposal.content());
  const auto end = still == applied ? ProposalStatus::executed : ProposalStatus::failed;
  proposal.set_status(static_cast<std::uint32_t>(end));
  proposal.set_done_height(context.height);
  proposal.set_failure(still);
  const std::size_t before = engine.validators.size();
  if (still == applied) apply_change(context, state, proposal.content(), engine);
  return engine.validators.size() != before;
}

void report_end(const model::Id& id, const wire::ProposalRecord& proposal, EventSink& events) {
  const EventAttribute name = id_attribute(event::proposal_attribute, id);
  switch (static_cast<ProposalStatus>(proposal.status())) {
    case ProposalStatus::executed:
      events.emit(event::executed, {name});
      break;
    case ProposalStatus::failed:
      events.emit(event::failed,
                  {name, number_attribute(event::status_attribute, proposal.failure())});
      break;
    default:
      events.emit(event::expired, {name});
  }
}

}  // namespace

wire::Agenda load_agenda(const model::StateReader& state) {
  wire::Agenda agenda;
  (void)load_record(state, agenda_key(), agenda);
  return agenda;
}

void store_agenda(model::StateWriter& state, const wire::Agenda& agenda) {
  store_record(state, agenda_key(), agenda);
}

void enter_agenda(model::StateWriter& state, const model::Id& proposal, std::uint64_t closes_ms) {
  wire::Agenda agenda = load_agenda(state);
  wire::AgendaItem* item = agenda.add_items();
  item->set_proposal(proposal.bytes.data(), proposal.bytes.size());
  item->set_due(closes_ms);
  store_agenda(state, agenda);
}

void pass_on_agenda(model::StateWriter& state, const model::Id& proposal, std::uint64_t height) {
  wire::Agenda agenda = load_agenda(state);
  wire::AgendaItem* item = agenda.mutable_items(position_of(agenda, proposal));
  item->set_passed(true);
  item->set_due(height);
  store_agenda(state, agenda);
}

void leave_agenda(model::StateWriter& state, const model::Id& proposal) {
  wire::Agenda agenda = load_agenda(state);
  agenda.mutable_items()->DeleteSubrange(position_of(agenda, proposal), 1);
  store_agenda(state, agenda);
}

bool step_agenda(const Context& context, model::StateWriter& state, EventSink& events,
                 EngineChanges& engine) {
  wire::Agenda agenda = load_agenda(state);
  OwnPrefixWriter own(contract_number, state);
  for (int i = 0; i < agenda.items_size(); ++i) {
    const model::Id id = id_of(agenda.items(i).proposal());
    auto proposal = find_proposal(state, id);
    XL_CHECK(proposal.has_value());
    if (!is_due(agenda.items(i), *proposal, agenda, context)) continue;
    if (!agenda.items(i).passed()) {
      proposal->set_status(static_cast<std::uint32_t>(ProposalStatus::expired));
      proposal->set_decided_ms(context.block_ms);
      proposal->set_decided_height(context.height);
    } else if (execute(context, state, *proposal, engine)) {
      agenda.set_validators_height(context.height);
    }
    report_end(id, *proposal, events);
    agenda.mutable_items()->DeleteSubrange(i, 1);
    store_record(own, proposal_key(id), *proposal);
    store_agenda(own, agenda);
    return true;
  }
  return false;
}

}  // namespace xl::contracts::governance
