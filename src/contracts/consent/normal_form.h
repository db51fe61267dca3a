// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "contracts/consent/codes.h"
#include "contracts/consent/normal_form.pb.h"
#include "model/id.h"

/// The sealed normal form of a consent: one agreement, one encoding, one commitment.
namespace xl::contracts::consent {

using Policy = xinglin::consent::v1::Policy;
using Rule = xinglin::consent::v1::Rule;
using SealedPolicy = xinglin::consent::v1::SealedPolicy;

/// True when a policy is in normal form: known codes, every list sorted, without repetition and
/// within its bound, exceptions at most two levels deep, at most `limits::policy_bytes_max` bytes;
/// a permit names purposes and actions. Errors: message_malformed with the field's name.
/// Thread-safe.
[[nodiscard]] Status check_policy(const Policy& policy);

/// Sorts every list of a policy and drops repetitions. What was wrong otherwise stays wrong.
void normalise(Policy& policy);

/// Normalises the policies of a consent and puts them in order, the first one as `policy`; drops
/// repetitions, and those of names on the form.
void normalise(SealedPolicy& sealed);

/// Checks a sealed policy: version 1, ids, a 32-byte salt, policies in normal form, the form within
/// its bounds.
/// Errors: message_malformed.
[[nodiscard]] Status check_sealed(const SealedPolicy& sealed);

/// Decodes canonical bytes and checks them. Errors: message_malformed.
[[nodiscard]] Result<SealedPolicy> decode_sealed(ByteView bytes);

/// The 33-byte commitment that stands on the chain: suite ‖ SHA-256(tag ‖ 0x00 ‖ suite ‖ canonical
/// encoding, salt included). Precondition: checked.
[[nodiscard]] Bytes commitment_of(const SealedPolicy& sealed);

/// True when `fresh` certainly permits no more than `old` and is not the same: of the same effect,
/// each dimension within the old one's (a deny the other way round), and every exception kept or
/// widened. Sound, not complete: a narrower policy that is written very differently is not
/// recognised. Pure. Preconditions: both in normal form. Cost: the product of the lists' lengths.
[[nodiscard]] bool is_narrower(const Policy& old, const Policy& fresh);

/// The same for all policies of a consent: every permit of `fresh` lies within one of `old`, every
/// refusal of `old` is kept or widened.
[[nodiscard]] bool is_narrower(const SealedPolicy& old, const SealedPolicy& fresh);

/// True when two consents have the same policies, whatever stands on their forms.
[[nodiscard]] bool same_policies(const SealedPolicy& one, const SealedPolicy& other);

}  // namespace xl::contracts::consent
