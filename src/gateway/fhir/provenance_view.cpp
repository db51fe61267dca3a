// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/fhir/provenance_view.h"

#include <algorithm>

#include "base/checked.h"
#include "base/json/writer.h"
#include "contracts/api/shape.h"
#include "contracts/identity/view.h"
#include "contracts/records/view.h"
#include "custody/labels.h"
#include "gateway/fhir/audit_event.h"
#include "gateway/fhir/audit_words.h"
#include "gateway/fhir/own.h"
#include "gateway/fhir/read.h"
#include "gateway/fhir/rehearsal.h"
#include "gateway/fhir/reply.h"
#include "gateway/fhir/scope.h"
#include "query/fhir_terms.h"
#include "query/term_match.h"

namespace xl::gateway::fhir {
namespace {

constexpr std::string_view provenance_action = "provenance";

std::string provenance_id(const query::RecordEntry& entry) {
  return std::string(view_id_mark) + entry.record.text() + "-" + std::to_string(entry.version);
}

void write_code(json::Writer& out, const Code& code) {
  out.begin_object().key("coding").begin_array().begin_object();
  out.key("system").string(code.system).key("code").string(code.code);
  if (!code.display.empty()) out.key("display").string(code.display);
  out.end_object().end_array().end_object();
}

void write_did(json::Writer& out, std::string_view type, const model::Id& did,
               std::string_view name) {
  out.begin_object();
  if (type == "Practitioner") out.key("reference").string("Practitioner/" + did.text());
  out.key("type").string(type).key("identifier").begin_object();
  out.key("system").string("urn:ietf:rfc:3986").key("value").string(model::did_text(did));
  out.end_object();
  if (!name.empty()) out.key("display").string(name);
  out.end_object();
}

std::string party_name(const model::StateReader& state, const model::Id& did) {
  const auto party = contracts::identity::find_party(state, did);
  return party ? party->name() : std::string();
}

Code participant(std::string_view code, std::string_view display) {
  return {"http://terminology.hl7.org/CodeSystem/provenance-participant-type", code, display};
}

/// Who wrote it, for whom, and who keeps it.
void write_provenance_agents(json::Writer& out, const Call& call, const model::StateReader& state,
                             const custody::Labels& labels) {
  const auto author = model::id_from_bytes(view_of(labels.author()));
  const auto organisation = model::id_from_bytes(view_of(labels.author_organisation()));
  out.key("agent").begin_array();
  if (organisation.ok()) {
    const std::string name = party_name(state, *organisation);
    out.begin_object().key("type");
    write_code(out, participant("author", "Author"));
    out.key("who");
    if (author.ok() && !labels.author().empty()) {
      write_did(out, "Practitioner", *author, {});
      out.key("onBehalfOf");
    }
    write_did(out, "Organization", *organisation, name);
    out.end_object();
  }
  out.begin_object().key("type");
  write_code(out, participant("custodian", "Custodian"));
  out.key("who");
  write_did(out, "Organization", call.organisation.did(), call.organisation.name());
  out.end_object().end_array();
}

void write_anchor(json::Writer& out, const Call& call, const model::StateReader& state,
                  const query::RecordEntry& entry, const custody::Labels& labels) {
  const auto part = [&](std::string_view url, std::string_view type, const std::string& value) {
    out.begin_object().key("url").string(url).key(type).string(value).end_object();
  };
  const auto number = static_cast<std::uint32_t>(entry.vault_version);
  const auto kept = contracts::records::find_version(state, entry.record, number);
  out.key("extension").begin_array().begin_object().key("url").string(ledger_extension);
  out.key("extension").begin_array();
  part("record", "valueString", entry.record.text());
  part("key", "valueString", to_hex(view_of(labels.author_key())));
  if (kept) {
    part("commitment", "valueString", to_hex(view_of(kept->commitment())));
    part("anchored", "valueInstant", instant_text(kept->block_ms()));
    part("proof", "valueUrl",
         base_url(call.services, call.request) + "/o/" + call.organisation.did().text() +
             "/records/" + entry.type + "/" + entry.id +
             "/proof?version=" + std::to_string(entry.version));
  }
  out.end_array().end_object().end_array();
}

std::string provenance_of(const Call& call, const model::StateReader& state,
                          const query::RecordEntry& entry, const custody::Labels& labels) {
  json::Writer out;
  const std::string when = instant_text(entry.last_updated_ms);
  out.begin_object().key("resourceType").string("Provenance");
  out.key("id").string(provenance_id(entry)).key("meta").begin_object();
  out.key("versionId").string("1").key("lastUpdated").string(when).end_object();
  write_anchor(out, call, state, entry, labels);
  out.key("target").begin_array().begin_object();
  out.key("reference").string(path_of(entry, true)).end_object().end_array();
  out.key("recorded").string(when).key("activity");
  const std::string_view system = "http://terminology.hl7.org/CodeSystem/v3-DataOperation";
  write_code(out, entry.deleted        ? Code{system, "DELETE", "delete"}
                  : entry.version == 1 ? Code{system, "CREATE", "create"}
                                       : Code{system, "UPDATE", "revise"});
  write_provenance_agents(out, call, state, labels);
  if (entry.version > 1) {
    query::RecordEntry before = entry;
    --before.version;
    out.key("entity").begin_array().begin_object().key("role").string("revision");
    out.key("what").begin_object().key("reference").string(path_of(before, true));
    out.end_object().end_object().end_array();
  }
  out.end_object();
  return out.take();
}

/// The record that a search is about, and of which of its versions; none: of all.
struct Target {
  std::string type;
  std::string id;
  std::uint64_t version = 0;
};

std::optional<Target> target_of(const Call& call, std::string_view text) {
  const query::OwnNames own = own_names(call);
  const std::string record = own_record(own, text);
  if (record.empty()) return std::nullopt;
  Target out;
  const std::size_t slash = record.find('/');
  out.type = record.substr(0, slash);
  out.id = record.substr(slash + 1);
  const std::string_view plain = query::without_own_base(text, own);
  const std::size_t history = plain.find("/_history/");
  if (history != std::string_view::npos &&
      !parse_decimal(plain.substr(history + std::string_view("/_history/").size()), out.version)) {
    return std::nullopt;
  }
  return out;
}

class ProvenanceView final : public View {
 public:
  ProvenanceView(const Call& call, custody::Viewer viewer, Target target, Parameters kept)
      : call_(call),
        viewer_(std::move(viewer)),
        target_(std::move(target)),
        kept_(std::move(kept)),
        state_(call.services.ledger.state()) {}

  std::vector<query::SearchCriterion> criteria;  ///< asked of what is shown

  Status look() {
    const auto current = call_.organisation.stores().index().current(target_.type, target_.id);
    if (!current.ok() && current.error().code != ErrorCode::index_record_unknown) {
      return current.error();
    }
    if (current.ok()) last_ = current->version;
    return {};
  }

  [[nodiscard]] std::uint64_t end() const override { return last_ + 1; }
  [[nodiscard]] std::optional<Parameters> kept() const override { return kept_; }

  Result<ViewPage> page(std::uint64_t before, std::size_t count, bool totalled) override {
    shown_.clear();
    ViewPage out;
    if (before > provenance_versions_max + 1) {
      return make_error(ErrorCode::search_too_broad, "Provenance");
    }
    std::uint64_t found = 0;
    for (std::uint64_t version = before - 1; version > 0; --version) {
      if (target_.version != 0 && target_.version != version) continue;
      const auto entry =
          call_.organisation.stores().index().version(target_.type, target_.id, version);
      if (!entry.ok() && entry.error().code == ErrorCode::index_record_unknown) continue;
      if (!entry.ok()) return entry.error();
      if (!shows(call_, *entry) || !viewer_.allows(*entry)) continue;
      XL_TRY_ASSIGN(const std::optional<std::string> resource, wanted(*entry));
      if (!resource) continue;
      if (++found > count) {
        if (out.next_before == 0) out.next_before = version + 1;
        if (!totalled) break;
        continue;
      }
      shown_.push_back(*entry);
      out.shown.push_back({provenance_id(*entry), *resource});
    }
    if (totalled) out.total = found;
    return out;
  }

  Status record() override {
    if (shown_.empty()) {
      XL_TRY(viewer_.refuse_hidden(provenance_action, !is_of_the_house(call_)));
      begun_.wait(call_);
      return {};
    }
    return viewer_.serve(shown_, provenance_action);
  }

 private:
  /// The Provenance of a version, when it meets all that is asked of it.
  Result<std::optional<std::string>> wanted(const query::RecordEntry& entry) {
    auto opened = call_.organisation.records().open(entry);
    const bool gone = !opened.ok() && (opened.error().code == ErrorCode::record_erased ||
                                       opened.error().code == ErrorCode::record_unknown);
    if (gone) return std::optional<std::string>();
    if (!opened.ok()) return opened.error();
    std::string out = provenance_of(call_, *state_, entry, opened->labels);
    if (criteria.empty()) return std::optional(std::move(out));
    json::Limits bounds;
    bounds.bytes_max = out.size() + 1;
    XL_TRY_ASSIGN(const json::Document document, json::parse(out, bounds));
    XL_TRY_ASSIGN(const auto terms,
                  query::terms_of(document.root(), query::own_path_of(call_.organisation.did())));
    const bool all = std::ranges::all_of(criteria, [&](const query::SearchCriterion& one) {
      return query::meets("Provenance", terms, one);
    });
    return all ? std::optional(std::move(out)) : std::optional<std::string>();
  }

  const EvenTime begun_;
  const Call& call_;
  custody::Viewer viewer_;
  Target target_;
  Parameters kept_;
  std::unique_ptr<model::StateReader> state_;
  std::uint64_t last_ = 0;  ///< the record's last version
  std::vector<query::RecordEntry> shown_;
};

Result<custody::Viewer> provenance_viewer(const Call& call) {
  XL_TRY_ASSIGN(custody::Ask ask, ask_of(call, contracts::consent::Action::read));
  return open_viewer(call, std::move(ask));
}

/// The version that an id names; nothing: none.
Result<std::optional<query::RecordEntry>> version_named(const Call& call, std::string_view id) {
  const std::string_view rest = id.substr(view_id_mark.size());
  const std::size_t dash = rest.rfind('-');
  std::uint64_t version = 0;
  if (dash == std::string_view::npos || !parse_decimal(rest.substr(dash + 1), version) ||
      version == 0 || version > UINT32_MAX) {
    return std::optional<query::RecordEntry>();
  }
  const auto record = model::id_from_text(rest.substr(0, dash));
  if (!record.ok()) return std::optional<query::RecordEntry>();
  const auto opened =
      call.organisation.stores().vault().get({*record, static_cast<std::uint32_t>(version)});
  if (!opened.ok()) return std::optional<query::RecordEntry>();
  XL_TRY_ASSIGN(const custody::Labels labels, custody::decode_labels(opened->labels));
  if (labels.type().empty()) return std::optional<query::RecordEntry>();
  auto entry = call.organisation.stores().index().version(labels.type(), labels.id(), version);
  if (!entry.ok() || entry->record != *record) return std::optional<query::RecordEntry>();
  return std::optional(std::move(*entry));
}

}  // namespace

Result<std::unique_ptr<View>> open_provenance_view(const Call& call, const SearchPlace&,
                                                   const Parameters& parameters, Part& part) {
  std::optional<Target> target;
  Parameters kept;
  for (const auto& [name, value] : parameters) {
    if (name != "_cursor") kept.emplace_back(name, value);
    if (name != "target" && !name.starts_with("target:")) continue;
    if (target || name != "target") return std::unique_ptr<View>();
    target = target_of(call, value);
    if (!target) return std::unique_ptr<View>();
  }
  if (!target) return std::unique_ptr<View>();
  XL_TRY_ASSIGN(custody::Viewer viewer, provenance_viewer(call));
  auto view = std::make_unique<ProvenanceView>(call, std::move(viewer), std::move(*target),
                                               std::move(kept));
  for (const auto& [name, value] : parameters) {
    if (name == "target") continue;
    XL_TRY_ASSIGN(const bool control, read_view_control(name, value, part));
    if (control) continue;
    XL_TRY_ASSIGN(query::SearchCriterion one,
                  query::read_criterion("Provenance", name, value, own_names(call)));
    for (const query::SearchValue& each : one.values) {
      query::SearchCriterion single = one;
      single.values = {each};
      if (query::is_decidable("Provenance", single)) continue;
      return make_error(ErrorCode::search_modifier_unsupported, shown_name(name));
    }
    if (one.values.empty()) {
      return make_error(ErrorCode::search_modifier_unsupported, shown_name(name));
    }
    view->criteria.push_back(std::move(one));
  }
  XL_TRY(view->look());
  return std::unique_ptr<View>(std::move(view));
}

Result<std::optional<std::string>> read_provenance(const Call& call, std::string_view id) {
  XL_TRY_ASSIGN(custody::Viewer viewer, provenance_viewer(call));
  XL_TRY_ASSIGN(const auto entry, version_named(call, id));
  if (!entry || !shows(call, *entry) || !viewer.allows(*entry)) {
    return std::optional<std::string>();
  }
  XL_TRY_ASSIGN(const custody::OpenedRecord opened, call.organisation.records().open(*entry));
  std::string out = provenance_of(call, *call.services.ledger.state(), *entry, opened.labels);
  if (call.rehearsal == nullptr) {
    XL_TRY(viewer.serve(std::span(&*entry, 1), provenance_action));
  }
  return std::optional(std::move(out));
}

}  // namespace xl::gateway::fhir
