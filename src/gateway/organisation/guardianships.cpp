// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/organisation/guardianships.h"

#include "base/checked.h"
#include "base/json/writer.h"
#include "contracts/identity/view.h"

namespace xl::gateway::organisation {

namespace identity = contracts::identity;
using contracts::PartyKind;

namespace {

constexpr std::uint64_t guardianship_day_ms = 24ULL * 60 * 60 * 1000;
constexpr std::uint64_t within_days_max = 36'600;
constexpr std::uint32_t guardianship_page = 200;

/// What is asked for.
struct Asked {
  std::uint64_t until_ms = UINT64_MAX;
  model::Id after;
};

Result<Asked> asked_of(const http::Request& request, std::uint64_t now_ms) {
  Asked out;
  if (const auto text = request.parameter("within_days")) {
    std::uint64_t days = 0;
    if (!parse_decimal(*text, days) || days > within_days_max) {
      return make_error(ErrorCode::parameter_invalid, "within_days");
    }
    out.until_ms = now_ms + days * guardianship_day_ms;
  }
  if (const auto text = request.parameter("after")) {
    const auto ward = model::id_from_did(*text);
    if (!ward.ok()) return make_error(ErrorCode::parameter_invalid, "after");
    out.after = *ward;
  }
  return out;
}

void write_guardianship(json::Writer& out, const identity::Guardianship& one, bool has_key,
                        std::uint64_t now_ms) {
  out.begin_object().key("ward").string(model::did_text(one.ward));
  out.key("guardian").string(model::did_text(one.guardian));
  out.key("may_consent").boolean((one.record.powers() & identity::power_consent) != 0);
  out.key("may_recover").boolean((one.record.powers() & identity::power_recovery) != 0);
  out.key("until_ms").string(std::to_string(one.record.until_ms()));
  out.key("over").boolean(one.record.until_ms() <= now_ms);
  out.key("ward_has_key").boolean(has_key).end_object();
}

}  // namespace

Result<http::Response> list_guardianships(const Services& services,
                                          custody::Organisation& organisation,
                                          const custody::Principal& who,
                                          const http::Request& request, const PathValues&) {
  const bool own = who.organisation == organisation.did() || who.did == organisation.did();
  if (!own || (who.kind != PartyKind::organisation && who.kind != PartyKind::service)) {
    return make_error(ErrorCode::role_refused);
  }
  const std::uint64_t now_ms = services.clock.now_ms();
  XL_TRY_ASSIGN(const Asked asked, asked_of(request, now_ms));
  const auto state = services.ledger.state();
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/guardianships/v1");
  out.key("guardianships").begin_array();
  const auto page = identity::guardianships_behind(*state, asked.after, guardianship_page);
  for (const identity::Guardianship& one : page) {
    const auto ward = identity::find_party(*state, one.ward);
    if (!ward || identity::custodian_of(*ward) != organisation.did()) continue;
    if (one.record.until_ms() > asked.until_ms) continue;
    const bool unclaimed =
        ward->status() == static_cast<std::uint32_t>(identity::PartyStatus::unclaimed);
    write_guardianship(out, one, !unclaimed, now_ms);
  }
  out.end_array();
  if (page.size() >= guardianship_page) {
    out.key("next_after").string(model::did_text(page.back().ward));
  }
  return json_response(out.end_object().take());
}

}  // namespace xl::gateway::organisation
