// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "cli/explain.h"

#include "base/checked.h"
#include "base/json/writer.h"
#include "cli/suggest.h"
#include "contracts/api/contract.h"

namespace xl::cli {
namespace {

const ErrorInfo* find_name(std::string_view name, const contracts::Registry& registry) {
  for (const ErrorInfo& info : error_registry()) {
    if (info.name == name) return &info;
  }
  for (const auto& contract : registry.all()) {
    for (const contracts::StatusInfo& info : contract->statuses()) {
      if (info.name == name) return &info;
    }
  }
  return nullptr;
}

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

/// The command for the code that is nearest to a mistyped one or to a mistyped name.
std::string code_meant(std::string_view text, const contracts::Registry& registry) {
  std::vector<std::string> known{"contracts"};
  const auto add = [&](const ErrorInfo& info) {
    known.push_back(code_text(info.number));
    known.emplace_back(info.name);
  };
  for (const ErrorInfo& info : error_registry()) add(info);
  for (const auto& contract : registry.all()) {
    for (const contracts::StatusInfo& info : contract->statuses()) add(info);
  }
  const std::string meant = nearest_of(known, text);
  return meant.empty() ? meant : "xinglin explain " + meant;
}

int explain_code(std::string_view text, const Console& console) {
  std::string_view digits = text;
  if (digits.starts_with("XL") || digits.starts_with("xl")) digits.remove_prefix(2);
  while (digits.size() > 1 && digits.front() == '0') digits.remove_prefix(1);
  std::uint64_t number = 0;
  const contracts::Registry registry = contracts::make_registry();
  const ErrorInfo* info =
      parse_decimal(digits, number) ? find_code(number, registry) : find_name(text, registry);
  if (info == nullptr) {
    return console.fail(
        make_error(ErrorCode::usage_invalid, "no such code; codes look like XL1203"),
        {code_meant(text, registry), {}});
  }
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/explanation/v1");
    out.key("code").string(code_text(info->number)).key("name").string(info->name);
    out.key("en").string(info->en).key("fix").string(info->en_fix);
    out.key("zh").string(info->zh).key("fix_zh").string(info->zh_fix).end_object();
    console.answer(out.take());
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
  out.begin_object().key("schema").string("xinglin/contracts/v1").key("contracts").begin_array();
  for (const auto& contract : registry.all()) {
    if (!console.json()) {
      console.result(std::to_string(contract->number()) + "\t" + std::string(contract->name()) +
                     "\t" + std::to_string(contract->statuses().size()) +
                     std::string(console.pick(" statuses", " 个状态码")));
    }
    out.begin_object().key("number").integer(contract->number());
    out.key("name").string(contract->name()).end_object();
  }
  out.end_array().end_object();
  if (console.json()) console.answer(out.take());
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
  version->footer("Examples:\n  xinglin version\n  xinglin version --json");
  version->callback([&session] {
    session.run = [](const Console& console) {
      if (console.json()) {
        console.answer("{\"schema\":\"xinglin/version/v1\",\"version\":\"" XL_VERSION "\"}");
      } else {
        console.result("xinglin " XL_VERSION);
      }
      return static_cast<int>(ExitCode::done);
    };
  });
}

}  // namespace xl::cli
