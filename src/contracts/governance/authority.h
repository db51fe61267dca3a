// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "contracts/governance/view.h"

/// Who may send the messages of this contract, as statuses.
namespace xl::contracts::governance {

/// `applied` when `organisation` itself signed to manage. Otherwise not_signed_by_member,
/// delegation_refused or purpose_missing.
[[nodiscard]] StatusCode require_signed(const Context& context, const model::Id& organisation);

/// `applied` when it is a present member. Otherwise not_founded, member_unknown or member_expelled.
[[nodiscard]] StatusCode require_member(const model::StateReader& state, const model::Id& member);

}  // namespace xl::contracts::governance
