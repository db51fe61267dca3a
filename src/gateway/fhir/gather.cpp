// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/fhir/gather.h"

#include <algorithm>
#include <array>
#include <future>

#include "base/json/writer.h"
#include "contracts/identity/view.h"
#include "fhir/definitions.h"
#include "gateway/fhir/everything.h"
#include "gateway/fhir/page.h"
#include "gateway/fhir/read.h"
#include "gateway/fhir/reply.h"
#include "gateway/peer/gather.h"
#include "gateway/peer/locate.h"
#include "query/search_text.h"

namespace xl::gateway::fhir {

namespace identity = contracts::identity;
using contracts::PartyKind;

namespace {

constexpr std::array<std::string_view, 5> gather_parameters = {"locator", "handle", "source",
                                                               "_type", "_format"};
constexpr std::string_view source_extension = "urn:xinglin:source";
constexpr std::string_view receipt_extension = "urn:xinglin:session-receipt";

/// One custodian to be asked, and by which emergency if the glass is broken there.
struct GatherSource {
  identity::Place place;
  std::optional<model::Id> emergency;
};

struct GatherWish {
  std::vector<GatherSource> sources;
  std::vector<std::string> types;
};

/// `did|did`, or `did|did|entry`. Errors: parameter_invalid.
Result<GatherSource> source_in(std::string_view text) {
  const std::vector<std::string_view> parts = query::split_protected(text, '|');
  if (parts.size() < 2 || parts.size() > 3)
    return make_error(ErrorCode::parameter_invalid, "source");
  const auto custodian = model::id_from_did(parts[0]);
  const auto patient = model::id_from_did(parts[1]);
  if (!custodian.ok() || !patient.ok()) return make_error(ErrorCode::parameter_invalid, "source");
  GatherSource out{{*custodian, *patient}, std::nullopt};
  if (parts.size() == 3) {
    const auto entry = model::id_from_text(parts[2]);
    if (!entry.ok()) return make_error(ErrorCode::parameter_invalid, "source");
    out.emergency = *entry;
  }
  return out;
}

/// `did|handle`: the places that the patient left with a handle at one custodian. Errors:
/// parameter_invalid, those of `peer::locate`.
Result<std::vector<identity::Place>> places_of_handle(const Call& call, std::string_view text) {
  const std::vector<std::string_view> parts = query::split_protected(text, '|');
  if (parts.size() != 2) return make_error(ErrorCode::parameter_invalid, "handle");
  const auto custodian = model::id_from_did(parts[0]);
  const auto handle = model::id_from_text(parts[1]);
  if (!custodian.ok() || !handle.ok()) return make_error(ErrorCode::parameter_invalid, "handle");
  return peer::locate(call.services.peers, call.organisation, call.services.custody.port(),
                      *custodian, *handle);
}

/// Each place once, however it was named: by the emergency where one of its sources names one.
void add_source(GatherSource source, std::vector<GatherSource>& out) {
  const auto same = [&](const GatherSource& one) { return one.place == source.place; };
  const auto found = std::ranges::find_if(out, same);
  if (found == out.end()) {
    out.push_back(std::move(source));
  } else if (source.emergency) {
    found->emergency = source.emergency;
  }
}

/// Errors: parameter_invalid, fhir_parameter_unsupported, fhir_type_unknown, locator_invalid, those
/// of a handle.
Result<GatherWish> read_gather(const Call& call) {
  XL_TRY_ASSIGN(const Parameters used, parameters_of(call));
  XL_TRY(only_parameters(used, gather_parameters, "$gather"));
  GatherWish out;
  const custody::LedgerPort& port = call.services.custody.port();
  for (const auto& [name, value] : used) {
    if (name == "locator") {
      XL_TRY_ASSIGN(const std::vector<identity::Place> places,
                    identity::read_locator(*port.ledger().state(), port.ledger().genesis().network,
                                           port.now_ms(), value));
      for (const identity::Place& place : places) add_source({place, std::nullopt}, out.sources);
    } else if (name == "handle") {
      XL_TRY_ASSIGN(const std::vector<identity::Place> places, places_of_handle(call, value));
      for (const identity::Place& place : places) add_source({place, std::nullopt}, out.sources);
    } else if (name == "source") {
      XL_TRY_ASSIGN(GatherSource source, source_in(value));
      add_source(std::move(source), out.sources);
    } else if (name == "_type") {
      for (const std::string_view type : query::split_protected(value, ',')) {
        if (!xl::fhir::is_resource_type(type)) {
          return make_error(ErrorCode::fhir_type_unknown, "_type");
        }
        out.types.emplace_back(type);
      }
    }
  }
  // Our own records are read here, not gathered.
  std::erase_if(out.sources, [&](const GatherSource& source) {
    return source.place.custodian == call.organisation.did();
  });
  if (out.sources.empty() || out.sources.size() > identity::locator_places_max) {
    return make_error(ErrorCode::parameter_invalid,
                      "locator, handle or source: 1 to 16 custodians");
  }
  return out;
}

/// Whom the ledger knows by this name: to be shown to people.
std::string name_of(const model::StateReader& state, const model::Id& organisation) {
  const auto party = identity::find_party(state, organisation);
  return party && !party->name().empty() ? party->name() : model::did_text(organisation);
}

void write_issue(json::Writer& out, const Call& call, const peer::Gathered& one,
                 const std::string& name) {
  const bool whole = !one.missing && !one.cut;
  out.begin_object().key("extension").begin_array();
  out.begin_object().key("url").string(source_extension).key("valueUri");
  out.string(model::did_text(one.place.custodian)).end_object();
  for (const Hash& transaction : one.sessions) {
    out.begin_object().key("url").string(receipt_extension).key("valueUri");
    out.string(base_url(call.services, call.request) + "/ledger/v1/receipts/" +
               to_hex(transaction));
    out.end_object();
  }
  out.end_array();
  out.key("severity").string(whole ? "information" : "warning");
  out.key("code").string(whole ? "informational" : "incomplete");
  out.key("details").begin_object().key("text");
  if (one.missing) {
    const ErrorInfo& info = describe(one.missing->code);
    out.string(name + ": " + std::string(info.en) + " " + std::string(info.zh));
  } else {
    const std::string count = std::to_string(one.records.size());
    out.string(name + ": " + count + (one.cut ? " records, and there are more." : " records.") +
               " 共 " + count + (one.cut ? " 条,尚有更多。" : " 条。"));
  }
  out.end_object();
  if (one.missing) {
    out.key("diagnostics").string(code_text(static_cast<std::uint16_t>(one.missing->code)));
  }
  out.end_object();
}

std::string outcome_of(const Call& call, const std::vector<peer::Gathered>& all) {
  const auto state = call.services.ledger.state();
  json::Writer out;
  out.begin_object().key("resourceType").string("OperationOutcome").key("issue").begin_array();
  for (const peer::Gathered& one : all) {
    write_issue(out, call, one, name_of(*state, one.place.custodian));
  }
  out.end_array().end_object();
  return out.take();
}

/// The URL under which a custodian's records are: references in them lead on from there.
std::string foreign_base(const Call& call, const model::Id& custodian) {
  const bool here = call.services.custody.find(custodian) != nullptr;
  const auto url = here ? Result<std::string>(base_url(call.services, call.request))
                        : call.services.peers.gateway_of(custodian);
  if (!url.ok()) return model::did_text(custodian);
  return *url + "/o/" + custodian.text() + "/fhir";
}

http::Response bundle_of(const Call& call, const std::vector<peer::Gathered>& all) {
  std::string out = R"({"resourceType":"Bundle","type":"collection","timestamp":")" +
                    instant_text(call.services.clock.now_ms()) + R"(","entry":[{"resource":)" +
                    outcome_of(call, all) + "}";
  for (const peer::Gathered& one : all) {
    if (one.records.empty()) continue;
    const std::string base = foreign_base(call, one.place.custodian);
    for (const peer::GatheredRecord& record : one.records) {
      out += R"(,{"fullUrl":")" + base + "/" + record.type + "/" + record.id + R"(","resource":)" +
             record.content + "}";
    }
  }
  return reply(out + "]}");
}

}  // namespace

http::Response gather(const Call& call) {
  if (!is_of_the_house(call)) return refusal(make_error(ErrorCode::role_refused));
  if (call.grant) {
    return refusal(make_error(ErrorCode::scope_insufficient,
                              "$gather is for people who signed in themselves"));
  }
  auto wish = read_gather(call);
  if (!wish.ok()) return refusal(wish.error());
  auto ask = ask_of(call, contracts::consent::Action::read);
  if (!ask.ok()) return refusal(ask.error());
  const auto turn = peer::Desk::Gathering::begin(call.services.peers);
  if (!turn.ok()) return refusal(turn.error());
  // All at once: the slowest custodian is what is waited for, not their sum.
  std::vector<std::future<peer::Gathered>> asked;
  for (const GatherSource& source : wish->sources) {
    asked.push_back(std::async(std::launch::async, [&call, &ask, &wish, &source] {
      custody::Ask own = *ask;
      if (source.emergency) own.emergency = source.emergency;
      return peer::gather_from(call.services.peers, call.organisation, call.services.custody.port(),
                               own, source.place, wish->types);
    }));
  }
  std::vector<peer::Gathered> all;
  for (auto& one : asked) all.push_back(one.get());
  return bundle_of(call, all);
}

}  // namespace xl::gateway::fhir
