// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "node/demo/commands.h"

#include "base/json/writer.h"
#include "node/demo/story.h"
#include "node/demo/tampering.h"
#include "node/tools/ledger_report.h"
#include "node/tools/tamper.h"

namespace xl::node::demo {
namespace {

struct TamperOptions {
  std::string data;
  Layout layout;
  bool in_place = false;
  TamperingOptions story{".demo/tampering", 1};
};

/// Where the demo was played, if it was; else where a node's data folder is by default.
std::string default_folder() {
  const std::string demo = (DemoOptions{}.folder / "data").string();
  std::error_code failure;
  return std::filesystem::exists(Layout{demo}.genesis(), failure) ? demo : "xinglin-data";
}

/// What became of an altered ledger: one object for programs.
void answer_tampered(const std::string& record, const VerifyReport* altered,
                     const VerifyReport* intact, const Console& console) {
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/tamper/v1").key("record").string(record);
  for (const auto& [name, report] : {std::pair("altered", altered), std::pair("intact", intact)}) {
    out.key(name);
    if (report == nullptr) {
      out.null();
    } else {
      write_report(out, *report);
    }
  }
  const bool caught = altered != nullptr && altered->damage && !intact->damage;
  console.answer(out.key("caught").boolean(caught).end_object().take());
}

Result<int> tamper_here(const TamperOptions& options, const Console& console) {
  XL_TRY_ASSIGN(const Bytes key, tamper_in_place(options.layout.ledger()));
  const std::string record = describe_state_key(key, contracts::make_registry());
  if (console.json()) answer_tampered(record, nullptr, nullptr, console);
  console.done(
      "Flipped one bit of " + record + "; start the node and see, then: xinglin node repair",
      "已改动一位:" + console.words(record) + ";请启动节点查看结果,然后运行 xinglin node repair");
  return static_cast<int>(ExitCode::done);
}

Result<int> tamper_with_copy(const TamperOptions& options, const Console& console) {
  XL_TRY_ASSIGN(const Tampered tampered, tamper_copy(options.layout.ledger()));
  const std::string record = describe_state_key(tampered.key, contracts::make_registry());
  console.say("Flipped one bit of " + record + " in a copy, which is checked and removed",
              "已在副本中改动一位:" + console.words(record) + "(副本核验后即删除)");
  const auto altered = verify_folder(options.layout, tampered.directory, console);
  std::error_code failure;
  std::filesystem::remove_all(tampered.directory, failure);
  if (!altered.ok()) return altered.error();
  if (!console.json()) show_report(*altered, console);
  console.say("And the copy that was not touched:", "未被改动的原件:");
  XL_TRY_ASSIGN(const VerifyReport intact, verify_folder(options.layout, {}, console));
  if (console.json()) {
    answer_tampered(record, &*altered, &intact, console);
  } else {
    show_report(intact, console);
  }
  const bool caught = altered->damage && !intact.damage;
  return static_cast<int>(caught ? ExitCode::altered : ExitCode::failed);
}

int run_tamper(const TamperOptions& options, const Console& console) {
  std::error_code missing;
  if (!std::filesystem::exists(options.layout.genesis(), missing)) {
    return console.fail(make_error(ErrorCode::data_folder_missing, options.layout.root.string()));
  }
  const auto done =
      options.in_place ? tamper_here(options, console) : tamper_with_copy(options, console);
  return done.ok() ? *done : console.fail(done.error());
}

int run_tamper_command(TamperOptions& options, const Console& console) {
  if (options.story.members > 1) return run_tampering(options.story, console);
  options.layout.root = options.data.empty() ? default_folder() : options.data;
  return run_tamper(options, console);
}

}  // namespace

void add_commands(CLI::App& app,
                  const std::function<void(std::function<int(const Console&)>)>& choose) {
  auto* demo_group = app.add_subcommand("demo", "try it")->require_subcommand(1);
  auto demo_options = std::make_shared<demo::DemoOptions>();
  auto* up = demo_group->add_subcommand("up", "play a believable day on one embedded node");
  up->add_option("--folder", demo_options->folder, "where the demo keeps its node");
  up->add_option("--port", demo_options->port, "0 takes a free one");
  up->add_option("--bundles", demo_options->bundles, "a folder of FHIR JSON files to load instead");
  up->add_flag("--exit", demo_options->exit, "end after the story");
  up->add_option("--members", demo_options->members,
                 "so many members, each with an engine beside it")
      ->check(CLI::Range(1, 16));
  up->footer(
      "Examples:\n  xinglin demo up\n  xinglin demo up --exit --lang zh\n"
      "  xinglin demo up --members 4");
  up->callback([choose, demo_options] {
    choose(
        [demo_options](const Console& console) { return demo::run_demo(*demo_options, console); });
  });
  auto options = std::make_shared<TamperOptions>();
  auto* tamper =
      demo_group->add_subcommand("tamper", "alter a copy of the ledger and watch it being caught");
  auto* data = tamper->add_option("--data", options->data,
                                  "the node's data folder; default: the demo's, if there is one");
  auto* in_place = tamper->add_flag("--in-place", options->in_place,
                                    "alter the ledger itself, of a member that is stopped");
  auto* members = tamper->add_option("--members", options->story.members,
                                     "found so many members, alter one's ledger, and repair it");
  members->check(CLI::Range(4, 16))->excludes(data)->excludes(in_place);
  tamper->add_option("--folder", options->story.folder, "where --members keeps them")
      ->needs(members);
  tamper->footer(
      "Examples:\n  xinglin demo tamper\n  xinglin demo tamper --members 4\n"
      "  xinglin demo tamper --data .cluster/member3 --in-place");
  tamper->callback([choose, options] {
    choose([options](const Console& console) { return run_tamper_command(*options, console); });
  });
}

}  // namespace xl::node::demo
