// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: a request finds the one route that fits it best, and nothing else. Method: overlapping
// patterns, wrong methods, odd paths.
#include "gateway/router.h"

#include <gtest/gtest.h>

#include "base/json/json.h"
#include "gateway/openapi.h"

namespace xl::gateway {
namespace {

Router make_router() {
  Router router;
  const auto answer = [](std::string name) {
    return [name](const http::Request&, const PathValues& values) -> Result<http::Response> {
      std::string text = name;
      for (const std::string& value : values) text += "|" + value;
      return json_response(text);
    };
  };
  router.add({"GET", "/", "root", answer("root")});
  router.add({"GET", "/a/{id}", "one", answer("one")});
  router.add({"POST", "/a/{id}", "make", answer("make")});
  router.add({"GET", "/a/fixed", "fixed", answer("fixed")});
  router.add({"GET", "/o/{org}/fhir/{rest*}", "rest", answer("rest")});
  router.add({"GET", "/fail", "fail", [](const auto&, const auto&) -> Result<http::Response> {
                return make_error(ErrorCode::queue_full);
              }});
  return router;
}

http::Response ask(const Router& router, std::string method, std::string path) {
  http::Request request;
  request.method = std::move(method);
  request.path = std::move(path);
  return router.handle(request);
}

TEST(Router, FindsTheBestRoute) {
  const Router router = make_router();
  EXPECT_EQ(ask(router, "GET", "/").body, "root");
  EXPECT_EQ(ask(router, "GET", "/a/x").body, "one|x");
  EXPECT_EQ(ask(router, "HEAD", "/a/x").body, "one|x");
  EXPECT_EQ(ask(router, "GET", "/a/fixed").body, "fixed");
  EXPECT_EQ(ask(router, "POST", "/a/fixed").body, "make|fixed");
  EXPECT_EQ(ask(router, "GET", "/o/h/fhir/Patient/1").body, "rest|h|/Patient/1");
}

TEST(Router, RefusesTheRestWithTheReason) {
  const Router router = make_router();
  for (const char* path : {"/b", "/a", "/a/", "/a/x/y", "//a/x", "/a//x"}) {
    EXPECT_EQ(ask(router, "GET", path).status, 404U) << path;
  }
  const http::Response refused = ask(router, "DELETE", "/a/x");
  EXPECT_EQ(refused.status, 405U);
  EXPECT_EQ(refused.headers.at("allow"), "GET, HEAD, POST");
  const http::Response busy = ask(router, "GET", "/fail");
  EXPECT_EQ(busy.status, 503U);
  EXPECT_EQ(busy.headers.at("retry-after"), "2");
}

TEST(OpenApi, DescribesEveryRoute) {
  const Router router = make_router();
  const auto document = json::parse(openapi_text(router.routes()), {});
  ASSERT_TRUE(document.ok());
  const json::Value paths = document->root().find("paths");
  EXPECT_EQ(paths.size(), 5U);
  EXPECT_TRUE(paths.find("/a/{id}").find("post").present());
  EXPECT_TRUE(paths.find("/o/{org}/fhir/{rest}").find("get").present());
}

}  // namespace
}  // namespace xl::gateway
