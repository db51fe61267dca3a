// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "cli/access_notices.h"

#include "base/checked.h"
#include "base/file.h"
#include "base/json/writer.h"
#include "cli/actor.h"
#include "cli/table.h"
#include "cli/words.h"

namespace xl::cli {
namespace {

struct NoticeOptions {
  std::string after;
  std::string patient;
  std::string url;
  std::string webhook;
  std::string format = "csv";
  std::string out;
  std::string from;
  std::string to;
  bool disclosures = false;
};

std::string notice_text(json::Value value, std::string_view name) {
  return std::string(value.find(name).as_string().value_or(""));
}

std::string notice_time(json::Value value, std::string_view name) {
  std::uint64_t ms = 0;
  (void)parse_decimal(notice_text(value, name), ms);
  return time_text(ms);
}

/// `patient=DID` for a query, empty without one. Errors: usage_invalid.
Result<std::string> patient_query(const NoticeOptions& options) {
  if (options.patient.empty()) return std::string();
  XL_TRY_ASSIGN(const model::Id id, id_of(options.patient, "--patient"));
  return "&patient=" + model::did_text(id);
}

Result<int> run_notices(const Session& session, const NoticeOptions& options,
                        const Console& console) {
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  XL_TRY_ASSIGN(const std::string whose, patient_query(options));
  Table table({"#", std::string(console.pick("TIME", "时间")),
               std::string(console.pick("WHAT", "内容")),
               std::string(console.pick("WHERE TO LOOK", "详情"))});
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/notices/v1").key("notices").begin_array();
  std::string after = options.after;
  for (bool more = true; more;) {
    const std::string path =
        "/notices?count=200" + (after.empty() ? std::string() : "&after=" + after) + whose;
    XL_TRY_ASSIGN(const json::Document page, client::json_of(actor.ask("GET", path)));
    for (const json::Value one : page.root().find("notices").items()) {
      table.add({notice_text(one, "cursor"), notice_time(one, "time_ms"),
                 console.words(notice_text(one, "kind")), notice_text(one, "link")});
      out.value(one);
    }
    after = notice_text(page.root(), "next");
    more = page.root().find("more").as_bool().value_or(false);
  }
  out.end_array().key("next").string(after).end_object();
  if (console.json()) {
    console.answer(out.take());
  } else {
    table.print(console);
  }
  console.say("what comes next: xinglin access notices --after " + after,
              "后续通知:xinglin access notices --after " + after);
  return succeeded;
}

Result<int> run_webhook_add(const Session& session, const NoticeOptions& options,
                            const Console& console) {
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  json::Writer body;
  body.begin_object().key("url").string(options.url);
  if (!options.patient.empty()) {
    XL_TRY_ASSIGN(const model::Id id, id_of(options.patient, "--patient"));
    body.key("patient").string(model::did_text(id));
  }
  body.end_object();
  XL_TRY_ASSIGN(
      const json::Document made,
      client::json_of(actor.ask("POST", "/webhooks", "application/json", body.take()), 201));
  if (console.json()) {
    console.answer(json::write(made.root()));
  } else {
    console.result(notice_text(made.root(), "webhook") + "\t" + notice_text(made.root(), "secret"));
  }
  console.done("It is told from now on; the secret behind the id is shown once",
               "从现在起会收到通知;编号后的密钥只显示一次");
  return succeeded;
}

Result<int> run_webhook_list(const Session& session, const NoticeOptions&, const Console& console) {
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  XL_TRY_ASSIGN(const json::Document all, client::json_of(actor.ask("GET", "/webhooks")));
  if (console.json()) {
    console.answer(json::write(all.root()));
    return succeeded;
  }
  Table table({std::string(console.pick("WEBHOOK", "回调")),
               std::string(console.pick("ADDRESS", "地址")),
               std::string(console.pick("TOLD UP TO", "已通知至")),
               std::string(console.pick("FAILURES", "失败次数")),
               std::string(console.pick("STATE", "状态"))});
  for (const json::Value one : all.root().find("webhooks").items()) {
    const bool over = notice_text(one, "given_up_ms") != "0";
    const std::string state(over ? console.pick("given up: ", "已放弃:")
                                 : console.pick("told", "正常"));
    table.add({notice_text(one, "webhook"), notice_text(one, "url"), notice_text(one, "after"),
               std::to_string(one.find("failures").as_uint64().value_or(0)),
               state + (over ? notice_text(one, "last_error") : std::string())});
  }
  table.print(console);
  return succeeded;
}

Result<int> run_webhook_remove(const Session& session, const NoticeOptions& options,
                               const Console& console) {
  XL_TRY_ASSIGN(const model::Id id, id_of(options.webhook, "WEBHOOK"));
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  XL_TRY_ASSIGN(const json::Document done,
                client::json_of(actor.ask("DELETE", "/webhooks/" + id.text())));
  if (console.json()) console.answer(json::write(done.root()));
  console.done("It is told no more", "不再向其发送通知");
  return succeeded;
}

Result<int> run_export(const Session& session, const NoticeOptions& options,
                       const Console& console) {
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  XL_TRY_ASSIGN(const std::string whose, patient_query(options));
  std::string path = "/access-log/export?format=" + options.format + whose;
  if (options.disclosures) path += "&disclosures=true";
  if (!options.from.empty()) path += "&from=" + options.from;
  if (!options.to.empty()) path += "&to=" + options.to;
  XL_TRY_ASSIGN(const client::HttpResponse answer, actor.ask("GET", path));
  if (answer.status != 200) return client::error_of(answer);
  // It tells who saw whose data: for its holder alone.
  XL_TRY(write_file_durably(options.out, view_of(answer.body), 0600));
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/access-exported/v1");
    out.key("file").string(options.out).key("bytes").unsigned_integer(answer.body.size());
    console.answer(out.end_object().take());
  }
  console.done("Saved " + options.out, "已保存 " + options.out);
  return succeeded;
}

}  // namespace

void add_access_notice_commands(CLI::App* group, Session& session) {
  auto options = std::make_shared<NoticeOptions>();
  auto* notices = group->add_subcommand("notices", "what you are told of");
  notices->add_option("--after", options->after, "only what came behind this cursor");
  notices->add_option("--patient", options->patient, "guardians, officers: about whom, a DID");
  notices->footer(
      "Examples:\n  xinglin access notices --as ada.json\n"
      "  xinglin access notices --after 12 --as ada.json --json");
  choose(notices, session, options, run_notices);
  auto* webhook =
      group->add_subcommand("webhook", "addresses that are told of notices")->require_subcommand(1);
  webhook->footer(
      "Examples:\n  xinglin access webhook list --as ada.json\n"
      "  xinglin access webhook add https://phone.example.org/told --as ada.json");
  auto* add = webhook->add_subcommand("add", "tell an address of notices from now on");
  add->add_option("URL", options->url, "https; of this machine for privacy officers")->required();
  add->add_option("--patient", options->patient, "guardians, officers: about whom, a DID");
  add->footer(
      "Examples:\n  xinglin access webhook add https://phone.example.org/told --as ada.json\n"
      "  xinglin access webhook add http://127.0.0.1:8080/ --as officer.json --json");
  choose_change(add, session, options, run_webhook_add);
  auto* list = webhook->add_subcommand("list", "your webhooks, and how far each is");
  list->footer(
      "Examples:\n  xinglin access webhook list --as ada.json\n"
      "  xinglin access webhook list --as ada.json --json");
  choose(list, session, options, run_webhook_list);
  auto* remove = webhook->add_subcommand("remove", "tell an address no more");
  remove->add_option("WEBHOOK", options->webhook, "its id, of 'access webhook list'")->required();
  remove->footer(
      "Examples:\n  xinglin access webhook remove abc… --as ada.json\n"
      "  xinglin access webhook remove abc… --as ada.json --json");
  choose_change(remove, session, options, run_webhook_remove);
  auto* taken = group->add_subcommand("export", "the access log as a file for people");
  taken->add_option("--out", options->out, "the file to write")->required();
  taken->add_option("--format", options->format, "csv or pdf")
      ->check(CLI::IsMember({"csv", "pdf"}));
  taken->add_option("--patient", options->patient, "guardians, officers: whose log, a DID");
  taken->add_option("--from", options->from, "from this day, YYYY-MM-DD (UTC)");
  taken->add_option("--to", options->to, "until this day, YYYY-MM-DD (UTC)");
  taken->add_flag("--disclosures", options->disclosures, "only what left the institution");
  taken->footer(
      "Examples:\n  xinglin access export --out log.csv --as ada.json\n"
      "  xinglin access export --format pdf --out log.pdf --disclosures --as ada.json");
  choose(taken, session, options, run_export);
}

}  // namespace xl::cli
