// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/fhir/audit_view.h"

#include <algorithm>
#include <set>

#include "contracts/identity/view.h"
#include "custody/access_log.h"
#include "gateway/fhir/audit_event.h"
#include "gateway/fhir/named.h"
#include "gateway/fhir/own.h"
#include "gateway/fhir/scope.h"
#include "model/limits.h"
#include "query/fhir_terms.h"
#include "query/term_match.h"

namespace xl::gateway::fhir {

namespace identity = contracts::identity;
using contracts::PartyKind;

namespace {

/// Does the app's scope, if an app asks, reach AuditEvents of this patient without conditions?
bool scope_shows(const Call& call, const model::Id& patient) {
  query::RecordEntry entry;
  entry.type = "AuditEvent";
  entry.patient = patient;
  entry.deleted = true;  // nothing of it is kept that a condition could be asked of
  return shows(call, entry);
}

/// Is it a regulator who asks, from another house, and says why?
Result<bool> is_regulator(const Call& call) {
  const custody::Principal& who = call.principal;
  if (who.organisation == call.organisation.did()) return false;
  if (!custody::regulates(who, *call.services.ledger.state())) return false;
  if (call.grant) return false;  // no app stands between
  if (call.request.header("x-purpose-of-use") == regulators_purpose) return true;
  return make_error(ErrorCode::purpose_unknown, regulators_purpose);
}

/// A search for entries of the journal.
struct AuditWish {
  vault::JournalLook look;
  std::vector<query::SearchCriterion> criteria;      ///< asked of what is shown
  std::optional<std::set<std::uint64_t>> sequences;  ///< `_id`
};

/// Narrows the times of a look to a date; false when it is no range of times (`ne`, `ap`).
bool narrow_times(vault::JournalLook& look, const query::SearchValue& value) {
  const auto range = xl::fhir::time_range_of(value.text);
  if (!range) return false;
  const auto bound = [](std::int64_t ms) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(0, ms));
  };
  const auto at_least = [&](std::int64_t ms) { look.from_ms = std::max(look.from_ms, bound(ms)); };
  const auto at_most = [&](std::int64_t ms) {
    if (ms < 0) look.from_ms = UINT64_MAX;  // before all times: nothing
    look.to_ms = std::min(look.to_ms, bound(ms));
  };
  switch (value.prefix) {
    case query::Prefix::eq:
      at_least(range->low);
      at_most(range->high);
      return true;
    case query::Prefix::ge:
      at_least(range->low);
      return true;
    case query::Prefix::gt:
    case query::Prefix::sa:
      at_least(range->high + 1);
      return true;
    case query::Prefix::le:
      at_most(range->high);
      return true;
    case query::Prefix::lt:
    case query::Prefix::eb:
      at_most(range->low - 1);
      return true;
    case query::Prefix::ne:
    case query::Prefix::ap:
      break;
  }
  return false;
}

void read_ids(std::string_view value, AuditWish& out) {
  std::set<std::uint64_t> here;
  for (const std::string_view id : query::split_protected(value, ',')) {
    const std::uint64_t sequence = sequence_of_view(id);
    if (sequence != 0 && (!out.sequences || out.sequences->contains(sequence))) {
      here.insert(sequence);
    }
  }
  out.sequences = std::move(here);
}

/// Errors: those of reading a search, search_modifier_unsupported (nothing that can be asked of a
/// resource that is not kept).
Status read_criterion_of(const Call& call, std::string_view name, std::string_view value,
                         AuditWish& out) {
  if (name == "_id") {
    read_ids(value, out);
    return {};
  }
  const std::string_view asked = name == "_lastUpdated" ? std::string_view("date") : name;
  XL_TRY_ASSIGN(query::SearchCriterion one,
                query::read_criterion("AuditEvent", asked, value, own_names(call)));
  const bool plain_date =
      one.name == "date" && one.values.size() == 1 && one.modifier == query::Modifier::none;
  if (plain_date && narrow_times(out.look, one.values.front())) return {};
  for (const query::SearchValue& each : one.values) {
    query::SearchCriterion single = one;
    single.values = {each};
    if (query::is_decidable("AuditEvent", single)) continue;
    return make_error(ErrorCode::search_modifier_unsupported, shown_name(name));
  }
  if (one.values.empty()) {
    return make_error(ErrorCode::search_modifier_unsupported, shown_name(name));
  }
  out.criteria.push_back(std::move(one));
  return {};
}

/// The journal's part of one search.
class AuditView final : public View {
 public:
  AuditView(const Call& call, AuditWish wish, std::optional<Parameters> kept, AuditFields fields)
      : call_(call), wish_(std::move(wish)), kept_(std::move(kept)), writer_(call, fields) {}

  [[nodiscard]] std::uint64_t end() const override { return journal().size() + 1; }
  [[nodiscard]] std::optional<Parameters> kept() const override { return kept_; }

  Result<ViewPage> page(std::uint64_t before, std::size_t count, bool totalled) override {
    shown_.clear();
    ViewPage out;
    out.before = before;
    wish_.look.before = before;
    const bool filtered = !wish_.criteria.empty() || wish_.sequences;
    if (totalled && !filtered) {
      XL_TRY_ASSIGN(out.total, journal().count(wish_.look));
    } else if (filtered && !wish_.sequences) {
      XL_TRY_ASSIGN(const std::uint64_t candidates, journal().count(wish_.look));
      if (candidates > audit_entries_looked_at_max) {
        return make_error(ErrorCode::search_too_broad, "AuditEvent");
      }
    }
    std::uint64_t found = 0;
    XL_TRY(each_candidate([&](const vault::KeptEntry& kept) -> Result<bool> {
      if (found >= count && !filtered) {
        out.next_before = out.next_before == 0 ? last_ : out.next_before;
        return false;
      }
      const custody::LoggedAccess access = custody::logged_access(stores(), kept);
      XL_TRY_ASSIGN(std::string resource, writer_.write(access));
      XL_TRY_ASSIGN(const bool is_wanted, meets_all(resource));
      if (!is_wanted) return true;
      if (++found > count) {
        if (out.next_before == 0) out.next_before = last_;
        return totalled;
      }
      last_ = kept.sequence;
      shown_.insert(kept.entry.patient);
      out.shown.push_back(
          {std::string(view_id_mark) + std::to_string(kept.sequence), std::move(resource)});
      return true;
    }));
    if (totalled && filtered) out.total = found;
    return out;
  }

  Status record() override {
    if (wish_.look.patients) shown_ = {wish_.look.patients->begin(), wish_.look.patients->end()};
    shown_.erase(model::Id{});
    const std::vector<model::Id> patients(shown_.begin(), shown_.end());
    return custody::record_look(stores(), call_.services.custody.port(), call_.principal, patients);
  }

 private:
  [[nodiscard]] custody::Stores& stores() const { return call_.organisation.stores(); }
  [[nodiscard]] const vault::Journal& journal() const { return stores().journal(); }

  /// Hands over the entries that may be meant, newest first, until `take` says false.
  template <typename Take>
  Status each_candidate(const Take& take) {
    if (wish_.sequences) {
      for (auto at = wish_.sequences->rbegin(); at != wish_.sequences->rend(); ++at) {
        if (*at >= wish_.look.before) continue;
        const auto kept = journal().entry(*at);
        if (!kept.ok() && kept.error().code == ErrorCode::journal_entry_unknown) continue;
        if (!kept.ok()) return kept.error();
        if (!is_in_look(*kept)) continue;
        XL_TRY_ASSIGN(const bool more, take(*kept));
        if (!more) return {};
      }
      return {};
    }
    vault::JournalLook look = wish_.look;
    for (;;) {
      XL_TRY_ASSIGN(const auto some, journal().newest(look, limits::vault_page_max));
      for (const vault::KeptEntry& kept : some) {
        XL_TRY_ASSIGN(const bool more, take(kept));
        if (!more) return {};
      }
      if (some.size() < limits::vault_page_max) return {};
      look.before = some.back().sequence;
    }
  }

  [[nodiscard]] bool is_in_look(const vault::KeptEntry& kept) const {
    const auto& patients = wish_.look.patients;
    const bool whose =
        !patients || std::ranges::find(*patients, kept.entry.patient) != patients->end();
    return whose && kept.entry.time_ms >= wish_.look.from_ms &&
           kept.entry.time_ms <= wish_.look.to_ms;
  }

  Result<bool> meets_all(const std::string& resource) const {
    if (wish_.criteria.empty()) return true;
    json::Limits bounds;
    bounds.bytes_max = resource.size() + 1;
    XL_TRY_ASSIGN(const json::Document document, json::parse(resource, bounds));
    XL_TRY_ASSIGN(const auto terms,
                  query::terms_of(document.root(), query::own_path_of(call_.organisation.did())));
    return std::ranges::all_of(wish_.criteria, [&](const query::SearchCriterion& one) {
      return query::meets("AuditEvent", terms, one);
    });
  }

  const Call& call_;
  AuditWish wish_;
  std::optional<Parameters> kept_;
  AuditWriter writer_;
  std::set<model::Id> shown_;  ///< about whom the last page is
  std::uint64_t last_ = 0;     ///< the last sequence on it
};

/// Whose entries a search is shown. Nothing: none. An empty list: it names nobody whom there is.
struct AuditReach {
  std::optional<std::vector<model::Id>> patients;  ///< nothing: of all
};

Result<std::optional<AuditReach>> reach_of(const Call& call,
                                           const std::optional<std::vector<model::Id>>& asked) {
  const custody::Principal& who = call.principal;
  XL_TRY_ASSIGN(const bool regulator, is_regulator(call));
  if (regulator) return std::optional(AuditReach{asked});
  if (who.organisation != call.organisation.did()) return std::optional<AuditReach>();
  const bool all = custody::oversees(who, call.organisation.did());
  if (!asked && all) {
    if (!scope_shows(call, model::Id{})) return std::optional<AuditReach>();
    return std::optional(AuditReach{});
  }
  std::vector<model::Id> candidates;
  if (asked) {
    candidates = *asked;
  } else if (who.kind == PartyKind::patient) {
    candidates = {who.did};
  }
  AuditReach out;
  out.patients.emplace();
  for (const model::Id& one : candidates) {
    XL_TRY_ASSIGN(const bool may, may_see_log(call, one));
    if (may) out.patients->push_back(one);
  }
  // Who oversees and names nobody finds nothing; anybody else is no reader of the journal here.
  if (out.patients->empty() && !all) return std::optional<AuditReach>();
  return std::optional(std::move(out));
}

/// The patient that a search is narrowed to by a parameter, as the index reads it: what names one
/// by its DID names the record. Nothing: there is no such record.
Result<std::optional<std::string>> kept_patient(const Call& call, std::string_view text) {
  const auto did = model::id_from_did(text);
  if (!did.ok()) return std::optional(std::string(text));
  query::Query wanted;
  wanted.type = "Patient";
  wanted.allowed.patients = std::vector{*did};
  wanted.total = query::Total::none;
  wanted.count = 1;
  XL_TRY_ASSIGN(const auto page, call.organisation.stores().index().search(wanted));
  if (page.entries.empty()) return std::optional<std::string>();
  return std::optional("Patient/" + page.entries.front().id);
}

}  // namespace

Result<std::vector<model::Id>> patients_named(const Call& call, std::string_view text) {
  std::vector<model::Id> out;
  const auto did = model::id_from_did(text);
  if (did.ok()) {
    const auto party = identity::find_party(*call.services.ledger.state(), *did);
    const bool ours = party && static_cast<PartyKind>(party->kind()) == PartyKind::patient &&
                      identity::custodian_of(*party) == call.organisation.did() &&
                      !call.organisation.stores().is_own(*did);
    if (ours) out.push_back(*did);
    return out;
  }
  const std::string_view plain = query::without_own_base(text, own_names(call));
  const std::string_view id = plain.starts_with("Patient/") ? plain.substr(8) : plain;
  XL_TRY_ASSIGN(const Named named, compartment_of(call, id));
  if (named) out = *named;
  std::erase(out, model::Id{});
  return out;
}

Result<bool> may_see_log(const Call& call, const model::Id& patient) {
  const custody::Principal& who = call.principal;
  XL_TRY_ASSIGN(const bool regulator, is_regulator(call));
  if (regulator) return true;
  if (who.organisation != call.organisation.did() || !scope_shows(call, patient)) return false;
  if (custody::oversees(who, call.organisation.did())) return true;
  if (patient.is_zero()) return false;
  if (who.kind == PartyKind::patient) return who.did == patient;
  if (who.kind != PartyKind::guardian) return false;
  XL_TRY_ASSIGN(const custody::LedgerView view, custody::look(call.services.custody.port()));
  return identity::guardian_acts(*view.state, who.did, patient, identity::power_consent,
                                 view.now_ms);
}

Result<std::unique_ptr<View>> open_audit_view(const Call& call, const SearchPlace& place,
                                              const Parameters& parameters, Part& part,
                                              AuditBeside beside) {
  std::optional<std::vector<model::Id>> asked;
  XL_TRY_ASSIGN(const bool regulator, is_regulator(call));
  const auto add = [&](std::string_view text) -> Status {
    // By what the ledger calls a patient: which ids there are here is not for a regulator.
    if (regulator && !model::id_from_did(text).ok()) {
      return make_error(ErrorCode::parameter_invalid, "patient: a DID");
    }
    XL_TRY_ASSIGN(const auto named, patients_named(call, text));
    if (!asked) asked.emplace();
    asked->insert(asked->end(), named.begin(), named.end());
    return {};
  };
  if (!place.patient.empty()) XL_TRY(add(place.patient));
  std::optional<Parameters> kept = Parameters{};
  for (const auto& [name, value] : parameters) {
    const bool names = name == "patient" || name == "patient:Patient";
    if (name == "_cursor") continue;
    if (!names) {
      if (kept) kept->emplace_back(name, value);
      continue;
    }
    for (const std::string_view one : query::split_protected(value, ',')) XL_TRY(add(one));
    XL_TRY_ASSIGN(const auto record, kept_patient(call, value));
    if (!record) kept.reset();
    if (kept) kept->emplace_back(name, *record);
  }
  XL_TRY_ASSIGN(const auto reach, reach_of(call, asked));
  if (!reach) return std::unique_ptr<View>();
  if (beside == AuditBeside::nothing || regulator) kept.reset();
  AuditWish wish;
  wish.look.patients = reach->patients;
  for (const auto& [name, value] : parameters) {
    if (name == "patient" || name == "patient:Patient") continue;
    XL_TRY_ASSIGN(const bool control, read_view_control(name, value, part));
    if (!control) XL_TRY(read_criterion_of(call, name, value, wish));
  }
  return std::unique_ptr<View>(std::make_unique<AuditView>(
      call, std::move(wish), std::move(kept), regulator ? AuditFields::limited : AuditFields::all));
}

Result<std::optional<std::string>> read_audit_event(const Call& call, std::string_view id) {
  custody::Stores& stores = call.organisation.stores();
  const std::uint64_t sequence = sequence_of_view(id);
  if (sequence == 0) return std::optional<std::string>();
  const auto kept = stores.journal().entry(sequence);
  if (!kept.ok() && kept.error().code == ErrorCode::journal_entry_unknown) {
    return std::optional<std::string>();
  }
  if (!kept.ok()) return kept.error();
  XL_TRY_ASSIGN(const bool may, may_see_log(call, kept->entry.patient));
  if (!may) return std::optional<std::string>();
  XL_TRY_ASSIGN(const bool regulator, is_regulator(call));
  AuditWriter writer(call, regulator ? AuditFields::limited : AuditFields::all);
  XL_TRY_ASSIGN(std::string out, writer.write(custody::logged_access(stores, *kept)));
  if (call.rehearsal != nullptr) return std::optional(std::move(out));
  const model::Id& patient = kept->entry.patient;
  const std::span<const model::Id> whom(&patient, patient.is_zero() ? 0 : 1);
  XL_TRY(custody::record_look(stores, call.services.custody.port(), call.principal, whom));
  return std::optional(std::move(out));
}

}  // namespace xl::gateway::fhir
