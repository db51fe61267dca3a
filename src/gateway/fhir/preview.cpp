// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/fhir/preview.h"

#include <algorithm>
#include <array>

#include "base/json/writer.h"
#include "consents/codes.h"
#include "contracts/identity/view.h"
#include "fhir/definitions.h"
#include "gateway/fhir/consent_parties.h"
#include "gateway/fhir/everything.h"
#include "gateway/fhir/own.h"
#include "gateway/fhir/page.h"
#include "gateway/fhir/read.h"
#include "gateway/fhir/rehearsal.h"
#include "gateway/fhir/reply.h"

namespace xl::gateway::fhir {

namespace consent = contracts::consent;
namespace identity = contracts::identity;
using contracts::PartyKind;

namespace {

constexpr std::array<std::string_view, 10> preview_parameters = {
    "actor",  "organization", "role",   "purpose", "record",
    "action", "_type",        "_count", "_cursor", "_format"};

std::string value_of(const Parameters& parameters, std::string_view name) {
  for (const auto& [key, value] : parameters) {
    if (key == name) return value;
  }
  return {};
}

/// A party by `Type/id` or by DID. Errors: those of `find_party`.
Result<consents::Party> party_named(const Call& call, const std::string& text,
                                    const model::Id& patient) {
  json::Writer out;
  out.begin_object();
  if (text.starts_with(model::did_prefix)) {
    out.key("identifier").begin_object().key("system").string(consents::uri_system);
    out.key("value").string(text).end_object();
  } else {
    out.key("reference").string(text);
  }
  out.end_object();
  XL_TRY_ASSIGN(const json::Document reference, json::parse(out.take(), {}));
  return find_party(call, reference.root(), patient);
}

/// In which roles the organisation attests the person now; with `wanted` in that one alone.
std::vector<std::uint32_t> roles_of(const custody::LedgerView& view, const model::Id& person,
                                    const model::Id& organisation,
                                    std::optional<std::uint32_t> wanted) {
  std::vector<std::uint32_t> out;
  for (std::uint32_t role = 1; role <= identity::role_max; ++role) {
    if (wanted && *wanted != role) continue;
    if (identity::is_attested(*view.state, person, organisation, static_cast<identity::Role>(role),
                              view.now_ms)) {
      out.push_back(role);
    }
  }
  return out;
}

/// `read` where none is named; nothing for what nobody asks.
std::optional<consent::Action> action_named(std::string_view text) {
  constexpr std::array<std::string_view, consent::action_max> words = {"read", "search", "export",
                                                                       "collect", "correct"};
  if (text.empty()) return consent::Action::read;
  const auto found = std::ranges::find(words, text);
  if (found == words.end()) return std::nullopt;
  return static_cast<consent::Action>(found - words.begin() + 1);
}

/// Each once, and somebody must ask. Errors: parameter_invalid (names the parameter).
Status check_single(const Parameters& parameters) {
  for (const std::string_view name :
       {"actor", "organization", "role", "purpose", "record", "action"}) {
    const auto count = std::ranges::count(
        parameters, name, [](const auto& one) { return std::string_view(one.first); });
    if (count > 1 || (name == "actor" && count == 0)) {
      return make_error(ErrorCode::parameter_invalid, name);
    }
  }
  return {};
}

/// Who would ask. Errors: parameter_invalid (names the parameter), those of `find_party`.
Result<custody::Ask> supposed(const Call& call, const Parameters& parameters,
                              const model::Id& patient) {
  custody::Ask out;
  XL_TRY_ASSIGN(const consents::Party actor,
                party_named(call, value_of(parameters, "actor"), patient));
  out.principal.did = actor.did;
  out.principal.organisation = actor.organisation;
  const std::string house = value_of(parameters, "organization");
  if (!house.empty()) {
    XL_TRY_ASSIGN(const consents::Party party, party_named(call, house, patient));
    if (party.type != "Organization")
      return make_error(ErrorCode::parameter_invalid, "organization");
    out.principal.organisation = party.did;
  }
  const std::string purpose = value_of(parameters, "purpose");
  const auto known = consent::purpose_of_code(purpose.empty() ? "TREAT" : purpose);
  if (!known) return make_error(ErrorCode::purpose_unknown);
  out.purpose = *known;
  const auto action = action_named(value_of(parameters, "action"));
  if (!action) return make_error(ErrorCode::parameter_invalid, "action");
  out.action = *action;
  if (actor.type == "Organization") {
    out.principal.kind = PartyKind::organisation;
    out.principal.organisation = actor.did;
    return out;
  }
  if (actor.type == "RelatedPerson") {
    out.principal.kind = PartyKind::guardian;
    out.principal.organisation = call.organisation.did();
    return out;
  }
  const bool person = actor.type == "Practitioner" || actor.type == "PractitionerRole";
  if (!person) return make_error(ErrorCode::parameter_invalid, "actor");
  if (out.principal.organisation.is_zero()) {
    return make_error(ErrorCode::parameter_invalid, "organization");
  }
  out.principal.kind = PartyKind::practitioner;
  const std::string role = value_of(parameters, "role");
  const auto wanted = consents::role_of_code(role);
  if (!role.empty() && !wanted) return make_error(ErrorCode::parameter_invalid, "role");
  XL_TRY_ASSIGN(const custody::LedgerView view, custody::look(call.services.custody.port()));
  out.principal.roles = roles_of(view, actor.did, out.principal.organisation, wanted);
  if (purpose.empty()) out.purpose = consent::usual_purpose(out.principal.roles);
  return out;
}

/// The patient of `Patient/id`, who asks or whose guardian asks. Errors: role_refused.
Result<model::Id> own_record_of(const Call& call, std::string_view id) {
  const custody::Principal& who = call.principal;
  XL_TRY_ASSIGN(const auto current, call.organisation.records().current("Patient", id));
  const bool there = current && !current->deleted;
  if (there && who.kind == PartyKind::patient && who.did == current->patient) {
    return current->patient;
  }
  if (there && who.kind == PartyKind::guardian) {
    XL_TRY_ASSIGN(const custody::LedgerView view, custody::look(call.services.custody.port()));
    if (identity::guardian_acts(*view.state, who.did, current->patient, identity::power_consent,
                                view.now_ms)) {
      return current->patient;
    }
  }
  return make_error(ErrorCode::role_refused);
}

/// Both who looks and who would.
struct Preview {
  custody::Viewer own;
  custody::Viewer theirs;
  model::Id patient;
};
Result<Preview> preview_for(const Call& call, std::string_view id, const Parameters& parameters) {
  XL_TRY_ASSIGN(const model::Id patient, own_record_of(call, id));
  XL_TRY(only_parameters(parameters, preview_parameters, "a preview"));
  XL_TRY(check_single(parameters));
  XL_TRY_ASSIGN(custody::Ask other, supposed(call, parameters, patient));
  XL_TRY_ASSIGN(custody::Viewer theirs, call.organisation.desk().suppose(std::move(other)));
  XL_TRY_ASSIGN(custody::Ask mine, ask_of(call, consent::Action::search));
  XL_TRY_ASSIGN(custody::Viewer own, open_viewer(call, std::move(mine)));
  return Preview{std::move(own), std::move(theirs), patient};
}

/// Whose record it is not is recorded; what else is wrong is told.
http::Response refused_preview(const Call& call, std::string_view action, std::string_view id,
                               const Error& error, const EvenTime& begun) {
  if (error.code != ErrorCode::role_refused) return refusal(error);
  return refuse_role(call, action, "Patient", id, error, begun);
}

void write_reasons(json::Writer& out, const consent::Decision& decision) {
  for (const consent::Reason reason : decision.reasons) {
    for (const consent::ReasonInfo& info : consent::reason_infos()) {
      if (info.reason != reason) continue;
      out.begin_object().key("name").string("reason").key("part").begin_array();
      for (const auto& [name, text] :
           {std::pair("code", info.name), std::pair("en", info.en), std::pair("zh", info.zh)}) {
        out.begin_object().key("name").string(name).key("valueString").string(text).end_object();
      }
      out.end_array().end_object();
    }
  }
}

std::string explained(const consent::Decision& decision) {
  json::Writer out;
  out.begin_object().key("resourceType").string("Parameters").key("parameter").begin_array();
  for (const auto& [name, value] :
       {std::pair("permitted", decision.permit), std::pair("review", decision.review)}) {
    out.begin_object().key("name").string(name).key("valueBoolean").boolean(value).end_object();
  }
  write_reasons(out, decision);
  for (const auto& [name, consents] :
       {std::pair("consent", &decision.consents), std::pair("refused-by", &decision.refusals)}) {
    for (const model::Id& one : *consents) {
      out.begin_object().key("name").string(name).key("valueReference").begin_object();
      out.key("reference").string("Consent/" + one.text()).end_object().end_object();
    }
  }
  return out.end_array().end_object().take();
}

}  // namespace

http::Response see_as(const Call& call, std::string_view id) {
  const EvenTime begun;
  const auto parameters = parameters_of(call);
  if (!parameters.ok()) return refusal(parameters.error());
  const auto page = page_wish(*parameters);
  if (!page.ok()) return refusal(page.error());
  auto preview = preview_for(call, id, *parameters);
  if (!preview.ok()) return refused_preview(call, "see-as", id, preview.error(), begun);
  query::Query wanted;
  wanted.type = value_of(*parameters, "_type");
  if (!wanted.type.empty() && !xl::fhir::is_resource_type(wanted.type)) {
    return refusal(make_error(ErrorCode::fhir_type_unknown, "_type"));
  }
  wanted.cursor = page->cursor;
  wanted.total = query::Total::accurate;
  wanted.allowed.patients = std::vector{preview->patient};
  wanted.allowed.record = [&](const query::RecordEntry& entry) {
    return preview->own.allows(entry) && preview->theirs.allows(entry);
  };
  const std::string path = "Patient/" + std::string(id) + "/$see-as";
  Listing listing{"searchset",
                  "see-as",
                  [&](std::size_t count) {
                    wanted.count = count;
                    return call.organisation.stores().index().search(wanted);
                  },
                  page->count,
                  true,
                  call.base + "/" + path + query_text(*parameters, page->cursor),
                  [&](const std::string& cursor) {
                    return call.base + "/" + path + query_text(*parameters, cursor);
                  },
                  path + query_text(*parameters, {}),
                  true,
                  true};
  listing.part.count_only = page->none;
  return serve_listing(call, preview->own, std::move(listing));
}

http::Response explain_access(const Call& call, std::string_view id) {
  const EvenTime begun;
  const auto parameters = parameters_of(call);
  if (!parameters.ok()) return refusal(parameters.error());
  auto preview = preview_for(call, id, *parameters);
  if (!preview.ok()) return refused_preview(call, "explain", id, preview.error(), begun);
  const std::string name = own_record(own_names(call), value_of(*parameters, "record"));
  if (name.empty()) return refusal(make_error(ErrorCode::parameter_invalid, "record"));
  const std::size_t slash = name.find('/');
  const auto entry =
      call.organisation.records().current(name.substr(0, slash), name.substr(slash + 1));
  if (!entry.ok()) return refusal(entry.error());
  const bool own = *entry && !(*entry)->deleted && (*entry)->patient == preview->patient &&
                   preview->own.allows(**entry);
  if (!own) return refusal(make_error(ErrorCode::fhir_not_found));
  const auto decision = preview->theirs.decide(**entry);
  if (!decision.ok()) return refusal(decision.error());
  const Status recorded = preview->own.serve(std::span(&**entry, 1), "explain");
  if (!recorded.ok()) return refusal(recorded.error());
  return reply(explained(*decision));
}

}  // namespace xl::gateway::fhir
