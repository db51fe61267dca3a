// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "contracts/governance/view.h"

/// The proposals that are open or wait for their height: one short list, so that a block in which
/// nothing is due costs one read.
namespace xl::contracts::governance {

/// The agenda; empty when nothing was ever proposed.
[[nodiscard]] xinglin::governance::v1::Agenda load_agenda(const model::StateReader& state);
/// Writes it.
void store_agenda(model::StateWriter& state, const xinglin::governance::v1::Agenda& agenda);

/// Adds an open proposal at the end.
void enter_agenda(model::StateWriter& state, const model::Id& proposal, std::uint64_t closes_ms);
/// The proposal passed and is due at this height. Precondition: it is on the agenda.
void pass_on_agenda(model::StateWriter& state, const model::Id& proposal, std::uint64_t height);
/// Takes it off. Precondition: it is on the agenda.
void leave_agenda(model::StateWriter& state, const model::Id& proposal);

/// `Contract::end_block`: does or ends the first proposal that is due.
[[nodiscard]] bool step_agenda(const Context& context, model::StateWriter& state, EventSink& events,
                               EngineChanges& engine);

}  // namespace xl::contracts::governance
