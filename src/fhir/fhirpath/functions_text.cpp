// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Source: FHIRPath N1 §5.6, String Manipulation. Positions count characters, not bytes.
#include <re2/re2.h>

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "fhir/fhirpath/evaluator.h"

namespace xl::fhir::fhirpath {

namespace on_texts {
namespace {

/// What replacing by a pattern may make, before it is known how often it matches.
constexpr std::size_t replaced_bytes_max = 64U << 20U;
constexpr std::int64_t regex_memory_max = 1 << 20;

/// Errors: fhirpath_too_costly.
Result<Collection> text_result(const Call& call, std::string text) {
  XL_TRY(call.evaluator.charge_text(text.size()));
  return one(item_of(std::move(text)));
}
Collection number_result(std::size_t value) {
  return one(item_of(static_cast<std::int64_t>(value)));
}

bool begins_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }

std::size_t characters_in(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_character));
}

/// The byte at which character `number` begins; the size when there are fewer.
std::size_t byte_of(std::string_view text, std::size_t number) {
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    if (begins_character(text[at]) && number-- == 0) return at;
  }
  return at;
}

Result<Collection> length(const Call& call) {
  XL_TRY_ASSIGN(const auto text, call.text_input());
  return text ? number_result(characters_in(*text)) : Collection{};
}

/// The input and the first argument, where both are there.
struct Pair {
  std::string text;
  std::string other;
};
Result<std::optional<Pair>> pair_of(const Call& call) {
  XL_TRY_ASSIGN(auto text, call.text_input());
  XL_TRY_ASSIGN(auto other, call.text(0));
  if (!text || !other) return std::optional<Pair>();
  return std::optional(Pair{std::move(*text), std::move(*other)});
}

Collection position(std::string_view text, std::size_t found) {
  if (found == std::string_view::npos) return one(item_of(std::int64_t{-1}));
  return number_result(characters_in(text.substr(0, found)));
}

Result<Collection> index_of(const Call& call) {
  XL_TRY_ASSIGN(const auto pair, pair_of(call));
  return pair ? position(pair->text, pair->text.find(pair->other)) : Collection{};
}
Result<Collection> last_index_of(const Call& call) {
  XL_TRY_ASSIGN(const auto pair, pair_of(call));
  return pair ? position(pair->text, pair->text.rfind(pair->other)) : Collection{};
}
Result<Collection> starts_with(const Call& call) {
  XL_TRY_ASSIGN(const auto pair, pair_of(call));
  return pair ? truth(pair->text.starts_with(pair->other)) : Collection{};
}
Result<Collection> ends_with(const Call& call) {
  XL_TRY_ASSIGN(const auto pair, pair_of(call));
  return pair ? truth(pair->text.ends_with(pair->other)) : Collection{};
}
Result<Collection> contains(const Call& call) {
  XL_TRY_ASSIGN(const auto pair, pair_of(call));
  return pair ? truth(pair->text.find(pair->other) != std::string::npos) : Collection{};
}

Result<Collection> substring(const Call& call) {
  XL_TRY_ASSIGN(const auto text, call.text_input());
  XL_TRY_ASSIGN(const auto start, call.integer(0));
  if (!text || !start || *start < 0) return Collection{};
  const std::size_t begin = byte_of(*text, static_cast<std::size_t>(*start));
  if (begin >= text->size()) return Collection{};
  std::string out = text->substr(begin);
  if (call.count() == 2) {
    XL_TRY_ASSIGN(const auto number, call.integer(1));
    if (number)
      out.resize(byte_of(out, static_cast<std::size_t>(std::max<std::int64_t>(*number, 0))));
  }
  return text_result(call, std::move(out));
}

/// Letters of ASCII alone: anything else depends on the language.
Result<Collection> change_case(const Call& call, char first, char last, int by) {
  XL_TRY_ASSIGN(auto text, call.text_input());
  if (!text) return Collection{};
  for (char& c : *text) {
    if (c >= first && c <= last) c = static_cast<char>(c + by);
  }
  return text_result(call, std::move(*text));
}
Result<Collection> upper(const Call& call) { return change_case(call, 'a', 'z', 'A' - 'a'); }
Result<Collection> lower(const Call& call) { return change_case(call, 'A', 'Z', 'a' - 'A'); }

Result<Collection> replace(const Call& call) {
  XL_TRY_ASSIGN(const auto pair, pair_of(call));
  XL_TRY_ASSIGN(const auto by, call.text(1));
  if (!pair || !by) return Collection{};
  const std::string& text = pair->text;
  std::string out;
  if (pair->other.empty()) {  // before and behind each character
    for (const char c : text) {
      if (begins_character(c)) out += *by;
      out.push_back(c);
      if (out.size() > text_bytes_max) break;
    }
    return text_result(call, out + *by);
  }
  std::size_t at = 0;
  while (out.size() <= text_bytes_max) {
    const std::size_t found = text.find(pair->other, at);
    out += text.substr(at, found - at);
    if (found == std::string::npos) break;
    out += *by;
    at = found + pair->other.size();
  }
  return text_result(call, std::move(out));
}

/// An RE2: linear in the text, whatever the pattern. Errors: fhirpath_unsupported.
Result<std::unique_ptr<RE2>> pattern_of(const std::string& text) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_dot_nl(true);
  options.set_max_mem(regex_memory_max);
  auto out = std::make_unique<RE2>(text, options);
  if (!out->ok()) return make_error(ErrorCode::fhirpath_unsupported, "this regular expression");
  return out;
}

Result<Collection> matches(const Call& call) {
  XL_TRY_ASSIGN(const auto pair, pair_of(call));
  if (!pair) return Collection{};
  XL_TRY_ASSIGN(const auto pattern, pattern_of(pair->other));
  return truth(RE2::PartialMatch(pair->text, *pattern));
}
Result<Collection> matches_full(const Call& call) {
  XL_TRY_ASSIGN(const auto pair, pair_of(call));
  if (!pair) return Collection{};
  XL_TRY_ASSIGN(const auto pattern, pattern_of(pair->other));
  return truth(RE2::FullMatch(pair->text, *pattern));
}

Result<Collection> replace_matches(const Call& call) {
  XL_TRY_ASSIGN(auto pair, pair_of(call));
  XL_TRY_ASSIGN(const auto by, call.text(1));
  if (!pair || !by) return Collection{};
  if (pair->other.empty()) return text_result(call, std::move(pair->text));
  XL_TRY_ASSIGN(const auto pattern, pattern_of(pair->other));
  if ((pair->text.size() + 1) * (by->size() + 1) > replaced_bytes_max) {
    return make_error(ErrorCode::fhirpath_too_costly);
  }
  std::string rewrite;  // RE2 writes groups as \1
  for (const char c : *by) {
    if (c == '\\') rewrite += '\\';
    rewrite += c == '$' ? '\\' : c;
  }
  std::string reason;
  if (!pattern->CheckRewriteString(rewrite, &reason)) return invalid("no such group to replace by");
  RE2::GlobalReplace(&pair->text, *pattern, rewrite);
  return text_result(call, std::move(pair->text));
}

Result<Collection> to_chars(const Call& call) {
  XL_TRY_ASSIGN(const auto text, call.text_input());
  Collection out;
  if (!text) return out;
  XL_TRY(call.evaluator.charge(text->size()));
  for (std::size_t at = 0; at < text->size();) {
    std::size_t end = at + 1;
    while (end < text->size() && !begins_character((*text)[end])) ++end;
    out.push_back(item_of(text->substr(at, end - at)));
    at = end;
  }
  return out;
}

Result<Collection> split(const Call& call) {
  XL_TRY_ASSIGN(const auto pair, pair_of(call));
  if (!pair) return Collection{};
  if (pair->other.empty()) return to_chars(call);
  Collection out;
  std::size_t at = 0;
  for (;;) {
    XL_TRY(call.evaluator.charge(1));
    const std::size_t found = pair->text.find(pair->other, at);
    out.push_back(item_of(pair->text.substr(at, found - at)));
    if (found == std::string::npos) return out;
    at = found + pair->other.size();
  }
}

Result<Collection> join(const Call& call) {
  std::string between;
  if (call.count() == 1) {
    XL_TRY_ASSIGN(auto given, call.text(0));
    between = given.value_or("");
  }
  std::string out;
  for (std::size_t i = 0; i < call.input.size(); ++i) {
    const auto text = string_of(call.input[i]);
    if (!text) return invalid("Strings are wanted");
    out += (i == 0 ? "" : between) + *text;
    if (out.size() > text_bytes_max) break;
  }
  return text_result(call, std::move(out));
}

Result<Collection> trim(const Call& call) {
  XL_TRY_ASSIGN(const auto text, call.text_input());
  if (!text) return Collection{};
  constexpr std::string_view spaces = " \t\r\n";
  const std::size_t begin = text->find_first_not_of(spaces);
  if (begin == std::string::npos) return text_result(call, {});
  return text_result(call, text->substr(begin, text->find_last_not_of(spaces) - begin + 1));
}

std::string url_alphabet(std::string text) {
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return text;
}
std::string plain_alphabet(std::string text) {
  std::replace(text.begin(), text.end(), '-', '+');
  std::replace(text.begin(), text.end(), '_', '/');
  return text;
}

Result<Collection> encode(const Call& call) {
  XL_TRY_ASSIGN(const auto pair, pair_of(call));
  if (!pair) return Collection{};
  const ByteView bytes = view_of(pair->text);
  if (pair->other == "hex") return text_result(call, to_hex(bytes));
  if (pair->other == "base64") return text_result(call, to_base64(bytes));
  if (pair->other == "urlbase64") return text_result(call, url_alphabet(to_base64(bytes)));
  return make_error(ErrorCode::fhirpath_unsupported, "encode(): hex, base64 or urlbase64");
}

Result<Collection> decode(const Call& call) {
  XL_TRY_ASSIGN(const auto pair, pair_of(call));
  if (!pair) return Collection{};
  Bytes out;
  bool sound = false;
  if (pair->other == "hex") {
    sound = from_hex(pair->text, out);
  } else if (pair->other == "base64") {
    sound = from_base64(pair->text, out);
  } else if (pair->other == "urlbase64") {
    sound = from_base64(plain_alphabet(pair->text), out);
  } else {
    return make_error(ErrorCode::fhirpath_unsupported, "decode(): hex, base64 or urlbase64");
  }
  if (!sound) return invalid("decode() of another text");
  return text_result(call, std::string(text_of(out)));
}

struct Escape {
  std::string_view plain;
  std::string_view written;
};
constexpr auto html_escapes = std::to_array<Escape>(
    {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&#39;"}});
constexpr auto json_escapes = std::to_array<Escape>({{"\\", "\\\\"},
                                                     {"\"", "\\\""},
                                                     {"\n", "\\n"},
                                                     {"\r", "\\r"},
                                                     {"\t", "\\t"},
                                                     {"\f", "\\f"},
                                                     {"\b", "\\b"}});

std::string swapped(std::string_view text, std::span<const Escape> rows, bool back) {
  std::string out;
  while (!text.empty()) {
    const auto found = std::find_if(rows.begin(), rows.end(), [&](const Escape& row) {
      return text.starts_with(back ? row.written : row.plain);
    });
    if (found == rows.end()) {
      out.push_back(text.front());
      text.remove_prefix(1);
      continue;
    }
    out += back ? found->plain : found->written;
    text.remove_prefix((back ? found->written : found->plain).size());
  }
  return out;
}

Result<Collection> change_escapes(const Call& call, bool back) {
  XL_TRY_ASSIGN(const auto pair, pair_of(call));
  if (!pair) return Collection{};
  if (pair->other == "html") return text_result(call, swapped(pair->text, html_escapes, back));
  if (pair->other == "json") return text_result(call, swapped(pair->text, json_escapes, back));
  return make_error(ErrorCode::fhirpath_unsupported, "escape(): html or json");
}
Result<Collection> escape(const Call& call) { return change_escapes(call, false); }
Result<Collection> unescape(const Call& call) { return change_escapes(call, true); }

constexpr auto functions = std::to_array<Function>({{"length", 0, 0, length},
                                                    {"indexOf", 1, 1, index_of},
                                                    {"lastIndexOf", 1, 1, last_index_of},
                                                    {"startsWith", 1, 1, starts_with},
                                                    {"endsWith", 1, 1, ends_with},
                                                    {"contains", 1, 1, contains},
                                                    {"substring", 1, 2, substring},
                                                    {"upper", 0, 0, upper},
                                                    {"lower", 0, 0, lower},
                                                    {"replace", 2, 2, replace},
                                                    {"matches", 1, 1, matches},
                                                    {"matchesFull", 1, 1, matches_full},
                                                    {"replaceMatches", 2, 2, replace_matches},
                                                    {"toChars", 0, 0, to_chars},
                                                    {"split", 1, 1, split},
                                                    {"join", 0, 1, join},
                                                    {"trim", 0, 0, trim},
                                                    {"encode", 1, 1, encode},
                                                    {"decode", 1, 1, decode},
                                                    {"escape", 1, 1, escape},
                                                    {"unescape", 1, 1, unescape}});

}  // namespace
}  // namespace on_texts

std::span<const Function> text_functions() { return on_texts::functions; }

}  // namespace xl::fhir::fhirpath
