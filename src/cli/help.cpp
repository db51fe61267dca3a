// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "cli/help.h"

#include <array>

#include "base/json/writer.h"
#include "cli/help_form.h"
#include "cli/suggest.h"

namespace xl::cli {
namespace {

constexpr std::size_t group_examples_max = 6;

struct Topic {
  std::string_view name;
  std::string_view english;
  std::string_view chinese;
};

constexpr auto topics = std::to_array<Topic>({
    {"exit-codes",
     "Exit codes\n"
     "  0  done; what was checked is as it should be\n"
     "  1  failed for a reason that no other code names\n"
     "  2  the command line is wrong\n"
     "  3  verification failed: evidence of alteration\n"
     "  4  not signed in, or the key was not unlocked\n"
     "  5  refused by a consent, a role or a contract\n"
     "  6  not found\n"
     "  7  conflict: it exists, is in use, or was done differently\n"
     "  8  unreachable or timed out: could not be checked, try again\n"
     "  9  an input is invalid\n"
     "  130, 143  interrupted\n"
     "3 and 8 differ on purpose: altered is not the same as could not be checked.\n"
     "What one error means: xinglin explain XL1203\n",
     "退出码\n"
     "  0  完成;核验结果正常\n"
     "  1  失败,原因不属于以下各类\n"
     "  2  命令行有误\n"
     "  3  核验不通过:有被改动的证据\n"
     "  4  未登录,或密钥未解锁\n"
     "  5  被授权规则、角色或合约拒绝\n"
     "  6  不存在\n"
     "  7  冲突:已存在、被占用,或已按其他方式完成\n"
     "  8  无法连接或超时:未能核验,可重试\n"
     "  9  输入无效\n"
     "  130、143  被中断\n"
     "3 与 8 有意区分:“被改动”不同于“未能核验”。\n"
     "查询错误码含义:xinglin explain XL1203\n"},
    {"environment",
     "Environment\n"
     "  XINGLIN_OUTPUT=json        as --json\n"
     "  LC_ALL, LC_MESSAGES, LANG  zh… chooses 中文, as --lang zh\n"
     "  NO_COLOR, TERM=dumb        no colours, as --no-color\n"
     "  XDG_CACHE_HOME, HOME       where sealed sign-ins are kept: xinglin/ or .cache/xinglin/\n"
     "Secrets are never read from the environment or from arguments: name a file with\n"
     "--passphrase-file or --operator-key, or type them at the terminal.\n",
     "环境变量\n"
     "  XINGLIN_OUTPUT=json        等同 --json\n"
     "  LC_ALL、LC_MESSAGES、LANG  以 zh 开头则使用中文,等同 --lang zh\n"
     "  NO_COLOR、TERM=dumb        不使用颜色,等同 --no-color\n"
     "  XDG_CACHE_HOME、HOME       加密的登录凭据保存在 xinglin/ 或 .cache/xinglin/\n"
     "口令和密钥从不取自环境变量或参数:请用 --passphrase-file 或 --operator-key 指定文件,\n"
     "或在终端输入。\n"},
    {"output",
     "Output\n"
     "  Results go to stdout; talk, progress and errors to stderr.\n"
     "  At a terminal tables are aligned and have a heading; in a pipe their columns are\n"
     "  separated by tabs, whole and without colours.\n"
     "  --json gives one JSON object, also for an error; members are only ever added, none is\n"
     "  left out when it is empty, and `schema` names the form.\n"
     "  Progress is shown at a terminal alone.\n"
     "  Times are UTC with milliseconds, ids are strings, what is absent is null; with --json a\n"
     "  FHIR resource is a member of the answer, without it stands for itself.\n"
     "  -q says nothing but results; -v names each request to the node on stderr.\n",
     "输出\n"
     "  结果写入 stdout;说明、进度和错误写入 stderr。\n"
     "  在终端中表格对齐并带表头;在管道中各列以制表符分隔,内容完整,不带颜色。\n"
     "  --json 输出一个 JSON 对象,出错时也是如此;字段只增不减,空值不省略,schema 指明格式。\n"
     "  时间为 UTC,精确到毫秒;编号均为字符串;没有的值为 null;FHIR 资源在 --json 下是结果的\n"
     "  一个字段,否则原样输出。\n"
     "  进度只在终端显示。\n"
     "  -q 只输出结果;-v 在 stderr 列出对节点的每个请求。\n"},
});

/// The first example of a command: the line behind "Examples:", with those that continue it.
std::string first_example(const std::string& footer) {
  const std::size_t begin = footer.find("\n  ");
  if (begin == std::string::npos) return {};
  std::size_t end = footer.find('\n', begin + 1);
  while (end != std::string::npos && footer[end - 1] == '\\') end = footer.find('\n', end + 1);
  return footer.substr(begin, end == std::string::npos ? end : end - begin);
}

void complete(CLI::App& group, const std::shared_ptr<HelpForm>& form) {
  group.formatter(form);
  std::string examples;
  std::size_t count = 0;
  for (CLI::App* one : group.get_subcommands({})) {
    complete(*one, form);
    const std::string example = first_example(one->get_footer());
    if (example.empty() || count == group_examples_max) continue;
    examples += example;
    ++count;
  }
  if (group.get_footer().empty() && !examples.empty()) group.footer("Examples:" + examples);
}

const CLI::App* command_of(const CLI::App& app, const std::vector<std::string>& words) {
  const CLI::App* at = &app;
  for (const std::string& word : words) {
    at = command_called(*at, word);
    if (at == nullptr) return nullptr;
  }
  return at;
}

/// Shows a text, to programs as a member of an object.
int show_help(const std::string& about, std::string_view text, const Console& console) {
  if (!console.json()) {
    console.result(text);
    return succeeded;
  }
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/help/v1").key("about").string(about);
  out.key("text").string(text).end_object();
  console.answer(out.take());
  return succeeded;
}

int run_help(const CLI::App& app, const std::vector<std::string>& words, const Console& console) {
  std::string about;
  for (const std::string& word : words) about += (about.empty() ? "" : " ") + word;
  std::vector<std::string> names;
  for (const Topic& topic : topics) {
    if (about == topic.name) {
      return show_help(about, console.pick(topic.english, topic.chinese), console);
    }
    names.emplace_back(topic.name);
  }
  const CLI::App* command = command_of(app, words);
  if (command == nullptr) {
    std::string listed;
    for (const std::string& name : names) listed += " " + name;
    std::string meant = words.size() == 1 ? nearest_of(names, about) : std::string();
    meant = meant.empty() ? suggestion(app, words) : "xinglin help " + meant;
    return console.fail(
        make_error(ErrorCode::usage_invalid, "no such command or topic; topics:" + listed),
        {meant, {}});
  }
  std::string before = words.empty() ? std::string() : app.get_name();
  for (std::size_t i = 0; i + 1 < words.size(); ++i) before += " " + words[i];
  std::string text = command->help(before);
  if (words.empty()) {
    text += console.pick("More: xinglin help exit-codes | environment | output\n",
                         "更多:xinglin help exit-codes | environment | output\n");
  }
  return show_help(about, text, console);
}

}  // namespace

void add_help(CLI::App& app, Session& session) {
  auto* help = app.add_subcommand("help", "help on a command or a topic");
  auto words = std::make_shared<std::vector<std::string>>();
  help->add_option("TOPIC", *words, "a command, or exit-codes, environment, output");
  help->footer("Examples:\n  xinglin help exit-codes\n  xinglin help fhir import");
  help->callback([words, &app, &session] {
    session.run = [words, &app](const Console& console) { return run_help(app, *words, console); };
  });
  complete(app, std::make_shared<HelpForm>(Console(session.console)));
}

}  // namespace xl::cli
