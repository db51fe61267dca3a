// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "cli/explain.h"

#include "base/checked.h"
#include "base/json/writer.h"
#include "contracts/api/contract.h"

namespace xl::cli {
namespace {

const ErrorInfo* find_code(std::uint64_t number, const contracts::Registry& registry) {
  for (const ErrorInfo& info : error_registry()) {
    if (info.number == number) return &info;
  }
  for (const auto& contract : registry.all()) {
    for (const contracts::StatusInfo& info : contract->statuses()) {
      if (info.number == number) return &info;
    }
  }
  return nullptr;
}

int explain_code(std::string_view text, const Console& console) {
  std::string_view digits = text;
  if (digits.starts_with("XL") || digits.starts_with("xl")) digits.remove_prefix(2);
  while (digits.size() > 1 && digits.front() == '0') digits.remove_prefix(1);
  std::uint64_t number = 0;
  const contracts::Registry registry = contracts::make_registry();
  const ErrorInfo* info = parse_decimal(digits, number) ? find_code(number, registry) : nullptr;
  if (info == nullptr) {
    return console.fail(
        make_error(ErrorCode::usage_invalid, "no such code; codes look like XL1203"));
  }
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("code").string(code_text(info->number)).key("name").string(info->name);
    out.key("en").string(info->en).key("fix").string(info->en_fix);
    out.key("zh").string(info->zh).key("fix_zh").string(info->zh_fix).end_object();
    console.result(out.take());
    return static_cast<int>(ExitCode::done);
  }
  console.result(code_text(info->number) + "  " + std::string(info->name));
  console.result("  " + std::string(console.pick(info->en, info->zh)));
  console.result("  " + std::string(console.pick(info->en_fix, info->zh_fix)));
  return static_cast<int>(ExitCode::done);
}

int explain_contracts(const Console& console) {
  const contracts::Registry registry = contracts::make_registry();
  json::Writer out;
  out.begin_array();
  for (const auto& contract : registry.all()) {
    if (!console.json()) {
      console.result(std::to_string(contract->number()) + "\t" + std::string(contract->name()) +
                     "\t" + std::to_string(contract->statuses().size()) +
                     std::string(console.pick(" statuses", " 个状态码")));
    }
    out.begin_object().key("number").integer(contract->number());
    out.key("name").string(contract->name()).end_object();
  }
  out.end_array();
  if (console.json()) console.result(out.take());
  return static_cast<int>(ExitCode::done);
}

}  // namespace

void add_explain_commands(CLI::App& app, Session& session) {
  auto* command = app.add_subcommand("explain", "what an error code or status means");
  auto topic = std::make_shared<std::string>();
  command->add_option("TOPIC", *topic, "a code such as XL1203, or 'contracts'")->required();
  command->footer("Examples:\n  xinglin explain XL1203\n  xinglin explain contracts --lang zh");
  command->callback([topic, &session] {
    session.run = [topic](const Console& console) {
      return *topic == "contracts" ? explain_contracts(console) : explain_code(*topic, console);
    };
  });
  auto* version = app.add_subcommand("version", "the program's version");
  version->callback([&session] {
    session.run = [](const Console& console) {
      console.result(console.json() ? "{\"version\":\"" XL_VERSION "\"}" : "xinglin " XL_VERSION);
      return static_cast<int>(ExitCode::done);
    };
  });
}

}  // namespace xl::cli
