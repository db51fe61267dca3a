// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/fhir/access_log.h"

#include <algorithm>

#include "custody/access_log.h"
#include "gateway/audit/access_proofs.h"
#include "gateway/fhir/audit_event.h"
#include "gateway/fhir/audit_view.h"
#include "gateway/fhir/read.h"
#include "gateway/fhir/rehearsal.h"
#include "gateway/fhir/reply.h"
#include "model/limits.h"

namespace xl::gateway::fhir {
namespace {

constexpr std::string_view proofs_parameter = "proofs";

/// A primitive of a Parameters resource as a URL writes it; empty: none.
std::string primitive_text(json::Value parameter) {
  for (const std::string_view name : {"valueString", "valueCode", "valueDate", "valueDateTime",
                                      "valueInstant", "valueUri", "valueId"}) {
    const auto text = parameter.find(name).as_string();
    if (text) return std::string(*text);
  }
  const auto truth = parameter.find("valueBoolean").as_bool();
  if (truth) return *truth ? "true" : "false";
  return std::string(parameter.find("valueInteger").number_text().value_or(""));
}

/// The parameters of the URL and of a Parameters resource in the body. Errors: those of reading
/// JSON, fhir_parameter_unsupported.
Result<Parameters> log_parameters(const Call& call) {
  Parameters out = call.request.query;
  if (call.request.method != "POST" || call.request.body.empty()) return out;
  json::Limits bounds;
  bounds.bytes_max = 64 * 1024;
  XL_TRY_ASSIGN(const json::Document document, json::parse(call.request.body, bounds));
  if (document.root().find("resourceType").as_string() != "Parameters") {
    return make_error(ErrorCode::fhir_type_unknown, "a Parameters resource is wanted");
  }
  for (const json::Value one : document.root().find("parameter").items()) {
    std::string value = primitive_text(one);
    const auto name = one.find("name").as_string();
    if (!name || value.empty()) {
      return make_error(ErrorCode::fhir_parameter_unsupported, "Parameters.parameter");
    }
    out.emplace_back(*name, std::move(value));
  }
  return out;
}

/// Takes `proofs` away. Errors: parameter_invalid.
Result<bool> take_proofs(Parameters& parameters) {
  bool out = false;
  for (const auto& [name, value] : parameters) {
    if (name != proofs_parameter) continue;
    if (value != "true" && value != "false") {
      return make_error(ErrorCode::parameter_invalid, proofs_parameter);
    }
    out = value == "true";
  }
  std::erase_if(parameters, [](const auto& one) { return one.first == proofs_parameter; });
  return out;
}

/// Is every entry asked for, in pages of any size? What narrows a search is no list of all.
bool asks_for_all(const Parameters& parameters) {
  return std::ranges::all_of(parameters, [](const auto& one) {
    return one.first == "_count" || one.first == "_cursor" || one.first == "_format" ||
           one.first == "_pretty" || one.first == "_total" || one.first == "_sort" ||
           one.first == "_elements";
  });
}

/// The Binary with the proofs of a page. `all`: its entries are those of the log, none left out.
Result<std::string> proofs_entry(const Call& call, const model::Id& patient, const ViewPage& page,
                                 std::uint64_t total, bool all) {
  audit::AccessProofs proofs(call.services, call.organisation);
  for (const ViewPage::Shown& one : page.shown) {
    XL_TRY_ASSIGN(const vault::KeptEntry kept,
                  call.organisation.stores().journal().entry(sequence_of_view(one.id)));
    XL_TRY(proofs.add(kept));
  }
  audit::AccessProofs::Page told{patient, total, page.next_before, {}};
  if (all && (total == 0 || !page.shown.empty())) told.before = page.before;  // `_count=0`
  XL_TRY_ASSIGN(const std::string text, proofs.take(told));
  return R"({"resource":{"resourceType":"Binary","contentType":"application/json","data":")" +
         to_base64(view_of(text)) + R"("},"search":{"mode":"include"}})";
}

/// The same whether there is such a patient or not, and with the same traces.
http::Response refuse_log(const Call& call, std::string_view id, const EvenTime& begun) {
  const ErrorCode code =
      is_of_the_house(call) ? ErrorCode::role_refused : ErrorCode::access_refused;
  return refuse_role(call, custody::log_action, "Patient", id, make_error(code), begun);
}

}  // namespace

http::Response access_log(const Call& call, std::string_view id) {
  const EvenTime begun;
  auto parameters = log_parameters(call);
  if (!parameters.ok()) return refusal(parameters.error());
  const Parameters asked = *parameters;
  const auto with_proofs = take_proofs(*parameters);
  if (!with_proofs.ok()) return refusal(with_proofs.error());
  const auto whose = patients_named(call, id);
  if (!whose.ok()) return refusal(whose.error());
  const SearchPlace place{"AuditEvent", id};
  Part part;
  auto view = open_audit_view(call, place, *parameters, part, AuditBeside::nothing);
  if (!view.ok()) return refusal(view.error());
  if (!*view) return refuse_log(call, id, begun);
  if (whose->empty()) return refusal(make_error(ErrorCode::fhir_not_found));  // who sees all asked
  if (call.rehearsal != nullptr) return reply({});  // it can be given; it is not yet
  auto page = page_wish(*parameters);
  if (!page.ok()) return refusal(page.error());
  ViewSearch search{call, place, **view, part, std::move(*page), {}, {}, {}};
  for (const auto& one : asked) {
    if (one.first != "_cursor") search.used.push_back(one);
  }
  search.address = call.base + "/Patient/" + std::string(id) + "/$access-log";
  if (*with_proofs) {
    search.page.count = std::min<std::size_t>(search.page.count, audit::proofs_max);
    const bool all = whose->size() == 1 && asks_for_all(*parameters);
    search.beside = [&call, &whose, all](const ViewPage& shown, std::uint64_t total) {
      return proofs_entry(call, whose->front(), shown, total, all);
    };
  }
  auto out = serve_view(search);
  return out.ok() ? std::move(*out) : refusal(out.error());
}

}  // namespace xl::gateway::fhir
