// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: the glass is broken for a reason of the list, with words that say something. Method: each
// code of the list, codes beside it, and texts at the bounds in several scripts.
#include "contracts/access/emergency_reasons.h"

#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <string>

namespace xl::contracts::access {
namespace {

std::optional<ErrorCode> refusal_of(std::string_view code, std::string_view text) {
  const Status status = check_emergency_reason(code, text);
  return status.ok() ? std::nullopt : std::optional(status.error().code);
}

TEST(EmergencyReasons, TheListIsClosedAndInBothLanguages) {
  std::set<std::string_view> codes;
  for (const EmergencyReasonInfo& info : emergency_reason_infos()) {
    EXPECT_TRUE(codes.insert(info.code).second) << info.code;
    EXPECT_TRUE(check_emergency_reason(info.code, "found in the snow").ok()) << info.code;
    EXPECT_FALSE(info.en.empty());
    EXPECT_NE(info.en, info.zh);
  }
  for (const char* code : {"unconscious", "life-threatening", "cannot-consent", "mass-casualty",
                           "infectious-threat", "other"}) {
    EXPECT_TRUE(codes.contains(code)) << code;
  }
  for (const char* code : {"", "curious", "Unconscious", "unconscious ", "other,other"}) {
    EXPECT_EQ(refusal_of(code, "found in the snow"), ErrorCode::emergency_code_unknown) << code;
  }
}

TEST(EmergencyReasons, TheTextHasTenCharactersOfAnyScript) {
  for (const char* text : {"abcdefghij", "a b c d e f g h i j", "车祸后昏迷不醒无法交流",
                           "éééééééééé", "🚑🚑🚑🚑🚑🚑🚑🚑🚑🚑"}) {
    EXPECT_EQ(refusal_of("other", text), std::nullopt) << text;
  }
  // Characters, not bytes, and none that nobody sees.
  for (const char* text : {"", "abcdefghi", "a         b", "车祸后昏迷不醒",
                           "a\u00A0\u3000\u2003\u200B\u200B\u200B\u200B\u200B\uFEFF\u2060"}) {
    EXPECT_EQ(refusal_of("other", text), ErrorCode::emergency_text_refused) << text;
  }
  EXPECT_EQ(refusal_of("other", std::string(1024, 'a')), std::nullopt);
  EXPECT_EQ(refusal_of("other", std::string(1025, 'a')), ErrorCode::emergency_text_refused);
  // What is no UTF-8 says nothing: cut short, too long for what it is, a surrogate, too high.
  EXPECT_EQ(written_characters("a\x80\xC3"), 1U);
  EXPECT_EQ(written_characters("\xC0\xAF\xED\xA0\x80\xF5\x80\x80\x80\xE0\x80\xAF"), 0U);
  EXPECT_EQ(written_characters("\xE8\xBD\xA6\xE8"), 1U);
}

}  // namespace
}  // namespace xl::contracts::access
