// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: scopes are read as SMART App Launch 2.2 means them, nothing malformed is taken for less
// than it says, and narrowing never widens. Method: tables, and random lists against their
// intersection taken type by type and permission by permission.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "gateway/smart/registry.h"
#include "gateway/smart/scopes.h"

namespace xl::gateway::smart {
namespace {

Scopes scopes_of(std::string_view text) {
  const auto out = parse_scopes(text);
  EXPECT_TRUE(out.ok()) << text;
  return out.ok() ? *out : Scopes{};
}

TEST(SmartScopes, AreReadInBothVersions) {
  for (const auto& [given, told] : std::initializer_list<std::pair<const char*, const char*>>{
           {"patient/Observation.rs", "patient/Observation.rs"},
           {"patient/Observation.read", "patient/Observation.rs"},
           {"user/*.write", "user/*.cud"},
           {"system/*.*", "system/*.cruds"},
           {"launch openid profile", "openid fhirUser launch"},
           {"user/Patient.r user/Patient.r", "user/Patient.r"},
           {"email phone user/Patient.s", "user/Patient.s"},
           {"launch/questionnaire?role=x offline_access", "offline_access"},
           {"", ""},
           {"patient/Observation.rs?category=laboratory",
            "patient/Observation.rs?category=laboratory"},
           {"user/Observation.rs?date=ge2026-01-01&subject=Patient/p1",
            "user/Observation.rs?date=ge2026-01-01&subject=Patient%2fp1"},
           {"user/Patient.rs?name=Ann%20B", "user/Patient.rs?name=Ann%20B"},
           {"patient/Observation.rs?status=final&category=a",
            "patient/Observation.rs?category=a&status=final"}}) {
    EXPECT_EQ(scopes_text(scopes_of(given)), told) << given;
    EXPECT_EQ(scopes_text(scopes_of(told)), told);
  }
}

TEST(SmartScopes, MalformedOnesAreRefused) {
  for (const char* text : {"patient/Observation",
                           "patient/Observation.",
                           "patient/Observation.sr",
                           "patient/Observation.rr",
                           "patient/Observation.x",
                           "patient/Observation.Read",
                           "patient/observation.rs",
                           "patient/.rs",
                           "patient/Nothing.rs",
                           "patient/**.rs",
                           "patient/Observation.rs?",
                           "patient/Observation.rs?category",
                           "patient/Observation.rs?category=",
                           "patient/Observation.rs?category=a,b",
                           "patient/Observation.rs?category=a&",
                           "patient/Observation.rs?date=ap2020",
                           "patient/Observation.rs?date=soon",
                           "patient/Observation.rs?value-quantity=5",
                           "patient/Observation.rs?_lastUpdated=2020",
                           "patient/Observation.rs?subject.name=ann",
                           "patient/Observation.rs?category:not=a",
                           "patient/Observation.rs?nothing=a",
                           "patient/Observation.rs?category=%zz",
                           "patient/*.rs?category=a"}) {
    const auto out = parse_scopes(text);
    ASSERT_FALSE(out.ok()) << text;
    EXPECT_EQ(out.error().code, ErrorCode::smart_scope_invalid);
  }
  EXPECT_TRUE(parse_scopes(std::string(scope_text_bytes_max, 'x')).ok());
  EXPECT_FALSE(parse_scopes(std::string(scope_text_bytes_max + 1, 'x')).ok());
}

TEST(SmartScopes, NarrowedOnesStayAsTheyAre) {
  const Scopes allowed = scopes_of(
      "patient/Observation.rs?category=laboratory patient/Observation.rs?category=vital-signs "
      "patient/*.r patient/Patient.r");
  const Scopes once = within(
      scopes_of("patient/Observation.rs?status=final patient/*.r patient/Patient.r user/Patient.r"),
      allowed);
  EXPECT_EQ(scopes_text(once),
            "patient/*.r patient/Observation.r?status=final "
            "patient/Observation.rs?category=laboratory&status=final "
            "patient/Observation.rs?category=vital-signs&status=final patient/Patient.r");
  EXPECT_EQ(scopes_text(within(once, allowed)), scopes_text(once));
}

TEST(SmartScopes, NarrowingNeverWidens) {
  const char* types[] = {"*", "Patient", "Observation", "Encounter"};
  const char* contexts[] = {"patient/", "user/"};
  std::mt19937 random(20261123);
  const auto draw = [&] {
    std::string out;
    for (unsigned i = random() % 4; i > 0; --i) {
      std::string permissions;
      for (const char letter : std::string("cruds")) {
        if (random() % 2 == 0) permissions += letter;
      }
      if (permissions.empty()) permissions = "r";
      out += std::string(contexts[random() % 2]) + types[random() % 4] + "." + permissions + " ";
    }
    return scopes_of(out);
  };
  const auto has = [](const Scopes& scopes, ScopeContext context, std::string_view type,
                      std::uint8_t permission) {
    return std::any_of(scopes.resources.begin(), scopes.resources.end(), [&](const auto& one) {
      return one.context == context && (one.type == "*" || one.type == type) &&
             (one.permissions & permission) != 0;
    });
  };
  for (int round = 0; round < 2000; ++round) {
    const Scopes wanted = draw();
    const Scopes allowed = draw();
    const Scopes both = within(wanted, allowed);
    for (const auto context : {ScopeContext::patient, ScopeContext::user}) {
      for (const char* type : {"Patient", "Observation", "Device"}) {
        for (std::uint8_t permission = 1; permission <= 16; permission *= 2) {
          EXPECT_EQ(
              has(both, context, type, permission),
              has(wanted, context, type, permission) && has(allowed, context, type, permission))
              << scopes_text(wanted) << " within " << scopes_text(allowed);
        }
      }
    }
  }
}

TEST(SmartScopes, ConstraintsAddUp) {
  EXPECT_EQ(scopes_text(within(scopes_of("user/*.rs"),
                               scopes_of("user/Observation.r?category=laboratory"))),
            "user/Observation.r?category=laboratory");
  EXPECT_EQ(scopes_text(within(scopes_of("user/Observation.rs?status=final"),
                               scopes_of("user/Observation.rs?category=laboratory"))),
            "user/Observation.rs?category=laboratory&status=final");
}

TEST(SmartScopes, KnowWhatLiesWithinThem) {
  const Scopes granted =
      scopes_of("openid user/Patient.r user/Patient.s user/Observation.rs?category=laboratory");
  for (const char* fits : {"user/Patient.rs", "openid", "user/Observation.r?category=laboratory",
                           "user/Observation.rs?category=laboratory&status=final", "unknown"}) {
    EXPECT_TRUE(is_within(scopes_of(fits), granted)) << fits;
  }
  for (const char* wider :
       {"fhirUser", "user/Patient.cr", "patient/Patient.r", "user/*.r", "user/Observation.r",
        "user/Observation.r?status=final", "user/Patient.r user/Encounter.r"}) {
    EXPECT_FALSE(is_within(scopes_of(wider), granted)) << wider;
  }
}

TEST(SmartScopes, SeveralPermissionsMayComeFromOneScopeOnly) {
  const Scopes scopes = scopes_of("user/Observation.r user/Observation.u");
  EXPECT_TRUE(scopes.allow("Observation", may_read));
  EXPECT_TRUE(scopes.allow("Observation", may_update));
  EXPECT_FALSE(scopes.allow("Observation", may_delete));
  EXPECT_FALSE(scopes.allow("Patient", may_read));
  EXPECT_FALSE(scopes.allow("Observation", may_read | may_update));
}

TEST(SmartClients, AreSentBackToSafePlacesOnly) {
  for (const char* good :
       {"https://app.example/back", "https://app.example:8443/back?x=1", "http://localhost:3000/",
        "http://127.0.0.1/", "http://[::1]:8080/", "com.example.app:/back"}) {
    EXPECT_TRUE(is_redirect_uri(good)) << good;
  }
  for (const char* bad : {"", "app.example", "http://app.example/", "https://", "https:///x",
                          "https://a@b/", "https://a/#f", "https://a/ b", "javascript:alert",
                          "data:text/html,x", "com.example.app:", "HTTPS://a/", "https://a/\n",
                          "http://localhost.evil.example/", "ftp://a/"}) {
    EXPECT_FALSE(is_redirect_uri(bad)) << bad;
  }
  EXPECT_EQ(origin_of("https://app.example:8443/back?x=1"), "https://app.example:8443");
  EXPECT_EQ(origin_of("com.example.app:/back"), "");
}

}  // namespace
}  // namespace xl::gateway::smart
