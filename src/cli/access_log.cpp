// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "cli/access_log.h"

#include <algorithm>

#include "base/checked.h"
#include "base/file.h"
#include "base/json/writer.h"
#include "cli/actor.h"
#include "cli/table.h"
#include "cli/words.h"
#include "contracts/consent/codes.h"
#include "contracts/identity/view.h"

namespace xl::cli {
namespace {

namespace consent = contracts::consent;

constexpr std::size_t page_entries = 200;

struct LogOptions {
  std::string patient;
  bool all = false;
  bool count = false;
  std::string proofs;  ///< file to write the proofs of every entry to
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

std::string role_text(json::Value entry, const Console& console) {
  std::string out;
  for (const json::Value role : entry.find("roles").items()) {
    const auto number = role.as_uint64().value_or(0);
    out += (out.empty() ? "" : ", ") +
           console.words(role_word(static_cast<std::uint32_t>(
               std::min<std::uint64_t>(number, contracts::identity::role_max + 1))));
  }
  return out;
}

/// By which right: the first consent relied on, an emergency, a treatment, or why there is none.
std::string basis_text(json::Value entry, const Console& console) {
  const std::size_t consents = entry.find("consents").size();
  if (entry.find("emergency").as_bool().value_or(false)) {
    return std::string(console.pick("emergency ", "紧急查看 ")) + log_text(entry, "session");
  }
  if (consents > 0) {
    const std::string first(entry.find("consents").at(0).as_string().value_or(""));
    const std::string more = consents > 1 ? " +" + std::to_string(consents - 1) : "";
    return std::string(console.pick("consent ", "授权 ")) + first + more;
  }
  std::string out;
  for (const std::string& name : reason_names(log_text(entry, "reasons"))) {
    out += (out.empty() ? "" : ", ") + name;
  }
  // A look at the log rests on whose log it is.
  return out.empty() ? std::string(console.pick("right to see the log", "查看记录的权利")) : out;
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
      role_text(entry, console),
      institution,
      console.words(log_text(entry, "action")) + (what.empty() ? "" : " " + what),
      purpose_text(log_text(entry, "purpose"), console),
      basis_text(entry, console),
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

/// Entries of machines one after the other, as one row: people look for people.
class LogRows {
 public:
  LogRows(const Console& console, bool folding)
      : console_(console),
        folding_(folding),
        table_({"#", std::string(console.pick("TIME", "时间")),
                std::string(console.pick("WHO", "人员")), std::string(console.pick("ROLE", "角色")),
                std::string(console.pick("INSTITUTION", "机构")),
                std::string(console.pick("WHAT", "内容")), std::string(console.pick("WHY", "目的")),
                std::string(console.pick("BASIS", "依据")),
                std::string(console.pick("DECISION", "结果"))}) {}

  void add(json::Value entry) {
    std::vector<std::string> row = log_row(entry, console_);
    const bool machine = entry.find("by_machine").as_bool().value_or(false);
    const std::string key = machine ? log_text(entry, "organisation") + row.back() : "";
    if (machine && folding_ && key == key_) {
      ++folded_;
      run_[0] = first_ + "–" + row[0];
      run_[1] = row[1];
      run_[5] = std::to_string(folded_) + std::string(console_.pick(" automatic", " 次自动同步"));
      return;
    }
    flush();
    key_ = key;
    first_ = row[0];
    folded_ = 1;
    run_ = std::move(row);
  }
  void print() {
    flush();
    table_.print(console_);
  }

 private:
  void flush() {
    if (!run_.empty()) table_.add(std::move(run_));
    run_.clear();
  }
  const Console& console_;
  bool folding_;
  Table table_;
  std::vector<std::string> run_;
  std::string key_;
  std::string first_;
  std::size_t folded_ = 0;
};

/// How many entries there are, as the ledger's journal counts them and as they are listed.
Result<int> count_log(Actor& actor, const LogOptions& options, const Console& console) {
  std::uint64_t listed = 0;
  std::uint64_t counted = 0;
  std::string after = "0";
  for (bool first = true; !after.empty(); first = false) {
    XL_TRY_ASSIGN(const json::Document page, log_page(actor, options.patient, after));
    if (first && !parse_decimal(log_text(page.root(), "total"), counted)) {
      return make_error(ErrorCode::answer_unexpected, "total");
    }
    for (const json::Value entry : page.root().find("entries").items()) {
      // Later ones came while this one was counting: its own looks.
      if (listed < counted) ++listed;
      (void)entry;
    }
    after = log_text(page.root(), "next_after");
  }
  if (listed != counted) {
    return make_error(ErrorCode::content_differs, "the journal counts " + std::to_string(counted) +
                                                      " entries and lists " +
                                                      std::to_string(listed));
  }
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/access-count/v1");
    out.key("count").unsigned_integer(counted).end_object();
    console.answer(out.take());
  } else {
    console.result(std::to_string(counted));
  }
  return succeeded;
}

/// Fetches the proofs of every entry, page by page, into one file for its holder alone.
Result<int> save_proofs(Actor& actor, const LogOptions& options, const Console& console) {
  std::string pages;
  std::string before;
  std::size_t proven = 0;
  std::size_t waiting = 0;
  do {
    std::string path = "/access-log/proofs?count=100";
    if (!before.empty()) path += "&before=" + before;
    if (!options.patient.empty()) {
      XL_TRY_ASSIGN(const model::Id id, id_of(options.patient, "--patient"));
      path += "&patient=" + model::did_text(id);
    }
    XL_TRY_ASSIGN(const json::Document page, client::json_of(actor.ask("GET", path)));
    pages += (pages.empty() ? "" : ",\n") + json::write(page.root());
    proven += page.root().find("entries").size();
    waiting += page.root().find("waiting").size();
    before = log_text(page.root(), "next_before");
  } while (!before.empty());
  const std::string file =
      "{\"schema\":\"xinglin/access-log-proofs/v1\",\"pages\":[\n" + pages + "\n]}\n";
  XL_TRY(write_file_durably(options.proofs, view_of(file), 0600));
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/access-proofs-saved/v1");
    out.key("file").string(options.proofs).key("proven").unsigned_integer(proven);
    out.key("waiting").unsigned_integer(waiting).end_object();
    console.answer(out.take());
  }
  console.done("Saved the proofs of " + std::to_string(proven) + " entries in " + options.proofs +
                   "; anyone can check them: xinglin access verify " + options.proofs +
                   " --genesis GENESIS",
               "已将 " + std::to_string(proven) + " 条记录的证明保存到 " + options.proofs +
                   ";任何人可核验:xinglin access verify " + options.proofs + " --genesis 创世文件");
  if (waiting > 0) {
    console.say(std::to_string(waiting) + " more wait to come onto the ledger, within a minute",
                "另有 " + std::to_string(waiting) + " 条将在一分钟内写入账本");
  }
  return succeeded;
}

Result<int> run_access_log(const Session& session, const LogOptions& options,
                           const Console& console) {
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  if (options.count) return count_log(actor, options, console);
  if (!options.proofs.empty()) return save_proofs(actor, options, console);
  LogRows rows(console, !options.all);
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/access-log/v1").key("entries").begin_array();
  std::size_t count = 0;
  std::string after = "0";
  std::optional<json::Document> page;
  while (!after.empty()) {
    XL_TRY_ASSIGN(page, log_page(actor, options.patient, after));
    for (const json::Value entry : page->root().find("entries").items()) {
      // Looking at the log is in the log as well: it hides the rest, so it is shown when asked for;
      // who was refused to look always is.
      const bool looked = log_text(entry, "action") == "access-log" &&
                          entry.find("permitted").as_bool().value_or(false);
      if (!options.all && looked) continue;
      rows.add(entry);
      out.value(entry);
      ++count;
    }
    after = log_text(page->root(), "next_after");
  }
  out.end_array().key("lost").value(page->root().find("lost")).end_object();
  if (console.json())
    console.answer(out.take());
  else
    rows.print();
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
  Table table(std::vector<std::string>(9, ""));
  table.add(log_row(entry, console));
  table.print(console);
  bool known = false;
  for (const std::string& name : reason_names(log_text(entry, "reasons"))) {
    if (name == "not_for_this_role") {
      known = true;
      console.result("  " + std::string(console.pick(
                                "Others alone may ask for this, whatever is consented to.",
                                "该请求仅限其他角色提出,与授权无关。")));
    }
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
  log->add_flag("--all", options->all,
                "looks at the log itself too, and each of machines' entries");
  log->add_flag("--count", options->count, "how many entries there are, and that all are listed");
  log->add_option("--proofs", options->proofs, "save the proofs of every entry to this file");
  log->footer(
      "Examples:\n  xinglin access log --as ada.json\n"
      "  xinglin access log --count --as ada.json\n"
      "  xinglin access log --proofs log-proofs.json --as ada.json\n"
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
