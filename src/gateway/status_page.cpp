// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/status_page.h"

#include "base/json/json.h"
#include "model/comet/timestamp.h"

namespace xl::gateway {
namespace {

std::string escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out.push_back(c);
    }
  }
  return out;
}

bool wants_chinese(const http::Request& request) {
  if (const auto language = request.parameter("lang")) return language->starts_with("zh");
  const std::string_view accepted = request.header("accept-language");
  if (accepted.empty()) return true;
  const std::size_t chinese = accepted.find("zh");
  const std::size_t english = accepted.find("en");
  return chinese != std::string_view::npos && chinese < english;
}

constexpr std::string_view style =
    "body{font:16px/1.6 system-ui,'PingFang SC','Microsoft YaHei','Noto Sans CJK SC',sans-serif;"
    "max-width:46rem;margin:0 auto;padding:1.5rem 1rem;color:#1f1f1f;background:#fff}"
    "h1{font-size:1.6rem;margin:0}h2{font-size:1.15rem;margin:2rem 0 .5rem}"
    "header{display:flex;justify-content:space-between;align-items:baseline;gap:1rem}"
    "dl{display:grid;grid-template-columns:minmax(8rem,max-content) 1fr;gap:.35rem 1rem;margin:0}"
    "dt{color:#595959}dd{margin:0;overflow-wrap:anywhere}code{font-size:.85rem}"
    ".ok{display:inline-block;background:#1f6f0f;color:#fff;border-radius:.3rem;padding:.1rem "
    ".6rem}"
    "ul{padding-left:1.2rem}li{overflow-wrap:anywhere}a{color:#0958d9}"
    "@media(max-width:480px){dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.6rem}}"
    "@media(prefers-color-scheme:dark){body{background:#141414;color:#f0f0f0}dt{color:#bfbfbf}"
    "a{color:#69b1ff}}";

/// Picks one language's words.
struct Words {
  bool chinese;
  [[nodiscard]] std::string_view operator()(std::string_view zh, std::string_view en) const {
    return chinese ? zh : en;
  }
};

void add_row(std::string& out, std::string_view name, std::string_view value, bool code) {
  out += "<dt>" + escape(name) + "</dt><dd>";
  out += code ? "<code>" + escape(value) + "</code>" : escape(value);
  out += "</dd>";
}

std::string organisations(const query::Ledger& ledger) {
  std::string out = "<ul>";
  const json::Value list = ledger.genesis().section("identity").find("organisations");
  for (const json::Value organisation : list.items()) {
    out += "<li>" + escape(organisation.find("name").as_string().value_or("")) + " <code>" +
           escape(organisation.find("did").as_string().value_or("")) + "</code></li>";
  }
  return out + "</ul>";
}

}  // namespace

Result<http::Response> status_page(const query::Ledger& ledger, const ordering::Engine& engine,
                                   const http::Request& request) {
  const Words say{wants_chinese(request)};
  XL_TRY_ASSIGN(const query::LedgerHead head, ledger.head());
  std::string out = "<!doctype html><html lang=\"";
  out += say("zh-CN", "en");
  out +=
      "\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width,initial-scale=1\"><title>";
  out += say("杏林节点", "Xinglin node");
  out +=
      "</title><style>" + std::string(style) + "</style></head><body><header><h1>杏林 Xinglin</h1>";
  out += say("<a href=\"?lang=en\" lang=\"en\">English</a>",
             "<a href=\"?lang=zh\" lang=\"zh-CN\">中文</a>");
  out += "</header><main><p><span class=\"ok\">✓ ";
  out += say("正常运行", "Running");
  out += "</span></p><dl>";
  add_row(out, say("网络", "Network"), head.chain_id, true);
  add_row(out, say("账本高度", "Ledger height"), std::to_string(head.height), false);
  add_row(out, say("已执行的记录", "Executed records"), std::to_string(head.history_size), false);
  add_row(out, say("最近一次记录时间", "Last record at"),
          model::comet::to_rfc3339(model::comet::timestamp_from_ms(head.block_ms)), false);
  add_row(out, say("账本指纹", "Ledger fingerprint"), to_hex(head.app_hash), true);
  add_row(out, say("排序方式", "Ordering"),
          engine.name() == "solo"
              ? say("单机构(solo):本机构自行排序,不防范本机构自身作恶",
                    "solo: one member orders alone; no protection against that member itself")
              : engine.name(),
          false);
  out += "</dl><h2>";
  out += say("参与机构", "Organisations");
  out += "</h2>" + organisations(ledger) + "<h2>";
  out += say("从这里继续", "Where to go from here");
  out += "</h2><ul><li><a href=\"/api/openapi.json\">";
  out += say("接口说明(OpenAPI)", "API description (OpenAPI)");
  out += "</a></li><li><a href=\"/ledger/v1/head\">";
  out += say("账本当前状态(JSON)", "Ledger head (JSON)");
  out += "</a></li><li><a href=\"/ledger/v1/genesis\">";
  out += say("创世文件:任何人都可用它离线核验凭证",
             "Genesis: with it anyone can verify receipts offline");
  out += "</a></li><li><a href=\"/metrics\">";
  out += say("运行指标(Prometheus)", "Metrics (Prometheus)");
  out += "</a></li></ul></main></body></html>";
  http::Response response;
  response.content_type = "text/html; charset=utf-8";
  response.headers["content-security-policy"] =
      "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
  response.body = std::move(out);
  return response;
}

}  // namespace xl::gateway
