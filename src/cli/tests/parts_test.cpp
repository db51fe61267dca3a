// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: words, days, tables and suggestions of the command line come out as documented. Method:
// tables of texts at and beyond each bound; every command of the tree is looked at.
#include <gtest/gtest.h>

#include "cli/commands.h"
#include "cli/doctor.h"
#include "cli/fhir_pages.h"
#include "cli/suggest.h"
#include "cli/table.h"
#include "cli/words.h"

namespace xl::cli {
namespace {

TEST(Words, RolesAndLicencesHaveOneWordEach) {
  for (std::uint32_t role = 1; role <= contracts::identity::role_max; ++role) {
    ASSERT_FALSE(role_word(role).empty());
    EXPECT_EQ(role_of_word(role_word(role)), role);
  }
  EXPECT_TRUE(role_word(0).empty());
  EXPECT_TRUE(role_word(contracts::identity::role_max + 1).empty());
  EXPECT_EQ(role_of_word("privacy-officer"),
            static_cast<std::uint32_t>(contracts::identity::Role::privacy_officer));
  EXPECT_EQ(*roles_of_words({"nurse", "physician", "nurse"}), (std::vector<std::uint32_t>{1, 3}));
  EXPECT_EQ(roles_of_words({"king"}).error().code, ErrorCode::usage_invalid);
  EXPECT_EQ(*licence_of_word("medical"), 1U);
  EXPECT_EQ(licence_of_word("driving").error().code, ErrorCode::usage_invalid);
}

TEST(Words, DaysEndWhenTheNextBegins) {
  EXPECT_EQ(*end_of_day_ms("1970-01-01", "--until"), 86'400'000U);
  EXPECT_EQ(time_text(*end_of_day_ms("2028-02-29", "--until")), "2028-03-01 00:00:00Z");
  for (const char* wrong : {"", "2026-2-01", "2027-02-29", "2026-13-01", "2026-00-10", "1969-12-31",
                            "2200-01-01", "2026-01-01x", "2026/01/01", "20260101"}) {
    EXPECT_EQ(end_of_day_ms(wrong, "--until").error().code, ErrorCode::usage_invalid) << wrong;
  }
  EXPECT_EQ(time_text(0), "-");
  EXPECT_EQ(bytes_text(999), "999 B");
  EXPECT_EQ(bytes_text(47'458'277), "47.4 MB");
}

TEST(Words, DataMayBeOlderThanTheClock) {
  EXPECT_EQ(*start_of_day_ms("1970-01-02", "--data-from"), 86'400'000);
  EXPECT_EQ(*start_of_day_ms("1969-12-31", "--data-from"), -86'400'000);
  EXPECT_EQ(day_text(*start_of_day_ms("1950-02-28", "--data-from")), "1950-02-28");
  EXPECT_EQ(start_of_day_ms("1799-12-31", "--data-from").error().code, ErrorCode::usage_invalid);
}

TEST(Doctor, WarnsOfALibraryThatRunsInAnotherVersion) {
  const Console english({});
  const Finding same = check_versions({{"A", "1.2", "1.2"}, {"B", "3", ""}}, english);
  EXPECT_TRUE(same.ok);
  EXPECT_FALSE(same.warning);
  EXPECT_EQ(same.what, "A 1.2, B 3");
  const std::vector<LibraryVersion> apart{{"A", "1.2", "1.3"}, {"B", "3", ""}, {"C", "4", "4"}};
  const Finding other = check_versions(apart, english);
  EXPECT_TRUE(other.ok);
  EXPECT_TRUE(other.warning);
  EXPECT_EQ(other.what, "A 1.3 runs, built with 1.2");
  EXPECT_FALSE(other.fix.empty());
  Console::Options chinese;
  chinese.language = Language::chinese;
  EXPECT_EQ(check_versions(apart, Console(chinese)).what, "A 1.3 正在运行,编译时为 1.2");
}

TEST(Table, IsAlignedForPeopleAndTabbedForPipes) {
  Table table({"A", "NAME"});
  table.add({"1", "市一医院"});
  table.add({"22", "two\nlines\t"});
  EXPECT_EQ(table.text(true), "A   NAME\n1   市一医院\n22  two lines \n");
  EXPECT_EQ(table.text(false), "1\t市一医院\n22\ttwo lines \n");
}

TEST(Names, OfResourcesAndQueries) {
  EXPECT_EQ(resource_name("Patient/7")->id, "7");
  for (const char* wrong :
       {"Patient", "Patient/", "/7", "Thing/7", "Patient/7/x", "Patient/7?a=b"}) {
    EXPECT_EQ(resource_name(wrong).error().code, ErrorCode::usage_invalid) << wrong;
  }
  EXPECT_EQ(*query_of({}), "");
  EXPECT_EQ(*query_of({"patient=7", "code=a|b c"}), "?patient=7&code=a%7Cb%20c");
  EXPECT_EQ(query_of({"patient"}).error().code, ErrorCode::usage_invalid);
}

class CommandTree : public ::testing::Test {
 protected:
  CommandTree() { add_commands(app_, session_); }

  static void look_at(const CLI::App& command, const std::string& name) {
    const auto below = command.get_subcommands({});
    for (const CLI::App* one : below) look_at(*one, name + " " + one->get_name());
    if (name == "xinglin version") return;
    const std::string footer = command.get_footer();
    EXPECT_FALSE(command.get_description().empty()) << name;
    std::size_t examples = 0;
    for (std::size_t at = footer.find("xinglin "); at != std::string::npos;
         at = footer.find("xinglin ", at + 1)) {
      ++examples;
    }
    EXPECT_GE(examples, 2U) << name;
    for (const CLI::Option* option : command.get_options()) {
      // A secret in an argument is a secret in the history and in the process list.
      const std::string spelled = option->get_name();
      const bool names_secret = spelled == "--passphrase" || spelled == "--password" ||
                                spelled == "--key" || spelled == "--token";
      EXPECT_FALSE(names_secret) << name << " " << spelled;
    }
  }

  Session session_;
  CLI::App app_{"test", "xinglin"};
};

TEST_F(CommandTree, EveryCommandIsExplainedByExamples) {
  for (const CLI::App* one : app_.get_subcommands({})) {
    look_at(*one, "xinglin " + one->get_name());
  }
}

TEST_F(CommandTree, WhatIsAskedInShort) {
  const auto asked = [this](const std::vector<std::string>& words, bool talks) {
    std::string before;
    const CLI::App* found = asked_in_short(app_, words, talks, before);
    return found == nullptr ? std::string("-") : before + "/" + found->get_name();
  };
  EXPECT_EQ(asked({}, true), "/xinglin");
  EXPECT_EQ(asked({}, false), "-");
  EXPECT_EQ(asked({"record", "--lang", "zh"}, true), "xinglin/record");
  EXPECT_EQ(asked({"record", "list", "-h"}, false), "xinglin record/list");
  EXPECT_EQ(asked({"record", "list"}, true), "-");
  EXPECT_EQ(asked({"record", "lst"}, true), "-");
  EXPECT_EQ(asked({"--help"}, true), "-");
  EXPECT_EQ(asked({"--version"}, true), "-");
}

TEST_F(CommandTree, MistypedCommandsAreRecognised) {
  EXPECT_EQ(suggestion(app_, {"recrd", "list"}), "xinglin record");
  EXPECT_EQ(suggestion(app_, {"--json", "record", "lst"}), "xinglin record list");
  EXPECT_EQ(suggestion(app_, {"zzzzzz"}), "");
  EXPECT_EQ(suggestion(app_, {"record", "list"}), "");
  EXPECT_EQ(suggestion(app_, {"record", "list", "--organization", "x"}), "--organisation");
  EXPECT_EQ(suggestion(app_, {"record", "list"}, "--kind: pacient not in {patient,guardian}"),
            "--kind patient");
  EXPECT_EQ(suggestion(app_, {"record", "list"}, "--kind: zzzzzzz not in {patient}"), "");
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
}

}  // namespace
}  // namespace xl::cli
