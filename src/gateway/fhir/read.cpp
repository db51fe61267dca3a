// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/fhir/read.h"

#include <functional>

#include "base/checked.h"
#include "custody/access_log.h"
#include "gateway/fhir/draft.h"
#include "gateway/fhir/page.h"
#include "gateway/fhir/rehearsal.h"
#include "gateway/fhir/reply.h"
#include "gateway/fhir/scope.h"
#include "gateway/http/date.h"

namespace xl::gateway::fhir {

namespace consent = contracts::consent;
using contracts::PartyKind;

namespace {

http::Response refuse_read(const Call& call, custody::Viewer& viewer,
                           const query::RecordEntry& entry, std::string_view action) {
  const auto decision = viewer.decide(entry);
  if (!decision.ok()) return refusal(decision.error());
  const Status recorded = viewer.refuse(entry, action);
  if (!recorded.ok()) return refusal(recorded.error());
  if (!is_of_the_house(call)) return refusal(make_error(ErrorCode::access_refused));
  return refusal(
      make_error(ErrorCode::access_not_permitted, custody::reasons_text(*decision, false)));
}

using Find = std::function<Result<query::RecordEntry>()>;

/// What is asked for.
struct RecordName {
  std::string_view type;
  std::string_view id;
  std::string_view version;  ///< empty: the current one
  bool as_asked = false;     ///< the part, and only if it is new to the requester; else all of it
};

/// A stranger's question leaves the same traces whether something is there or not: an entry in the
/// journal, and so in the next root on the ledger.
http::Response not_there(const Call& call, custody::Viewer& viewer, std::string_view action,
                         const RecordName& name) {
  if (is_of_the_house(call)) {
    const auto erased = call.organisation.erasures().was_erased(name.type, name.id, name.version);
    if (!erased.ok()) return refusal(erased.error());
    return refusal(make_error(*erased ? ErrorCode::record_erased : ErrorCode::fhir_not_found));
  }
  const Status recorded = viewer.refuse_unknown(action);
  return refusal(recorded.ok() ? make_error(ErrorCode::access_refused) : recorded.error());
}

Status check_parameters(const Call& call) {
  constexpr std::string_view known_here[] = {"_format", "_pretty", "_summary", "_elements"};
  return only_parameters(call.request.query, known_here, "a read");
}

/// The part of a resource that a read asks for. Errors: parameter_invalid.
Result<std::string> part_asked(const Call& call, std::string content) {
  Part part;
  for (const auto& [name, value] : call.request.query) XL_TRY(read_part(name, value, part));
  if (part.count_only) return make_error(ErrorCode::parameter_invalid, "_summary");
  return part_of(std::move(content), part);
}

/// Has the requester this version already (`If-None-Match`, `If-Modified-Since`)?
bool is_known(const Call& call, const query::RecordEntry& entry) {
  const std::string_view tags = call.request.header("if-none-match");
  if (!tags.empty()) {
    return tags == "*" ||
           tags.find("\"" + std::to_string(entry.version) + "\"") != std::string_view::npos;
  }
  const auto since = http::time_of_http_date(call.request.header("if-modified-since"));
  return since && entry.last_updated_ms / 1000 <= *since / 1000;
}

/// The answer where an entry is not to be given; nothing where it is.
std::optional<http::Response> refused(const Call& call, custody::Viewer& viewer,
                                      const Result<query::RecordEntry>& entry,
                                      std::string_view action, const RecordName& name) {
  if (!entry.ok()) {
    return entry.error().code == ErrorCode::index_record_unknown
               ? not_there(call, viewer, action, name)
               : refusal(entry.error());
  }
  // Whom an app acts for may know of it; the app may not.
  if (!shows(call, *entry)) return not_there(call, viewer, action, name);
  if (viewer.allows(*entry)) return std::nullopt;
  // What cannot be opened cannot be decided about: no stranger is told that it is damaged.
  if (!is_of_the_house(call) && !viewer.decide(*entry).ok()) {
    return not_there(call, viewer, action, name);
  }
  return refuse_read(call, viewer, *entry, action);
}

/// Who asks is looked at before what is asked for: no answer to a wrong header tells of a record.
http::Response serve_one(const Call& call, const Find& find, std::string_view action,
                         const RecordName& name) {
  const EvenTime begun;
  auto ask = ask_of(call, consent::Action::read);
  if (!ask.ok()) return refusal(ask.error());
  auto viewer = open_viewer(call, std::move(*ask));
  if (!viewer.ok()) return refusal(viewer.error());
  const auto entry = find();
  if (auto answer = refused(call, *viewer, entry, action, name)) {
    begun.wait(call);
    return std::move(*answer);
  }
  const custody::ReadsInFlight::Guard reading(call.organisation.stores().reads());
  std::string content;
  if (!entry->deleted) {
    auto read = content_of(call, *entry);
    if (read.ok() && name.as_asked) read = part_asked(call, std::move(*read));
    if (!read.ok()) return refusal(read.error());
    content = std::move(*read);
  }
  // Of a read that is tried only what it refuses is told, and that is told.
  const bool told =
      call.rehearsal == nullptr || (entry->deleted && rehearsed(call, *entry) == nullptr);
  if (told) {
    const Status served = viewer->serve(std::span(&*entry, 1), action);
    if (!served.ok()) return refusal(served.error());
  }
  http::Response out =
      entry->deleted ? refusal(make_error(ErrorCode::fhir_deleted)) : reply(std::move(content));
  add_version_headers(out, *entry);
  // Who reads can have the proof of it.
  if (viewer->journalled() != 0) {
    out.headers["x-xinglin-access"] = std::to_string(viewer->journalled());
  }
  if (name.as_asked && out.status == 200 && is_known(call, *entry)) {
    out.status = 304;
    out.body.clear();
  }
  return out;
}

}  // namespace

Result<custody::Ask> ask_of(const Call& call, consent::Action action) {
  custody::Ask out;
  out.principal = call.principal;
  out.action = action;
  out.purpose = custody::usual_purpose(call.principal);
  if (call.grant) {
    // The call outlives what is asked for it.
    out.narrowed = [&call](const query::RecordEntry& entry) { return shows(call, entry); };
    out.only_patient = only_patient_of(call);
  }
  const std::string_view code = call.request.header("x-purpose-of-use");
  if (!code.empty()) {
    const auto purpose = consent::purpose_of_code(code);
    if (!purpose) return make_error(ErrorCode::purpose_unknown);
    out.purpose = *purpose;
  }
  const std::string_view entry = call.request.header("x-emergency-entry");
  if (!entry.empty()) {
    XL_TRY_ASSIGN(out.emergency, model::id_from_text(entry));
  }
  return out;
}

http::Response read(const Call& call, std::string_view type, std::string_view id) {
  const Status known = check_parameters(call);
  if (!known.ok()) return refusal(known.error());
  return serve_one(call, [&] { return current_entry(call, type, id); }, "read",
                   {type, id, {}, true});
}

http::Response read_whatever_asked(const Call& call, std::string_view type, std::string_view id) {
  return serve_one(call, [&] { return current_entry(call, type, id); }, "read",
                   {type, id, {}, false});
}

Status note_role_refused(const Call& call, std::string_view action, std::string_view type,
                         std::string_view id) {
  custody::Refusal refused;
  refused.action = action;
  const auto ask = ask_of(call, consent::Action::read);
  refused.purpose = ask.ok() ? ask->purpose : custody::usual_purpose(call.principal);
  if (is_logical_id(id)) {
    XL_TRY_ASSIGN(const auto entry, call.organisation.records().current(type, id));
    if (entry) {
      refused.which = {entry->record, static_cast<std::uint32_t>(entry->vault_version)};
      if (!call.organisation.stores().is_own(entry->patient)) refused.patient = entry->patient;
    }
  }
  return custody::record_refusal(call.organisation.stores(), call.services.custody.port(),
                                 call.principal, refused);
}

http::Response refuse_role(const Call& call, std::string_view action, std::string_view type,
                           std::string_view id, const Error& error, const EvenTime& begun) {
  const Status recorded = note_role_refused(call, action, type, id);
  begun.wait(call);
  return refusal(recorded.ok() ? error : recorded.error());
}

std::optional<http::Response> refuse_unseen(const Call& call, custody::Viewer& viewer,
                                            std::string_view type, std::string_view id) {
  const EvenTime begun;
  auto out = refused(call, viewer, current_entry(call, type, id), "read", {type, id, {}, false});
  if (out) begun.wait(call);
  return out;
}

http::Response read_version(const Call& call, std::string_view type, std::string_view id,
                            std::string_view version) {
  const Status known = check_parameters(call);
  if (!known.ok()) return refusal(known.error());
  std::uint64_t number = 0;  // of no version
  if (!parse_decimal(version, number)) number = 0;
  return serve_one(call, [&] { return version_entry(call, type, id, number); }, "vread",
                   {type, id, version, true});
}

}  // namespace xl::gateway::fhir
