// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: a request finds the one route that fits it best, and nothing else. Method: overlapping
// patterns, wrong methods, odd paths.
#include "gateway/router.h"

#include <gtest/gtest.h>

#include "base/json/json.h"
#include "base/json/writer.h"
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
  // What is of a pattern alone is not of a place that has a route by name.
  const http::Response fixed = ask(router, "POST", "/a/fixed");
  EXPECT_EQ(fixed.status, 405U);
  EXPECT_EQ(fixed.headers.at("allow"), "GET, HEAD");
  const http::Response busy = ask(router, "GET", "/fail");
  EXPECT_EQ(busy.status, 503U);
  EXPECT_EQ(busy.headers.at("retry-after"), "2");
}

TEST(Router, NamesWhoKeepsWhatIsNotKeptHere) {
  const auto archives_of = [](const std::vector<std::string>& archives, ErrorCode code) {
    Router router;
    router.set_archives([&](ErrorCode failed) {
      EXPECT_EQ(failed, code);
      return archives;
    });
    router.add({"GET", "/fail", "fail", [&](const auto&, const auto&) -> Result<http::Response> {
                  return make_error(code);
                }});
    const auto body = json::parse(ask(router, "GET", "/fail").body, {});
    EXPECT_TRUE(body.ok());
    const json::Value list = body->root().find("archives");
    return list.is_array() ? json::write(list) : std::string("none");
  };
  EXPECT_EQ(archives_of({"https://a", "http://b:1"}, ErrorCode::block_not_kept),
            R"(["https://a","http://b:1"])");
  EXPECT_EQ(archives_of({}, ErrorCode::block_not_kept), "[]");
  EXPECT_EQ(archives_of({}, ErrorCode::queue_full), "none");
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

TEST(OpenApi, DescribesQueriesBodiesAndAnswers) {
  Router router = make_router();
  router.add({"POST", "/told/{id}", "told",
              [](const auto&, const auto&) -> Result<http::Response> { return json_response(""); },
              Access::anyone,
              RouteDoc{.query = {"wait"},
                       .body_media = {"application/json"},
                       .body = "Batch",
                       .status = 201,
                       .answer = "Submission"}});
  const auto document = json::parse(openapi_text(router.routes()), {});
  ASSERT_TRUE(document.ok());
  const json::Value paths = document->root().find("paths");
  const json::Value told = paths.find("/told/{id}").find("post");
  EXPECT_EQ(told.find("parameters").size(), 2U);
  EXPECT_EQ(told.find("parameters").at(1).find("name").as_string(), "wait");
  const auto schema_in = [](const json::Value& holder) {
    return holder.find("content").find("application/json").find("schema").find("$ref").as_string();
  };
  EXPECT_EQ(schema_in(told.find("requestBody")), "#/components/schemas/Batch");
  EXPECT_EQ(schema_in(told.find("responses").find("201")), "#/components/schemas/Submission");
  EXPECT_FALSE(told.find("responses").find("200").present());
}

TEST(Router, RefusesQueryParametersThatARouteDoesNotDeclare) {
  Router router;
  router.add({"GET", "/told", "told",
              [](const auto&, const auto&) -> Result<http::Response> { return json_response("1"); },
              Access::anyone, RouteDoc{.query = {"after"}}});
  router.add({"GET", "/face", "face", [](const auto&, const auto&) -> Result<http::Response> {
                return json_response("2");
              }});
  const auto status = [&](const char* path, const char* name) {
    http::Request request;
    request.method = "GET";
    request.path = path;
    request.query.emplace_back(name, "1");
    return router.handle(request).status;
  };
  EXPECT_EQ(status("/told", "after"), 200U);
  EXPECT_EQ(status("/told", "afetr"), 400U);
  EXPECT_EQ(status("/face", "anything"), 200U);
}

}  // namespace
}  // namespace xl::gateway
