// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/smart/page.h"

#include "gateway/problem.h"

namespace xl::gateway::smart {
namespace {

void keep_private(http::Response& out) {
  out.headers["cache-control"] = "no-store";
  out.headers["referrer-policy"] = "no-referrer";
  out.headers["x-content-type-options"] = "nosniff";
}

}  // namespace

bool wants_chinese(const http::Request& request) {
  if (const auto language = request.parameter("lang")) return language->starts_with("zh");
  const std::string_view accepted = request.header("accept-language");
  const std::size_t chinese = accepted.find("zh");
  const std::size_t english = accepted.find("en");
  return english == std::string_view::npos || chinese < english;
}

std::string html(std::string_view text) {
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
        out += c;
    }
  }
  return out;
}

std::string_view either(bool chinese, std::string_view zh, std::string_view en) {
  return chinese ? zh : en;
}

std::string scope_words(const ResourceScope& scope, bool chinese) {
  struct Verb {
    std::uint8_t permission;
    std::string_view zh;
    std::string_view en;
  };
  constexpr Verb verbs[] = {{may_read, "查看", "read"},
                            {may_search, "检索", "search"},
                            {may_create, "新建", "create"},
                            {may_update, "修改", "change"},
                            {may_delete, "删除", "delete"}};
  std::string out;
  for (const Verb& verb : verbs) {
    if ((scope.permissions & verb.permission) == 0) continue;
    if (!out.empty()) out += either(chinese, "、", ", ");
    out += either(chinese, verb.zh, verb.en);
  }
  out += ' ';
  out += scope.type == "*" ? either(chinese, "所有类型的记录", "records of every type")
                           : std::string_view(scope.type);
  for (const auto& [name, value] : scope.constraints) out += " (" + name + " = " + value + ")";
  if (scope.context == ScopeContext::patient) {
    out += either(chinese, ",仅限所选患者", ", of the chosen patient only");
  } else {
    out += either(chinese, ",您有权知晓的范围内", ", as far as you may know of them");
  }
  return out;
}

http::Response page(const Page& content) {
  http::Response out;
  out.status = content.status;
  out.content_type = "text/html; charset=utf-8";
  keep_private(out);
  out.headers["content-security-policy"] =
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
      "base-uri 'none'; frame-ancestors 'none'; form-action 'self'" +
      (content.goes_to.empty() ? std::string() : " " + content.goes_to);
  out.headers["x-frame-options"] = "DENY";
  out.body = "<!doctype html><html lang=\"";
  out.body += either(content.chinese, "zh-CN", "en");
  out.body +=
      "\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width,initial-scale=1\"><title>" +
      html(content.title) + "</title>";
  if (!content.assets.empty()) {
    out.body += "<link rel=\"stylesheet\" href=\"" + html(content.assets) + "/login.css\">" +
                "<script src=\"" + html(content.assets) + "/login.js\" defer></script>";
  }
  out.body += "</head><body><header><strong>杏林 Xinglin</strong></header><main><h1>" +
              html(content.title) + "</h1>" + content.body + "</main></body></html>\n";
  return out;
}

http::Response error_page(const Error& error, bool chinese) {
  const ErrorInfo& info = describe(error.code);
  Page out;
  out.chinese = chinese;
  out.title = either(chinese, info.zh, info.en);
  out.body = "<p>" + html(either(chinese, info.zh_fix, info.en_fix)) + "</p><p><code>" +
             html(code_text(info.number)) + "</code> " + html(error.message) + "</p>";
  out.status = status_of(error.code);
  if (out.status == 401) out.status = 400;  // there is nothing to send with the request again
  return page(out);
}

std::string told_errors(bool chinese) {
  struct Told {
    std::string_view name;
    ErrorCode code;
  };
  constexpr Told all[] = {{"impossible", ErrorCode::smart_passkey_impossible},
                          {"refused", ErrorCode::smart_passkey_refused},
                          {"known", ErrorCode::smart_passkey_known},
                          {"unreachable", ErrorCode::node_unreachable}};
  std::string out;
  for (const Told& one : all) {
    const ErrorInfo& info = describe(one.code);
    out += " data-" + std::string(one.name) + "=\"" + code_text(info.number) + ": " +
           html(either(chinese, info.zh, info.en)) + " " +
           html(either(chinese, info.zh_fix, info.en_fix)) + "\"";
  }
  return out;
}

http::Response login_style() {
  http::Response out;
  out.content_type = "text/css; charset=utf-8";
  out.headers["x-content-type-options"] = "nosniff";
  out.body =
      "body{font:16px/1.6 system-ui,'PingFang SC','Microsoft YaHei','Noto Sans CJK SC',sans-serif;"
      "max-width:34rem;margin:0 auto;padding:1rem;color:#1f1f1f;background:#fff}"
      "h1{font-size:1.35rem}h2{font-size:1.05rem;margin:0 0 .5rem}"
      "section{border:1px solid #d9d9d9;border-radius:.4rem;padding:.8rem;margin:1rem 0}"
      "ul{padding-left:1.2rem}li,code,p{overflow-wrap:anywhere}label{display:block;margin:.4rem 0}"
      "input[type=text],input[type=password],input[type=search],select{box-sizing:border-box;"
      "width:100%;font:inherit;padding:.5rem;border:1px solid #8c8c8c;border-radius:.3rem}"
      "button,.button{box-sizing:border-box;display:inline-block;font:inherit;padding:.55rem "
      "1.2rem;border-radius:.3rem;"
      "border:1px solid "
      "#0958d9;background:#0958d9;color:#fff;text-decoration:none;min-height:2.75rem;"
      "cursor:pointer}button.plain{background:#fff;color:#0958d9}"
      ".code{font-size:1.6rem;letter-spacing:.15em}.bad{color:#a8071a}.note{color:#595959}"
      ":focus-visible{outline:3px solid #faad14;outline-offset:2px}"
      "@media(prefers-color-scheme:dark){body{background:#141414;color:#f0f0f0}"
      "section{border-color:#434343}.note{color:#bfbfbf}a{color:#69b1ff}.bad{color:#ff7875}"
      "input[type=text],input[type=password],input[type=search],select{background:#1f1f1f;"
      "color:#f0f0f0}button.plain{background:#141414;color:#69b1ff;border-color:#69b1ff}}";
  return out;
}

}  // namespace xl::gateway::smart
