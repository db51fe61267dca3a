// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "consents/labels.pb.h"
#include "contracts/consent/decide.h"

/// What is sealed with a record, as a decision sees it: at the custodian, and at whoever runs the
/// decision again.
namespace xl::consents {

using Labels = xinglin::custody::v1::Labels;

/// What `decide` is told of a record. Without an organisation in whose name it was written that is
/// `custodian`. Precondition: the ids of `labels` have 16 bytes or none.
[[nodiscard]] contracts::consent::Resource resource_of(const Labels& labels,
                                                       const model::Id& custodian);

}  // namespace xl::consents
