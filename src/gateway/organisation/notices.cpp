// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/organisation/notices.h"

#include "base/checked.h"
#include "base/json/writer.h"
#include "custody/access_log.h"
#include "gateway/organisation/access_log.h"
#include "model/limits.h"

namespace xl::gateway::organisation {
namespace {

/// Has who asks sent requests here, and so something to be told of?
Result<bool> has_asked(custody::Organisation& organisation, const custody::Principal& who,
                       const http::Request& request) {
  const bool may = who.kind == contracts::PartyKind::practitioner ||
                   who.kind == contracts::PartyKind::organisation;
  if (!may || request.parameter("patient")) return false;
  XL_TRY_ASSIGN(const auto sent, organisation.requests().of_asker(who.did));
  return !sent.empty();
}

/// About whom: a patient, who asked one, or what concerns a privacy officer. Errors: those of
/// `patient_asked`.
Result<std::optional<model::Id>> whose_notices(const Services& services,
                                               custody::Organisation& organisation,
                                               const custody::Principal& who,
                                               const http::Request& request) {
  const bool officer = custody::oversees(who, organisation.did());
  if (officer && !request.parameter("patient")) return std::optional<model::Id>();
  XL_TRY_ASSIGN(const bool asked, has_asked(organisation, who, request));
  if (asked) return std::optional(who.did);
  XL_TRY_ASSIGN(const model::Id patient, patient_asked(services, organisation, who, request));
  return std::optional(patient);
}

void write_notice(json::Writer& out, const custody::Notice& notice,
                  const custody::Organisation& organisation) {
  const std::string house = "/o/" + organisation.did().text();
  out.begin_object().key("cursor").string(std::to_string(notice.number));
  out.key("kind").string(custody::notice_word(notice.kind));
  out.key("patient").string(notice.patient.is_zero() ? "" : model::did_text(notice.patient));
  out.key("time_ms").string(std::to_string(notice.time_ms));
  out.key("sequence").string(notice.sequence == 0 ? "" : std::to_string(notice.sequence));
  out.key("subject").string(notice.subject.is_zero() ? "" : notice.subject.text());
  out.key("link");
  if (notice.sequence != 0) {
    out.string(house + "/fhir/AuditEvent/xl-" + std::to_string(notice.sequence));
  } else if (notice.kind == custody::NoticeKind::request_received ||
             notice.kind == custody::NoticeKind::request_answered) {
    out.string(house + "/requests/" + notice.subject.text());
  } else if (notice.kind == custody::NoticeKind::dispute_opened ||
             notice.kind == custody::NoticeKind::dispute_answered ||
             notice.kind == custody::NoticeKind::dispute_overdue) {
    out.string(house + "/disputes/" + notice.subject.text());
  } else {
    out.string("");
  }
  out.end_object();
}

void write_webhook(json::Writer& out, const custody::Webhook& one) {
  out.key("webhook").string(one.id.text()).key("url").string(one.url);
  out.key("patient").string(one.patient ? model::did_text(*one.patient) : "");
  out.key("after").string(std::to_string(one.after));
  out.key("failures").unsigned_integer(one.failures);
  out.key("next_ms").string(std::to_string(one.failures == 0 ? 0 : one.next_ms));
  out.key("given_up_ms").string(std::to_string(one.given_up_ms));
  out.key("last_error").string(one.last_error);
}

/// Who may have addresses told: those who have a feed.
Status check_owner(const custody::Organisation& organisation, const custody::Principal& who) {
  const bool one =
      who.organisation == organisation.did() &&
      (who.kind == contracts::PartyKind::patient || who.kind == contracts::PartyKind::guardian ||
       custody::oversees(who, organisation.did()));
  return one ? Status{} : Status(make_error(ErrorCode::role_refused));
}

}  // namespace

Result<http::Response> list_notices(const Services& services, custody::Organisation& organisation,
                                    const custody::Principal& who, const http::Request& request,
                                    const PathValues&) {
  XL_TRY_ASSIGN(const auto patient, whose_notices(services, organisation, who, request));
  custody::NoticeLook look{patient, 0};
  if (const auto after = request.parameter("after"); after && !after->empty()) {
    if (!parse_decimal(*after, look.after)) return make_error(ErrorCode::notice_cursor_invalid);
  }
  std::uint64_t count = 100;
  const auto wanted = request.parameter("count");
  if (wanted && (!parse_decimal(*wanted, count) || count == 0 || count > limits::vault_page_max)) {
    return make_error(ErrorCode::parameter_invalid, "count");
  }
  XL_TRY_ASSIGN(const bool more, organisation.notices().gather());
  XL_TRY_ASSIGN(const std::uint64_t last, organisation.notices().last());
  if (look.after > last) return make_error(ErrorCode::notice_cursor_invalid);
  XL_TRY_ASSIGN(const auto found,
                organisation.notices().page(look, static_cast<std::uint32_t>(count)));
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/notices/v1").key("notices").begin_array();
  for (const custody::Notice& one : found) write_notice(out, one, organisation);
  out.end_array().key("next");
  out.string(std::to_string(found.empty() ? look.after : found.back().number));
  out.key("more").boolean(more || found.size() == count).end_object();
  return json_response(out.take());
}

Result<http::Response> add_webhook(const Services& services, custody::Organisation& organisation,
                                   const custody::Principal& who, const http::Request& request,
                                   const PathValues&) {
  XL_TRY(check_owner(organisation, who));
  json::Limits bounds;
  bounds.bytes_max = 8 * 1024;
  bounds.depth_max = 2;
  XL_TRY_ASSIGN(const json::Document document, json::parse(request.body, bounds));
  http::Request asked;
  const auto named = document.root().find("patient").as_string();
  if (named) asked.query.emplace_back("patient", *named);
  XL_TRY_ASSIGN(const auto patient, whose_notices(services, organisation, who, asked));
  const std::string url(document.root().find("url").as_string().value_or(""));
  const bool officer = custody::oversees(who, organisation.did());
  XL_TRY_ASSIGN(const custody::Webhook made,
                organisation.webhooks().add(who.did, patient, url, officer));
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/webhook/v1");
  write_webhook(out, made);
  out.key("secret").string(to_hex(made.secret)).end_object();
  return json_response(out.take(), 201);
}

Result<http::Response> list_webhooks(const Services&, custody::Organisation& organisation,
                                     const custody::Principal& who, const http::Request&,
                                     const PathValues&) {
  XL_TRY(check_owner(organisation, who));
  XL_TRY_ASSIGN(const auto all, organisation.webhooks().of_owner(who.did));
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/webhooks/v1").key("webhooks").begin_array();
  for (const custody::Webhook& one : all) {
    out.begin_object();
    write_webhook(out, one);
    out.end_object();
  }
  out.end_array().end_object();
  return json_response(out.take());
}

Result<http::Response> remove_webhook(const Services&, custody::Organisation& organisation,
                                      const custody::Principal& who, const http::Request&,
                                      const PathValues& values) {
  XL_TRY(check_owner(organisation, who));
  const auto id = model::id_from_text(values[1]);
  if (!id.ok()) return make_error(ErrorCode::parameter_invalid, "webhook");
  XL_TRY(organisation.webhooks().remove(who.did, *id));
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/webhook-removed/v1");
  out.key("webhook").string(id->text()).end_object();
  return json_response(out.take());
}

}  // namespace xl::gateway::organisation
