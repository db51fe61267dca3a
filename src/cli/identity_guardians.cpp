// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "cli/identity_guardians.h"

#include "base/json/writer.h"
#include "cli/actor.h"
#include "cli/table.h"
#include "cli/words.h"

namespace xl::cli {
namespace {

struct GuardianOptions {
  std::string within_days;
};

Result<int> run_guardians(const Session& session, const GuardianOptions& options,
                          const Console& console) {
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  Table table({std::string(console.pick("WARD", "被监护人")),
               std::string(console.pick("GUARDIAN", "监护人")),
               std::string(console.pick("UNTIL", "截止")),
               std::string(console.pick("WARD'S OWN KEY", "本人密钥"))});
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/guardianships/v1");
  out.key("guardianships").begin_array();
  std::string after;
  std::size_t count = 0;
  do {
    std::string query = options.within_days.empty() ? "" : "?within_days=" + options.within_days;
    if (!after.empty()) query += (query.empty() ? "?after=" : "&after=") + after;
    XL_TRY_ASSIGN(const json::Document page,
                  client::json_of(actor.ask("GET", "/guardianships" + query)));
    for (const json::Value one : page.root().find("guardianships").items()) {
      out.value(one);
      const auto text = [&](std::string_view name) {
        return std::string(one.find(name).as_string().value_or(""));
      };
      const bool has_key = one.find("ward_has_key").as_bool().value_or(false);
      table.add({text("ward"), text("guardian"), time_text(std::stoull(text("until_ms"))),
                 std::string(has_key ? console.pick("yes", "有") : console.pick("no", "无"))});
      ++count;
    }
    after = page.root().find("next_after").as_string().value_or("");
  } while (!after.empty());
  out.end_array().end_object();
  if (console.json())
    console.answer(out.take());
  else
    table.print(console);
  console.say(
      std::to_string(count) +
          " guardianships; tell these wards, and hand over with: "
          "xinglin identity claim CARD",
      "共 " + std::to_string(count) + " 项监护;请通知本人,并用 xinglin identity claim 名片 移交");
  return succeeded;
}

}  // namespace

void add_identity_guardians_command(CLI::App* group, Session& session) {
  auto options = std::make_shared<GuardianOptions>();
  auto* guardians = group->add_subcommand("guardians", "whose guardians' office ends soon");
  guardians->add_option("--within-days", options->within_days,
                        "only those that end within so many days");
  guardians->footer(
      "Examples:\n  xinglin identity guardians --within-days 90 --as hospital.json\n"
      "  xinglin identity guardians --as hospital.json --json");
  choose(guardians, session, options, run_guardians);
}

}  // namespace xl::cli
