// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "model/access_list.h"

#include <algorithm>
#include <functional>

#include "client/access_proof.h"
#include "client/proven_record.h"
#include "contracts/identity/records.h"
#include "crypto/signature.h"

namespace xl::client {
namespace {

namespace identity = contracts::identity;

Error list_differs(std::string_view what) {
  return make_error(ErrorCode::access_list_unsigned, what);
}

/// The numbers of a page's entries, those that wait too, descending.
std::vector<std::uint64_t> sequences_of(const AccessProofs& page) {
  std::vector<std::uint64_t> out = page.waiting;
  for (const AccessProof& one : page.entries) out.push_back(one.journal.sequence);
  std::ranges::sort(out, std::greater<>());
  return out;
}

/// The custodian signed that just these entries stand on just this page.
Status check_list_signature(const AccessProofs& page, const model::Trust& trust) {
  if (!page.statement) return list_differs("there is no statement of the custodian");
  const AccessListStatement& said = *page.statement;
  xinglin::identity::v1::KeyRecord key;
  XL_TRY(proven_record(said.key, identity::key_key(said.key_id), trust, "key", key));
  const std::string custodian(text_of(page.custodian.view()));
  bool theirs = !key.has_delegation() && key.controller() == custodian;
  if (!theirs && !key.has_delegation()) {
    XL_TRY_ASSIGN(theirs, is_service_of(said.service, key, custodian, trust));
  }
  if (!theirs || !was_good(key, said.time_ms)) {
    return list_differs("the key is not the custodian's");
  }
  model::AccessListPage told;
  told.network = trust.network();
  told.custodian = page.custodian;
  told.patient = page.patient;
  told.total = page.total;
  told.before = said.before;
  told.count = said.count;
  told.next_before = page.next_before;
  told.height = said.height;
  told.time_ms = said.time_ms;
  told.sequences = sequences_of(page);
  if (!crypto::verify(static_cast<crypto::Algorithm>(key.algorithm()), view_of(key.public_key()),
                      model::access_list_bytes(told), said.signature)) {
    return list_differs("the custodian signed another list");
  }
  return {};
}

/// What was signed is true of itself: numbers below the page's bound, none twice, no more than are
/// counted, and all of them where no page follows.
Status check_list_numbers(const AccessProofs& page) {
  const std::vector<std::uint64_t> numbers = sequences_of(page);
  const AccessListStatement& said = *page.statement;
  const bool twice = std::ranges::adjacent_find(numbers) != numbers.end();
  const bool above = !numbers.empty() && numbers.front() >= said.before;
  const std::uint64_t lowest = numbers.empty() ? 0 : numbers.back();
  const bool none = numbers.empty() && (said.count != 0 || page.next_before != 0);
  const bool last = page.next_before == 0;
  if (twice || above || none || numbers.size() > said.count ||
      (last ? numbers.size() != said.count : page.next_before != lowest)) {
    return list_differs("the custodian signed what contradicts itself");
  }
  return {};
}

/// An entry that waits is not under a root that the ledger had by then: on its own page under none
/// at all, elsewhere under none that was there clearly before.
Status check_waiting(const AccessProofs& waits, const AccessProofs& shows) {
  const bool same = &waits == &shows;
  for (const AccessProof& one : shows.entries) {
    const std::uint64_t anchored_ms = one.anchor.block.header.time.milliseconds();
    const bool before = anchored_ms + times_apart_ms < waits.statement->time_ms;
    if (!same && !before) continue;
    for (const std::uint64_t sequence : waits.waiting) {
      if (sequence > one.root.last_sequence) continue;
      return list_differs("entry " + std::to_string(sequence) + " waits, and is on the ledger");
    }
  }
  return {};
}

}  // namespace

Result<ProvenAccessList> check_access_list(std::span<const AccessProofs> pages,
                                           const model::Trust& trust) {
  if (pages.empty()) return make_error(ErrorCode::receipt_malformed, "no pages");
  ProvenAccessList out;
  out.patient = pages.front().patient;
  out.custodian = pages.front().custodian;
  out.total = pages.front().total;
  std::uint64_t left = out.total;
  const AccessProofs* before = nullptr;
  for (const AccessProofs& page : pages) {
    if (page.patient != out.patient || page.custodian != out.custodian) {
      return make_error(ErrorCode::content_differs, "a page is of another log");
    }
    XL_TRY(check_list_signature(page, trust));
    XL_TRY(check_list_numbers(page));
    const AccessListStatement& said = *page.statement;
    const bool follows = before == nullptr || said.before == before->next_before;
    if (!follows || said.count != left) return list_differs("a page is missing before this one");
    XL_TRY_ASSIGN(const auto proven, check_access_proofs(page, trust));
    out.proven += proven.size();
    out.waiting += page.waiting.size();
    left -= page.entries.size() + page.waiting.size();
    before = &page;
  }
  if (before->next_before != 0) return list_differs("the last page is missing");
  for (const AccessProofs& waits : pages) {
    for (const AccessProofs& shows : pages) XL_TRY(check_waiting(waits, shows));
  }
  out.height = pages.front().statement->height;
  out.time_ms = pages.front().statement->time_ms;
  return out;
}

}  // namespace xl::client
