// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/audit/accounting.h"

#include <algorithm>

#include "contracts/consent/codes.h"
#include "contracts/identity/view.h"
#include "gateway/fhir/audit_words.h"
#include "gateway/fhir/reply.h"
#include "model/limits.h"

namespace xl::gateway::audit {

namespace consent = contracts::consent;

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// English and Chinese beside each other.
std::string both(std::string_view english, std::string_view chinese) {
  return std::string(english) + " / " + std::string(chinese);
}

std::string who_words(const custody::LoggedAccess& access) {
  std::string out;
  if (access.by_machine) {
    out = both("its systems", "机构系统");
  } else if (!access.entry.actor.is_zero()) {
    out = model::did_text(access.entry.actor);
  }
  if (!access.stated.empty()) out += " (" + access.stated + ")";
  if (!access.app.empty()) out += ", " + access.app;
  return out;
}

std::string roles_words(const custody::LoggedAccess& access) {
  std::string out;
  for (const std::uint32_t role : access.roles) {
    out += (out.empty() ? "" : ", ") + std::string(fhir::role_code(role));
  }
  return out;
}

std::string purpose_words_of(std::string_view code) {
  for (const consent::PurposeInfo& info : consent::purpose_infos()) {
    if (info.code == code) {
      return std::string(code) + " " + both(info.en, info.zh);
    }
  }
  return std::string(code);
}

std::string basis_words(const custody::LoggedAccess& access) {
  std::string out;
  const auto add = [&](const std::string& part) { out += (out.empty() ? "" : "; ") + part; };
  if (access.emergency) add(both("emergency", "紧急查看") + " " + access.entry.session.text());
  for (const model::Id& one : access.consents) add(both("consent", "授权") + " " + one.text());
  for (const std::uint32_t reason : access.reasons) {
    for (const consent::ReasonInfo& info : consent::reason_infos()) {
      if (static_cast<std::uint32_t>(info.reason) == reason) add(both(info.en, info.zh));
    }
  }
  if (out.empty()) out = access.entry.reason;
  if (out.empty()) out = both("right to see the log", "查看记录的权利");
  return out;
}

AccountRow row_of(const model::StateReader& state, custody::Organisation& organisation,
                  const custody::LoggedAccess& access) {
  const model::JournalEntry& entry = access.entry;
  const auto party = contracts::identity::find_party(state, entry.organisation);
  const bool permitted = entry.decision == model::JournalDecision::permitted;
  const auto batch = organisation.stores().journal().batch_of(access.sequence);
  const bool anchored = batch.ok() && batch->anchored_ms.has_value();
  return {std::to_string(access.sequence),
          fhir::instant_text(entry.time_ms),
          who_words(access),
          roles_words(access),
          party && !party->name().empty() ? party->name() : model::did_text(entry.organisation),
          entry.action,
          custody::subject_text(access),
          purpose_words_of(entry.purpose),
          basis_words(access),
          permitted ? both("permitted", "已允许") : both("refused", "已拒绝"),
          anchored ? to_hex(batch->transaction) : both("not on the ledger yet", "尚未写入账本")};
}

/// A cell as RFC 4180 has it, and as no spreadsheet reckons with.
std::string csv_cell(std::string_view text) {
  std::string out = "\"";
  constexpr std::string_view begins_formula = "=+-@\t\r\n|%";
  if (!text.empty() && begins_formula.find(text.front()) != std::string_view::npos) out += '\'';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

void append_line(std::string& out, const AccountRow& row) {
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (i > 0) out += ',';
    out += csv_cell(row[i]);
  }
  out += "\r\n";
}

}  // namespace

AccountRow account_heading() {
  return {both("No.", "编号"),
          both("Time (UTC)", "时间(UTC)"),
          both("Who", "人员"),
          both("Role", "角色"),
          both("Institution", "机构"),
          both("Action", "操作"),
          both("What", "内容"),
          both("Why", "目的"),
          both("Basis", "依据"),
          both("Decision", "结果"),
          both("Ledger transaction", "账本交易")};
}

Result<std::vector<AccountRow>> account_of(const Services& services,
                                           custody::Organisation& organisation,
                                           const AccountWish& wish) {
  vault::JournalLook look;
  look.patients = std::vector{wish.patient};
  look.from_ms = wish.from_ms;
  look.to_ms = wish.to_ms;
  const vault::Journal& journal = organisation.stores().journal();
  XL_TRY_ASSIGN(const std::uint64_t count, journal.count(look));
  if (count > export_rows_max) {
    return make_error(ErrorCode::export_too_large, std::to_string(count));
  }
  const auto state = services.ledger.state();
  std::vector<AccountRow> out;
  for (;;) {
    XL_TRY_ASSIGN(const auto some, journal.newest(look, limits::vault_page_max));
    for (const vault::KeptEntry& kept : some) {
      const custody::LoggedAccess access = custody::logged_access(organisation.stores(), kept);
      const bool left = kept.entry.organisation != organisation.did() &&
                        kept.entry.decision == model::JournalDecision::permitted &&
                        access.record.has_value();
      if (wish.disclosures && !left) continue;
      out.push_back(row_of(*state, organisation, access));
    }
    if (some.size() < limits::vault_page_max) break;
    look.before = some.back().sequence;
  }
  std::reverse(out.begin(), out.end());
  return out;
}

std::string account_csv(const std::vector<AccountRow>& rows, bool marked) {
  std::string out(marked ? byte_order_mark : std::string_view{});
  append_line(out, account_heading());
  for (const AccountRow& row : rows) append_line(out, row);
  return out;
}

}  // namespace xl::gateway::audit
