// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "base/checked.h"
#include "base/json/writer.h"
#include "cli/actor.h"
#include "cli/consent_request.h"
#include "cli/table.h"
#include "cli/words.h"

namespace xl::cli {
namespace {

struct HandleOptions {
  std::string handle;
  std::string patient;
  std::string locator;
  std::uint64_t minutes = 24ULL * 60;
};

Result<std::string> handle_path(const std::string& path, const HandleOptions& options) {
  if (options.patient.empty()) return path;
  XL_TRY_ASSIGN(const model::Id ward, id_of(options.patient, "--patient"));
  return path + "?patient=" + model::did_text(ward);
}

std::string handle_end(json::Value one) {
  std::uint64_t ms = 0;
  (void)parse_decimal(one.find("ends_ms").as_string().value_or(""), ms);
  return time_text(ms);
}

std::string handle_in(json::Value one) {
  return std::string(one.find("handle").as_string().value_or(""));
}

Result<int> run_make_handle(const Session& session, const HandleOptions& options,
                            const Console& console) {
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  XL_TRY_ASSIGN(const std::string path, handle_path("/handles", options));
  json::Writer body;
  body.begin_object().key("life_ms").string(std::to_string(options.minutes * 60'000));
  if (!options.locator.empty()) body.key("locator").string(options.locator);
  body.end_object();
  XL_TRY_ASSIGN(const json::Document made,
                client::json_of(actor.ask("POST", path, "application/json", body.take()), 201));
  if (console.json()) {
    console.answer(json::write(made.root()));
  } else {
    console.result(handle_in(made.root()));
  }
  const std::string end = handle_end(made.root());
  console.done("Until " + end + " whoever has it may ask you, and see nothing",
               "在 " + end + " 之前,持有者可以向您提出请求,但看不到任何内容");
  return succeeded;
}

Result<int> run_list_handles(const Session& session, const HandleOptions& options,
                             const Console& console) {
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  XL_TRY_ASSIGN(const std::string path, handle_path("/handles", options));
  XL_TRY_ASSIGN(const json::Document all, client::json_of(actor.ask("GET", path)));
  if (console.json()) {
    console.answer(json::write(all.root()));
    return succeeded;
  }
  Table table(
      {std::string(console.pick("HANDLE", "凭号")), std::string(console.pick("UNTIL", "截止"))});
  for (const json::Value one : all.root().find("handles").items()) {
    table.add({handle_in(one), handle_end(one)});
  }
  table.print(console);
  return succeeded;
}

Result<int> run_end_handle(const Session& session, const HandleOptions& options,
                           const Console& console) {
  XL_TRY_ASSIGN(const model::Id handle, id_of(options.handle, "HANDLE"));
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  XL_TRY_ASSIGN(const std::string path, handle_path("/handles/" + handle.text(), options));
  XL_TRY_ASSIGN(const json::Document ended, client::json_of(actor.ask("DELETE", path)));
  if (console.json()) {
    console.answer(json::write(ended.root()));
  } else {
    console.result(handle.text());
  }
  console.done("Nobody can ask by it any more; requests that came stay yours to answer",
               "不能再凭此号提出请求;已收到的请求仍由您答复");
  return succeeded;
}

}  // namespace

void add_identity_handle_commands(CLI::App* group, Session& session) {
  auto* handle = group->add_subcommand("handle", "be asked without telling who you are")
                     ->require_subcommand(1);
  handle->footer(
      "Examples:\n  xinglin identity handle make --as ada.json\n"
      "  xinglin identity handle list --as ada.json");
  auto options = std::make_shared<HandleOptions>();
  auto* make = handle->add_subcommand("make", "a new one, for who wants to ask you");
  make->add_option("--minutes", options->minutes, "how long it holds; default: a day")
      ->check(CLI::Range(1, 7 * 24 * 60));
  make->add_option("--locator", options->locator,
                   "whoever names the handle learns where your records are; else nobody does");
  make->footer(
      "Examples:\n  xinglin identity handle make --as ada.json\n"
      "  xinglin identity handle make --minutes 60 --as ada.json --json");
  choose_change(make, session, options, run_make_handle);
  auto* list = handle->add_subcommand("list", "those in use");
  list->footer(
      "Examples:\n  xinglin identity handle list --as ada.json\n"
      "  xinglin identity handle list --as ada.json --json");
  choose(list, session, options, run_list_handles);
  auto* end = handle->add_subcommand("end", "end one");
  end->add_option("HANDLE", options->handle, "the handle")->required();
  end->footer(
      "Examples:\n  xinglin identity handle end abc… --as ada.json\n"
      "  xinglin identity handle end abc… --patient did:xinglin:… --as mother.json");
  choose_change(end, session, options, run_end_handle);
  for (CLI::App* one : {make, list, end}) {
    one->add_option("--patient", options->patient, "guardians: whose");
  }
}

}  // namespace xl::cli
