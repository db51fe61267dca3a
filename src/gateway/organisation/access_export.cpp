// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/organisation/access_export.h"

#include "custody/access_log.h"
#include "gateway/audit/account_pdf.h"
#include "gateway/audit/accounting.h"
#include "gateway/fhir/reply.h"
#include "gateway/organisation/access_log.h"

namespace xl::gateway::organisation {
namespace {

/// A parameter that is `true` or `false`. Errors: parameter_invalid.
Result<bool> truth_of(const http::Request& request, std::string_view name, bool fallback) {
  const auto text = request.parameter(name);
  if (!text) return fallback;
  if (*text != "true" && *text != "false") return make_error(ErrorCode::parameter_invalid, name);
  return *text == "true";
}

}  // namespace

Result<std::optional<xl::fhir::TimeRange>> day_asked(const http::Request& request,
                                                     std::string_view name) {
  const auto text = request.parameter(name);
  if (!text || text->empty()) return std::optional<xl::fhir::TimeRange>();
  const auto range = xl::fhir::time_range_of(*text);
  if (text->size() != 10 || !range || range->low < 0) {
    return make_error(ErrorCode::parameter_invalid, name);
  }
  return std::optional(*range);
}

Result<http::Response> export_accesses(const Services& services,
                                       custody::Organisation& organisation,
                                       const custody::Principal& who, const http::Request& request,
                                       const PathValues&) {
  const std::string format(request.parameter("format").value_or("csv"));
  if (format != "csv" && format != "pdf") {
    return make_error(ErrorCode::parameter_invalid, "format");
  }
  audit::AccountWish wish;
  XL_TRY_ASSIGN(wish.patient, patient_asked(services, organisation, who, request));
  XL_TRY_ASSIGN(const auto from, day_asked(request, "from"));
  XL_TRY_ASSIGN(const auto to, day_asked(request, "to"));
  if (from) wish.from_ms = static_cast<std::uint64_t>(from->low);
  if (to) wish.to_ms = static_cast<std::uint64_t>(to->high);
  XL_TRY_ASSIGN(wish.disclosures, truth_of(request, "disclosures", false));
  XL_TRY_ASSIGN(const bool marked, truth_of(request, "bom", true));
  XL_TRY_ASSIGN(const auto rows, audit::account_of(services, organisation, wish));
  http::Response out;
  out.headers["content-disposition"] = "attachment; filename=\"access-log." + format + "\"";
  out.headers["cache-control"] = "no-store";
  if (format == "csv") {
    out.content_type = "text/csv; charset=utf-8; header=present";
    out.body = audit::account_csv(rows, marked);
  } else {
    out.content_type = "application/pdf";
    const audit::AccountTitle title{organisation.name(), model::did_text(wish.patient),
                                    fhir::instant_text(services.clock.now_ms())};
    XL_TRY_ASSIGN(out.body, audit::account_pdf(rows, title, audit::font_places()));
  }
  XL_TRY(custody::record_look(organisation.stores(), services.custody.port(), who,
                              std::span(&wish.patient, 1)));
  return out;
}

}  // namespace xl::gateway::organisation
