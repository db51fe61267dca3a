// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/organisation/oversight.h"

#include <map>

#include "base/json/writer.h"
#include "contracts/access/view.h"
#include "contracts/api/shape.h"
#include "custody/access_log.h"
#include "gateway/fhir/audit_view.h"
#include "gateway/organisation/access_export.h"
#include "model/limits.h"

namespace xl::gateway::organisation {

namespace access = contracts::access;

namespace {

constexpr std::string_view oversight_action = "oversight";
/// Entries that one look counts: each is opened.
constexpr std::uint64_t oversight_entries_max = 100'000;
constexpr std::uint32_t disputes_counted_max = 10'000;

/// What is counted.
struct Counts {
  std::uint64_t entries = 0;
  std::uint64_t refused = 0;
  std::uint64_t by_machines = 0;
  std::uint64_t to_others = 0;  ///< records that another institution was shown
  std::map<std::string, std::uint64_t> actions;
  std::map<std::string, std::uint64_t> purposes;
  std::map<std::string, std::uint64_t> institutions;
};

void count_entry(const model::JournalEntry& entry, const model::Id& house, Counts& out) {
  const bool permitted = entry.decision == model::JournalDecision::permitted;
  ++out.entries;
  out.refused += permitted ? 0 : 1;
  out.by_machines += entry.actor == entry.organisation ? 1 : 0;
  const bool of_a_record = !entry.subject.empty();  // else the log was looked at
  out.to_others += permitted && of_a_record && entry.organisation != house ? 1 : 0;
  ++out.actions[entry.action];
  ++out.purposes[entry.purpose];
  ++out.institutions[model::did_text(entry.organisation)];
}

Result<Counts> count_all(custody::Organisation& organisation, vault::JournalLook look) {
  const vault::Journal& journal = organisation.stores().journal();
  XL_TRY_ASSIGN(const std::uint64_t total, journal.count(look));
  if (total > oversight_entries_max) {
    return make_error(ErrorCode::export_too_large, std::to_string(total));
  }
  Counts out;
  for (;;) {
    XL_TRY_ASSIGN(const auto some, journal.newest(look, limits::vault_page_max));
    for (const vault::KeptEntry& kept : some) count_entry(kept.entry, organisation.did(), out);
    if (some.size() < limits::vault_page_max) return out;
    look.before = some.back().sequence;
  }
}

void write_counts(json::Writer& out, std::string_view name,
                  const std::map<std::string, std::uint64_t>& counts) {
  out.key(name).begin_array();
  for (const auto& [what, count] : counts) {
    out.begin_object().key("name").string(what).key("count").unsigned_integer(count).end_object();
  }
  out.end_array();
}

/// What the ledger says of this custodian's duties.
void write_duties(json::Writer& out, const custody::LedgerView& view, const model::Id& house) {
  const auto head = access::find_journal(*view.state, house);
  std::uint64_t overdue = 0;
  const auto waiting = access::unanswered_disputes_of(*view.state, house, disputes_counted_max);
  for (const model::Id& one : waiting) {
    const auto record = access::find_dispute(*view.state, one);
    overdue += record && access::is_overdue(*record, view.now_ms) ? 1 : 0;
  }
  out.key("anchored").string(std::to_string(head ? head->next_sequence() - 1 : 0));
  out.key("late_roots").string(std::to_string(head ? head->late_count() : 0));
  out.key("review_overdue").boolean(access::review_is_overdue(*view.state, house, view.now_ms));
  out.key("seal_overdue").boolean(access::seal_is_overdue(*view.state, house, view.now_ms));
  out.key("disputes_open").unsigned_integer(waiting.size());
  out.key("disputes_overdue").unsigned_integer(overdue);
}

}  // namespace

Result<http::Response> show_oversight(const Services& services, custody::Organisation& organisation,
                                      const custody::Principal& who, const http::Request& request,
                                      const PathValues&) {
  XL_TRY_ASSIGN(const custody::LedgerView view, custody::look(services.custody.port()));
  const bool may =
      custody::oversees(who, organisation.did()) || custody::regulates(who, *view.state);
  if (!may) return make_error(ErrorCode::role_refused);
  if (request.header("x-purpose-of-use") != fhir::regulators_purpose) {
    return make_error(ErrorCode::purpose_unknown, fhir::regulators_purpose);
  }
  vault::JournalLook look;
  XL_TRY_ASSIGN(const auto from, day_asked(request, "from"));
  XL_TRY_ASSIGN(const auto to, day_asked(request, "to"));
  if (from) look.from_ms = static_cast<std::uint64_t>(from->low);
  if (to) look.to_ms = static_cast<std::uint64_t>(to->high);
  look.before = organisation.stores().journal().size() + 1;
  XL_TRY_ASSIGN(const Counts counts, count_all(organisation, look));
  XL_TRY(custody::record_look(organisation.stores(), services.custody.port(), who, {},
                              oversight_action, contracts::consent::PurposeOfUse::compliance));
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/oversight/v1");
  out.key("organisation").string(model::did_text(organisation.did()));
  out.key("height").string(std::to_string(view.height));
  out.key("entries").unsigned_integer(counts.entries);
  out.key("refused").unsigned_integer(counts.refused);
  out.key("by_machines").unsigned_integer(counts.by_machines);
  out.key("to_others").unsigned_integer(counts.to_others);
  write_counts(out, "actions", counts.actions);
  write_counts(out, "purposes", counts.purposes);
  write_counts(out, "institutions", counts.institutions);
  write_duties(out, view, organisation.did());
  out.end_object();
  return json_response(out.take());
}

}  // namespace xl::gateway::organisation
