// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "cli/status.h"

#include "base/json/writer.h"
#include "cli/actor.h"

namespace xl::cli {
namespace {

struct StatusOptions {};

Result<int> run_status(const Session& session, const StatusOptions&, const Console& console) {
  XL_TRY_ASSIGN(client::NodeAddress address, client::parse_node_url(session.node_url));
  client::HttpClient http(std::move(address));
  XL_TRY_ASSIGN(const json::Document health, client::json_of(http.get("/health")));
  XL_TRY_ASSIGN(const json::Document all, client::json_of(http.get("/o")));
  const json::Value root = health.root();
  const std::string status(root.find("status").as_string().value_or(""));
  const std::string height(root.find("height").as_string().value_or(""));
  const std::uint64_t queued = root.find("queued").as_uint64().value_or(0);
  const json::Value organisations = all.root().find("organisations");
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/node-status/v1");
    out.key("healthy").boolean(status == "ok").key("height").string(height);
    out.key("engine").string(root.find("engine").as_string().value_or(""));
    out.key("queued").unsigned_integer(queued).key("organisations").begin_array();
    for (const json::Value one : organisations.items()) {
      out.begin_object().key("did").string(one.find("did").as_string().value_or(""));
      out.key("name").string(one.find("name").as_string().value_or("")).end_object();
    }
    console.result(out.end_array().end_object().take());
    return succeeded;
  }
  std::string names;
  for (const json::Value one : organisations.items()) {
    names += (names.empty() ? "" : ", ") + std::string(one.find("name").as_string().value_or(""));
  }
  const std::string count = std::to_string(organisations.size());
  const std::string waiting = std::to_string(queued);
  const std::string english = "Healthy at height " + height + ", " + waiting +
                              " transactions queued, " + count + " organisations: " + names;
  const std::string chinese =
      "运行正常,高度 " + height + ",排队交易 " + waiting + " 笔," + count + " 家机构:" + names;
  console.result(console.pick(english, chinese));
  return succeeded;
}

}  // namespace

void add_status_command(CLI::App& app, Session& session) {
  auto* status = app.get_subcommand("node")->add_subcommand("status", "how a running node is");
  status->footer(
      "Examples:\n  xinglin node status\n"
      "  xinglin node status --node http://127.0.0.1:7411 --json");
  choose(status, session, std::make_shared<StatusOptions>(), run_status);
}

}  // namespace xl::cli
