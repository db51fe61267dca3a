// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "cli/access_log.h"

#include "base/checked.h"
#include "base/json/writer.h"
#include "cli/actor.h"
#include "cli/table.h"
#include "cli/words.h"
#include "contracts/consent/codes.h"

namespace xl::cli {
namespace {

namespace consent = contracts::consent;

constexpr std::size_t page_entries = 200;

struct LogOptions {
  std::string patient;
  bool all = false;
  std::string sequence;
};

std::string log_text(json::Value entry, std::string_view name) {
  return std::string(entry.find(name).as_string().value_or(""));
}

/// The names in a list of reasons, whatever separates them.
std::vector<std::string> reason_names(std::string_view text) {
  std::vector<std::string> out(1);
  for (const char c : text) {
    const bool part = (c >= 'a' && c <= 'z') || c == '_';
    if (part)
      out.back() += c;
    else if (!out.back().empty())
      out.emplace_back();
  }
  if (out.back().empty()) out.pop_back();
  return out;
}

/// One page of the log behind `after`. Errors: what the node answers.
Result<json::Document> log_page(Actor& actor, const std::string& patient,
                                const std::string& after) {
  std::string path = "/access-log?count=" + std::to_string(page_entries) + "&after=" + after;
  if (!patient.empty()) {
    XL_TRY_ASSIGN(const model::Id id, id_of(patient, "--patient"));
    path += "&patient=" + model::did_text(id);
  }
  return client::json_of(actor.ask("GET", path));
}

/// Whoever asked, and through which app: what stands in the sign-in that they signed, or that the
/// organisation signed for them.
std::string who_text(json::Value entry, const Console& console) {
  std::string out = log_text(entry, "actor");
  if (out.starts_with(model::did_prefix)) out.erase(0, model::did_prefix.size());
  if (entry.find("by_machine").as_bool().value_or(false)) {
    out = console.pick("its systems", "机构系统");
    const std::string stated = log_text(entry, "stated");
    if (!stated.empty()) {
      out += std::string(console.pick(", it says: ", ",机构陈述:")) + console.words(stated);
    }
  }
  const std::string app = log_text(entry, "app");
  if (!app.empty()) out += std::string(console.pick(", through app ", ",经应用 ")) + app;
  return out;
}

/// A purpose in words to Chinese readers, who are not used to the English codes.
std::string purpose_text(const std::string& code, const Console& console) {
  for (const consent::PurposeInfo& info : consent::purpose_infos()) {
    if (info.code == code) return std::string(console.pick(code, info.zh));
  }
  return code;
}

std::vector<std::string> log_row(json::Value entry, const Console& console) {
  std::uint64_t time_ms = 0;
  (void)parse_decimal(log_text(entry, "time_ms"), time_ms);
  const bool permitted = entry.find("permitted").as_bool().value_or(false);
  const std::string what = log_text(entry, "what");
  std::string institution = log_text(entry, "organisation_name");
  if (institution.empty()) institution = log_text(entry, "organisation");
  return {
      log_text(entry, "sequence"),
      time_text(time_ms),
      who_text(entry, console),
      institution,
      console.words(log_text(entry, "action")) + (what.empty() ? "" : " " + what),
      purpose_text(log_text(entry, "purpose"), console),
      std::string(permitted ? console.pick("seen", "已查看") : console.pick("refused", "已拒绝"))};
}

/// The ledger has roots over what nobody can show any more.
void say_lost(json::Value gap, const Console& console) {
  std::uint64_t noted_ms = 0;
  (void)parse_decimal(log_text(gap, "noted_ms"), noted_ms);
  const std::string which = log_text(gap, "first_sequence") + "–" + log_text(gap, "last_sequence");
  console.say("! Entries " + which + " were lost when the institution came back from a backup (" +
                  time_text(noted_ms) + "); some may have been about this patient",
              "! 该机构从备份恢复时丢失了第 " + which + " 条(" + time_text(noted_ms) +
                  "),其中可能有关于该患者的记录");
}

Result<int> run_access_log(const Session& session, const LogOptions& options,
                           const Console& console) {
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  Table table(
      {"#", std::string(console.pick("TIME", "时间")), std::string(console.pick("WHO", "人员")),
       std::string(console.pick("INSTITUTION", "机构")), std::string(console.pick("WHAT", "内容")),
       std::string(console.pick("WHY", "目的")), std::string(console.pick("DECISION", "结果"))});
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/access-log/v1").key("entries").begin_array();
  std::size_t count = 0;
  std::string after = "0";
  std::optional<json::Document> page;
  while (!after.empty()) {
    XL_TRY_ASSIGN(page, log_page(actor, options.patient, after));
    for (const json::Value entry : page->root().find("entries").items()) {
      // Looking at the log is in the log as well: it hides the rest, so it is shown when asked for.
      if (!options.all && log_text(entry, "action") == "access-log") continue;
      table.add(log_row(entry, console));
      out.value(entry);
      ++count;
    }
    after = log_text(page->root(), "next_after");
  }
  out.end_array().key("lost").value(page->root().find("lost")).end_object();
  if (console.json())
    console.answer(out.take());
  else
    table.print(console);
  for (const json::Value gap : page->root().find("lost").items()) say_lost(gap, console);
  console.say(std::to_string(count) + " entries; why: xinglin access explain NUMBER",
              "共 " + std::to_string(count) + " 条;查看原因:xinglin access explain 编号");
  return succeeded;
}

void show_explained(json::Value entry, const Console& console) {
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/access-explanation/v1").key("entry");
    out.value(entry).key("reasons").begin_array();
    for (const std::string& name : reason_names(log_text(entry, "reasons"))) {
      for (const consent::ReasonInfo& info : consent::reason_infos()) {
        if (info.name != name) continue;
        out.begin_object().key("name").string(info.name).key("en").string(info.en);
        out.key("zh").string(info.zh).end_object();
      }
    }
    console.answer(out.end_array().end_object().take());
    return;
  }
  Table table(std::vector<std::string>(7, ""));
  table.add(log_row(entry, console));
  table.print(console);
  bool known = false;
  for (const std::string& name : reason_names(log_text(entry, "reasons"))) {
    for (const consent::ReasonInfo& info : consent::reason_infos()) {
      if (info.name != name) continue;
      known = true;
      console.result("  " + std::string(console.pick(info.en, info.zh)));
    }
  }
  if (!known) console.result("  " + log_text(entry, "reasons"));
}

Result<int> run_explain_access(const Session& session, const LogOptions& options,
                               const Console& console) {
  std::uint64_t sequence = 0;
  if (!parse_decimal(options.sequence, sequence) || sequence == 0) {
    return make_error(ErrorCode::usage_invalid, "NUMBER is the number of an entry of the log");
  }
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  XL_TRY_ASSIGN(const json::Document page,
                log_page(actor, options.patient, std::to_string(sequence - 1)));
  const json::Value entry = page.root().find("entries").at(0);
  if (!entry.present() || log_text(entry, "sequence") != options.sequence) {
    return make_error(ErrorCode::journal_entry_unknown, options.sequence);
  }
  show_explained(entry, console);
  return succeeded;
}

}  // namespace

void add_access_log_commands(CLI::App* group, Session& session) {
  auto options = std::make_shared<LogOptions>();
  auto* log = group->add_subcommand("log", "who saw or was refused a patient's records");
  log->add_option("--patient", options->patient,
                  "privacy officers, auditors, guardians: whose log, a DID");
  log->add_flag("--all", options->all, "looks at the log itself too");
  log->footer(
      "Examples:\n  xinglin access log --as ada.json\n"
      "  xinglin access log --patient did:xinglin:… --as officer.json --json");
  choose(log, session, options, run_access_log);
  auto* explain = group->add_subcommand("explain", "why an entry of the log came out as it did");
  explain->add_option("NUMBER", options->sequence, "the entry's number")->required();
  explain->add_option("--patient", options->patient, "whose log, as for 'access log'");
  explain->footer(
      "Examples:\n  xinglin access explain 12 --as ada.json\n"
      "  xinglin access explain 12 --as ada.json --json");
  choose(explain, session, options, run_explain_access);
}

}  // namespace xl::cli
