// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/json/json.h"
#include "base/result.h"

namespace xl {

/// Exit codes of the program (documented in `xinglin help exit-codes`; never renumber).
enum class ExitCode : int {
  done = 0,
  failed = 1,
  wrong_usage = 2,
  altered = 3,  ///< verification failed: evidence of alteration, unlike "could not check"
  not_signed_in = 4,
  refused = 5,
  not_found = 6,
  conflict = 7,
  unreachable = 8,
  input_invalid = 9,
};

/// The exit code that fits an error.
[[nodiscard]] ExitCode exit_code_of(ErrorCode code);

enum class Language : std::uint8_t { english, chinese };

/// `zh` when the text starts with it (`zh_CN.UTF-8`, `zh`), else English.
[[nodiscard]] Language language_of(std::string_view locale);

/// What else helps somebody to whom something failed.
struct Help {
  std::string meant;  ///< what they may have wanted to write; empty: nothing near
  std::string log;    ///< where the failing thing, on this machine, writes its log; empty: nowhere
};

/// Where a command talks: results go to stdout, everything else to stderr. Not thread-safe.
class Console {
 public:
  struct Options {
    Language language = Language::english;
    bool json = false;   ///< results and errors as JSON
    bool quiet = false;  ///< no talk and no progress
    bool color = false;
    bool progress = false;  ///< stderr is a terminal
  };
  explicit Console(const Options& options) : options_(options) {}

  [[nodiscard]] const Options& options() const { return options_; }
  [[nodiscard]] bool json() const { return options_.json; }

  /// Writes a line of the result to stdout.
  void result(std::string_view line) const;
  /// Writes a result for programs to stdout, one line in the form of `answer_text`. `object`: a
  /// JSON text. Preconditions: those of `answer_text`.
  void answer(std::string_view object, std::string_view schema = {}) const;
  /// Writes a file that is itself the result (a receipt, a card: signed, or hashed) to stdout on
  /// one line, nothing in it changed. Precondition: a JSON text.
  void document(std::string_view text) const;
  /// Says something to stderr, in the language of the options.
  void say(std::string_view english, std::string_view chinese) const;
  /// Says that a step succeeded: `✓ …`.
  void done(std::string_view english, std::string_view chinese) const;
  /// Says what failed, why, and what to do about it; returns the exit code for it. A dry run that
  /// came to its end is no failure.
  [[nodiscard]] int fail(const Error& error, const Help& help = {}) const;
  /// What failed as one sentence in the language of the options, with its detail.
  [[nodiscard]] std::string sentence_of(const Error& error) const;
  /// Picks the text of the language.
  [[nodiscard]] std::string_view pick(std::string_view english, std::string_view chinese) const {
    return options_.language == Language::chinese ? chinese : english;
  }
  /// The detail behind the registry's own sentence, in the language of the options; all that the
  /// error says where it says something else; empty where it says no more.
  [[nodiscard]] std::string detail_of(const Error& error) const;
  /// A text of the catalogue `chinese.def` in the language of the options.
  [[nodiscard]] std::string words(std::string_view english) const;

 private:
  Options options_;
};

/// A progress line on stderr with rate and time left; silent when stderr is no terminal.
/// Not thread-safe.
class Progress {
 public:
  /// `label` names the work. `now_ms` comes from a monotonic or wall clock.
  Progress(const Console& console, std::string label, std::uint64_t start_ms)
      : console_(console), label_(std::move(label)), start_ms_(start_ms), shown_ms_(start_ms) {}

  /// `total` 0: nobody knows how much it will be.
  void update(std::uint64_t done, std::uint64_t total, std::uint64_t now_ms);
  /// Ends the line.
  void finish();

 private:
  const Console& console_;
  std::string label_;
  std::uint64_t start_ms_;
  std::uint64_t shown_ms_;
  bool shown_ = false;
};

}  // namespace xl
