// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "cli/consent_words.h"

#include <vector>

#include "base/chinese.h"
#include "cli/words.h"
#include "client/policy.h"
#include "model/id.h"

namespace xl::cli {
namespace {

namespace consent = contracts::consent;

std::string party_in(const std::string& field) {
  const auto id = model::id_from_bytes(view_of(field));
  return id.ok() ? model::did_text(*id) : std::string();
}

/// Says a rule in one language.
class Sentence {
 public:
  explicit Sentence(Language language) : chinese_(language == Language::chinese) {}

  [[nodiscard]] std::string of(const consent::Policy& policy) const {
    const consent::Rule& rule = policy.rule();
    const bool permit = policy.effect() == static_cast<std::uint32_t>(consent::Effect::permit);
    std::string out;
    if (chinese_) {
      out = (permit ? "允许" : "拒绝") + who(rule) + why(rule) + actions(rule) + what(rule);
    } else {
      out = (permit ? "Allows " : "Refuses ") + who(rule) + " to " + actions(rule) + " " +
            what(rule) + why(rule);
    }
    out += limits(rule);
    for (const consent::Rule& exception : rule.exceptions()) out += but(exception);
    return out + (chinese_ ? "。" : ".");
  }

 private:
  [[nodiscard]] std::string pick(std::string_view english, std::string_view chinese) const {
    return std::string(chinese_ ? chinese : english);
  }
  [[nodiscard]] std::string word(std::string_view english) const {
    return chinese_ ? in_chinese(english) : std::string(english);
  }
  [[nodiscard]] std::string listed(const std::vector<std::string>& all) const {
    std::string out;
    for (const std::string& one : all) out += (out.empty() ? "" : pick(", ", "、")) + one;
    return out;
  }

  [[nodiscard]] std::string who(const consent::Rule& rule) const {
    std::vector<std::string> all;
    for (const auto& grantee : rule.grantees()) {
      std::string one = party_in(grantee.person());
      const std::string organisation = party_in(grantee.organisation());
      if (one.empty()) {
        one = organisation;
      } else if (!organisation.empty()) {
        one = pick(one + " of " + organisation, organisation + " 的 " + one);
      }
      if (grantee.role() != 0) {
        one += pick(" as ", " 以身份:") + word(role_word(grantee.role()));
      }
      if (!grantee.care_team().empty()) {
        one += pick(" in team ", " 所属团队 ") + party_in(grantee.care_team());
      }
      all.push_back(one);
    }
    return all.empty() ? pick("everybody", "任何人")
           : chinese_  ? " " + listed(all) + " "
                       : listed(all);
  }

  [[nodiscard]] std::string why(const consent::Rule& rule) const {
    std::vector<std::string> all;
    for (const std::uint32_t purpose : rule.purposes()) {
      for (const consent::PurposeInfo& info : consent::purpose_infos()) {
        if (static_cast<std::uint32_t>(info.purpose) == purpose)
          all.push_back(pick(info.en, info.zh));
      }
    }
    if (all.empty()) return pick(", for any purpose,", "为任何目的");
    return pick(" for ", "为") + listed(all) + pick("", "目的");
  }

  [[nodiscard]] std::string actions(const consent::Rule& rule) const {
    std::vector<std::string> all;
    for (const std::uint32_t action : rule.actions()) {
      all.push_back(word(action == 1 ? "read" : action == 2 ? "search" : "export"));
    }
    return all.empty() ? pick("see", "查看") : listed(all);
  }

  [[nodiscard]] std::vector<std::string> classes(const consent::Rule& rule) const {
    std::vector<std::string> out;
    for (const auto& one : rule.classes()) out.push_back(word(one.code()));
    return out;
  }

  [[nodiscard]] std::string what(const consent::Rule& rule) const {
    const std::string kinds = listed(classes(rule));
    return kinds.empty() ? word("everything") : pick("", "以下资料:") + kinds;
  }

  [[nodiscard]] std::string levels(const consent::Rule& rule) const {
    const bool from_first = rule.confidentiality_min() == 1;
    if (from_first && rule.confidentiality_max() == consent::confidentiality_max) return {};
    const std::string most = word(client::confidentiality_word(rule.confidentiality_max()));
    if (from_first) return pick(", confidential up to " + most, ",保密级别最高为“" + most + "”");
    const std::string least = word(client::confidentiality_word(rule.confidentiality_min()));
    return pick(", confidential from " + least + " to " + most,
                ",保密级别自“" + least + "”至“" + most + "”");
  }

  [[nodiscard]] std::string period(const consent::Rule& rule) const {
    std::string out;
    if (rule.has_data_from_ms()) {
      const std::string day = day_text(rule.data_from_ms());
      out += pick(", of " + day + " or later", ",限 " + day + " 起的资料");
    }
    if (rule.has_data_to_ms()) {
      const std::string day = day_text(rule.data_to_ms() - 1);
      out += pick(", of " + day + " or earlier", ",限 " + day + " 及以前的资料");
    }
    return out;
  }

  [[nodiscard]] std::string authors(const consent::Rule& rule) const {
    std::vector<std::string> all;
    for (const auto& author : rule.authors()) {
      const std::string person = party_in(author.person());
      all.push_back(person.empty() ? party_in(author.organisation()) : person);
    }
    return all.empty()
               ? std::string()
               : pick(", written by " + listed(all), ",限由 " + listed(all) + " 书写的资料");
  }

  [[nodiscard]] std::string sensitivities(const consent::Rule& rule) const {
    const auto texts = [](const auto& list) {
      return std::vector<std::string>(list.begin(), list.end());
    };
    std::string out;
    if (!rule.sensitivities_included().empty()) {
      const std::string codes = listed(texts(rule.sensitivities_included()));
      out += pick(", of sensitivity " + codes, ",限敏感类别 " + codes);
    }
    if (!rule.sensitivities_excluded().empty()) {
      const std::string codes = listed(texts(rule.sensitivities_excluded()));
      out += pick(", not of sensitivity " + codes, ",不含敏感类别 " + codes);
    }
    return out;
  }

  [[nodiscard]] std::string limits(const consent::Rule& rule) const {
    return levels(rule) + period(rule) + authors(rule) + sensitivities(rule);
  }

  /// What an exception takes out, its own exceptions included: they are one level deep here.
  [[nodiscard]] std::string but(const consent::Rule& exception) const {
    const bool whoever = exception.grantees().empty();
    std::string out =
        pick("; except ", ";例外:") + (whoever ? what(exception) : who(exception)) +
        (whoever || exception.classes().empty() ? "" : pick(" and ", ",") + what(exception)) +
        (exception.purposes().empty() ? "" : why(exception)) + limits(exception);
    for (const consent::Rule& inner : exception.exceptions()) {
      out += pick(" (but not ", "(但不包括") + what(inner) + limits(inner) + pick(")", ")");
    }
    return out;
  }

  bool chinese_;
};

void write_people(json::Writer& out, const consent::Rule& rule) {
  out.key("grantees").begin_array();
  for (const auto& grantee : rule.grantees()) {
    out.begin_object().key("organisation").string(party_in(grantee.organisation()));
    out.key("person").string(party_in(grantee.person()));
    out.key("role").unsigned_integer(grantee.role());
    out.key("care_team").string(party_in(grantee.care_team())).end_object();
  }
  out.end_array().key("authors").begin_array();
  for (const auto& author : rule.authors()) {
    out.begin_object().key("organisation").string(party_in(author.organisation()));
    out.key("person").string(party_in(author.person())).end_object();
  }
  out.end_array();
}

void write_codes(json::Writer& out, const consent::Rule& rule) {
  out.key("classes").begin_array();
  for (const auto& one : rule.classes()) {
    out.begin_object().key("system").string(one.system()).key("code").string(one.code());
    out.end_object();
  }
  out.end_array().key("purposes").begin_array();
  for (const std::uint32_t purpose : rule.purposes()) {
    for (const consent::PurposeInfo& info : consent::purpose_infos()) {
      if (static_cast<std::uint32_t>(info.purpose) == purpose) out.string(info.code);
    }
  }
  out.end_array().key("actions").begin_array();
  for (const std::uint32_t action : rule.actions()) {
    out.string(action == 1 ? "read" : action == 2 ? "search" : "export");
  }
  out.end_array();
  for (const auto& [name, list] :
       {std::pair("sensitivities_included", &rule.sensitivities_included()),
        std::pair("sensitivities_excluded", &rule.sensitivities_excluded())}) {
    out.key(name).begin_array();
    for (const std::string& code : *list) out.string(code);
    out.end_array();
  }
}

}  // namespace

std::string consent_sentence(const consent::Policy& policy, Language language) {
  return Sentence(language).of(policy);
}

void write_rule(json::Writer& out, const consent::Rule& rule) {
  out.begin_object();
  write_people(out, rule);
  write_codes(out, rule);
  out.key("confidentiality_min").unsigned_integer(rule.confidentiality_min());
  out.key("confidentiality_max").unsigned_integer(rule.confidentiality_max());
  for (const auto& [name, here, value] :
       {std::tuple("data_from_ms", rule.has_data_from_ms(), rule.data_from_ms()),
        std::tuple("data_to_ms", rule.has_data_to_ms(), rule.data_to_ms())}) {
    out.key(name);
    if (here) {
      out.integer(value);
    } else {
      out.null();
    }
  }
  out.key("exceptions").begin_array();
  // The normal form bounds the depth.
  for (const consent::Rule& exception : rule.exceptions()) write_rule(out, exception);
  out.end_array().end_object();
}

}  // namespace xl::cli
