// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "consents/sentence.h"

#include <algorithm>
#include <array>
#include <vector>

#include "consents/codes.h"
#include "consents/times.h"
#include "model/id.h"

namespace xl::consents {

namespace consent = contracts::consent;

namespace {

struct KindWords {
  std::string_view type;
  std::string_view en;
  std::string_view zh;
};
constexpr auto kinds = std::to_array<KindWords>({
#define XL_KIND(type, en, zh) {type, en, zh},
#include "consents/kinds.def"
#undef XL_KIND
});

struct RoleWords {
  std::string_view en;
  std::string_view zh;
};
/// In the order of identity's roles, 1 first.
constexpr auto role_words = std::to_array<RoleWords>({{"a physician", "医师"},
                                                      {"an emergency physician", "急诊医师"},
                                                      {"a nurse", "护士"},
                                                      {"a midwife", "助产士"},
                                                      {"a paramedic", "急救员"},
                                                      {"a pharmacist", "药师"},
                                                      {"a dentist", "牙医"},
                                                      {"a laboratory scientist", "检验师"},
                                                      {"a radiographer", "放射技师"},
                                                      {"a therapist", "治疗师"},
                                                      {"a registrar", "登记员"},
                                                      {"a privacy officer", "隐私专员"},
                                                      {"an auditor", "审计员"},
                                                      {"a researcher", "研究人员"},
                                                      {"a claims officer", "理赔员"},
                                                      {"an administrator", "管理员"}});

constexpr auto level_words = std::to_array<RoleWords>({{"public", "公开"},
                                                       {"of low confidentiality", "低"},
                                                       {"of moderate confidentiality", "中等"},
                                                       {"of normal confidentiality", "一般"},
                                                       {"restricted", "限制"},
                                                       {"very restricted", "严格限制"}});

constexpr auto action_words = std::to_array<RoleWords>({{"read", "查看"},
                                                        {"search", "检索"},
                                                        {"export", "导出"},
                                                        {"collect", "采集"},
                                                        {"correct", "更正"}});

/// Says the policies of a consent in one language.
class Speaker {
 public:
  Speaker(const consent::SealedPolicy& sealed, bool chinese) : sealed_(sealed), chinese_(chinese) {}

  [[nodiscard]] std::string all() const {
    std::string out = policy(sealed_.policy());
    for (const consent::Policy& one : sealed_.further()) out += pick(" ", "") + policy(one);
    std::vector<std::string> uris(sealed_.form().policies().begin(),
                                  sealed_.form().policies().end());
    if (!uris.empty()) {
      out += pick(" Under: " + joined(uris) + ".", "依据:" + joined(uris) + "。");
    }
    return out;
  }

 private:
  [[nodiscard]] std::string policy(const consent::Policy& policy) const {
    const consent::Rule& rule = policy.rule();
    const bool permit = policy.effect() == static_cast<std::uint32_t>(consent::Effect::permit);
    std::string out;
    if (chinese_) {
      out = (permit ? "允许" : "拒绝") + who(rule) + why(rule) + actions(rule) + what(rule);
    } else {
      out = (permit ? "Allows " : "Refuses ") + who(rule) + " to " + actions(rule) + " " +
            what(rule) + why(rule);
    }
    out += limits(rule) + times(policy);
    for (const consent::Rule& exception : rule.exceptions()) out += but(exception);
    return out + pick(".", "。");
  }

  [[nodiscard]] std::string pick(std::string_view english, std::string_view chinese) const {
    return std::string(chinese_ ? chinese : english);
  }
  [[nodiscard]] std::string joined(const std::vector<std::string>& all) const {
    std::string out;
    for (const std::string& one : all) out += (out.empty() ? "" : pick(", ", "、")) + one;
    return out;
  }

  /// What somebody was called, else the DID.
  [[nodiscard]] std::string party(const std::string& field) const {
    if (field.empty()) return {};
    for (const auto& name : sealed_.form().names()) {
      if (name.did() == field) return name.text();
    }
    const auto id = model::id_from_bytes(view_of(field));
    return id.ok() ? model::did_text(*id) : std::string();
  }

  [[nodiscard]] std::string grantee(const xinglin::consent::v1::Grantee& grantee) const {
    std::string one = party(grantee.person());
    const std::string organisation = party(grantee.organisation());
    if (one.empty()) {
      one = organisation.empty() ? pick("everybody", "任何人") : organisation;
    } else if (!organisation.empty()) {
      one = pick(one + " of " + organisation, organisation + "的" + one);
    }
    const std::uint32_t role = grantee.role();
    if (role != 0 && role <= role_words.size()) {
      const RoleWords& words = role_words[role - 1];
      one += pick(" as " + std::string(words.en), "(" + std::string(words.zh) + ")");
    }
    if (!grantee.care_team().empty()) {
      one += pick(" in the team " + party(grantee.care_team()),
                  "(团队" + party(grantee.care_team()) + ")");
    }
    return one;
  }

  [[nodiscard]] std::string who(const consent::Rule& rule) const {
    std::vector<std::string> all;
    for (const auto& one : rule.grantees()) all.push_back(grantee(one));
    return all.empty() ? pick("everybody", "任何人") : joined(all);
  }

  [[nodiscard]] std::string why(const consent::Rule& rule) const {
    std::vector<std::string> all;
    for (const std::uint32_t purpose : rule.purposes()) {
      for (const consent::PurposeInfo& info : consent::purpose_infos()) {
        if (static_cast<std::uint32_t>(info.purpose) == purpose) {
          all.push_back(pick(info.en, info.zh));
        }
      }
    }
    if (all.empty()) return pick(", for any purpose", "为任何目的");
    return pick(" for ", "为") + joined(all) + pick("", "目的");
  }

  [[nodiscard]] std::string actions(const consent::Rule& rule) const {
    std::vector<std::string> all;
    for (const std::uint32_t action : rule.actions()) {
      if (action == 0 || action > action_words.size()) continue;
      const RoleWords& words = action_words[action - 1];
      all.push_back(pick(words.en, words.zh));
    }
    return all.empty() ? pick("see or change", "查看或更改") : joined(all);
  }

  [[nodiscard]] std::string kind(const std::string& code) const {
    const auto found = std::ranges::find(kinds, code, &KindWords::type);
    return found == kinds.end() ? code : pick(found->en, found->zh);
  }

  [[nodiscard]] std::string what(const consent::Rule& rule) const {
    std::vector<std::string> all;
    for (const auto& one : rule.classes()) {
      const bool type = one.system() == consent::resource_types_system;
      all.push_back(type ? kind(one.code()) : one.system() + "|" + one.code());
    }
    std::string out = all.empty() ? pick("everything", "全部资料") : joined(all);
    std::vector<std::string> codes;
    for (const auto& one : rule.codes()) codes.push_back(one.system() + "|" + one.code());
    if (!codes.empty()) {
      out += pick(" with the codes " + joined(codes), "(代码:" + joined(codes) + ")");
    }
    std::vector<std::string> records;
    for (const auto& one : rule.data()) {
      const bool related = one.scope() == static_cast<std::uint32_t>(consent::DataScope::related);
      const std::string name = kind(one.type()) + " " + one.id();
      records.push_back(related ? pick(name + " and what belongs to it", name + "及其相关资料")
                                : name);
    }
    if (!records.empty()) out += pick(" in ", ",限") + joined(records);
    return out;
  }

  [[nodiscard]] std::string level(std::uint32_t number) const {
    if (number == 0 || number > level_words.size()) return {};
    return pick(level_words[number - 1].en, level_words[number - 1].zh);
  }

  [[nodiscard]] std::string levels(const consent::Rule& rule) const {
    const std::uint32_t least = rule.confidentiality_min();
    const std::uint32_t most = rule.confidentiality_max();
    if (least == 1 && most == consent::confidentiality_max) return {};
    if (least == 1) {
      return pick(", at most " + level(most), ",保密级别最高为“" + level(most) + "”");
    }
    if (most == consent::confidentiality_max) {
      return pick(", at least " + level(least), ",保密级别至少为“" + level(least) + "”");
    }
    return pick(", from " + level(least) + " to " + level(most),
                ",保密级别自“" + level(least) + "”至“" + level(most) + "”");
  }

  [[nodiscard]] std::string period(const consent::Rule& rule) const {
    std::string out;
    if (rule.has_data_from_ms()) {
      const std::string day = moment_text(rule.data_from_ms());
      out += pick(", of " + day + " or later", ",限 " + day + " 起的资料");
    }
    if (rule.has_data_to_ms()) {
      const std::string day = last_moment_text(rule.data_to_ms());
      out += pick(", of " + day + " or earlier", ",限 " + day + " 及以前的资料");
    }
    return out;
  }

  [[nodiscard]] std::string times(const consent::Policy& policy) const {
    std::string out;
    if (policy.has_start_ms()) {
      const std::string day = moment_text(static_cast<std::int64_t>(policy.start_ms()));
      out += pick(", beginning " + day, ",自 " + day + " 起生效");
    }
    if (policy.has_end_ms()) {
      const std::string day = last_moment_text(static_cast<std::int64_t>(policy.end_ms()));
      out += pick(", until " + day, ",至 " + day + " 止");
    }
    return out;
  }

  [[nodiscard]] std::string authors(const consent::Rule& rule) const {
    std::vector<std::string> all;
    for (const auto& author : rule.authors()) {
      const std::string person = party(author.person());
      all.push_back(person.empty() ? party(author.organisation()) : person);
    }
    if (all.empty()) return {};
    return pick(", written by " + joined(all), ",限由" + joined(all) + "书写的资料");
  }

  [[nodiscard]] std::string sensitivity(const std::string& code) const {
    const auto found = std::ranges::find(sensitivity_infos(), code, &SensitivityInfo::code);
    return found == sensitivity_infos().end() ? code : pick(found->en, found->zh);
  }

  [[nodiscard]] std::string sensitivities(const consent::Rule& rule) const {
    const auto texts = [this](const auto& list) {
      std::vector<std::string> out;
      for (const std::string& code : list) out.push_back(sensitivity(code));
      return out;
    };
    std::string out;
    if (!rule.sensitivities_included().empty()) {
      const std::string all = joined(texts(rule.sensitivities_included()));
      out += pick(", about " + all, ",限涉及" + all + "的资料");
    }
    if (!rule.sensitivities_excluded().empty()) {
      const std::string all = joined(texts(rule.sensitivities_excluded()));
      out += pick(", not about " + all, ",不含涉及" + all + "的资料");
    }
    return out;
  }

  [[nodiscard]] std::string limits(const consent::Rule& rule) const {
    return levels(rule) + period(rule) + authors(rule) + sensitivities(rule);
  }

  /// What an exception takes out.
  [[nodiscard]] std::string taken_out(const consent::Rule& rule) const {
    const bool all = rule.classes().empty() && rule.codes().empty() && rule.data().empty();
    std::string out;
    if (!rule.grantees().empty()) out = who(rule);
    if (out.empty() || !all) out += (out.empty() ? "" : pick(" and ", ",")) + what(rule);
    if (!rule.purposes().empty()) out += why(rule);
    if (!rule.actions().empty()) out += pick(" to ", ",操作:") + actions(rule);
    return out + limits(rule);
  }

  /// Its own exceptions are one level deep here.
  [[nodiscard]] std::string but(const consent::Rule& exception) const {
    std::string out = pick("; except ", ";例外:") + taken_out(exception);
    for (const consent::Rule& inner : exception.exceptions()) {
      out += pick(" (but not ", "(但不包括") + taken_out(inner) + pick(")", ")");
    }
    return out;
  }

  const consent::SealedPolicy& sealed_;
  bool chinese_;
};

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (static_cast<unsigned char>(c) >= 0x20) {  // XML has no other control characters
      out += c;
    }
  }
  return out;
}

}  // namespace

std::string sentence_of(const consent::SealedPolicy& sealed, bool chinese) {
  return Speaker(sealed, chinese).all();
}

std::string end_sentence(std::uint64_t end_ms, bool chinese) {
  if (end_ms == 0) {
    return chinese ? "在您撤回之前一直有效。" : "It holds until you take it back.";
  }
  const std::string last = last_moment_text(static_cast<std::int64_t>(end_ms));
  return chinese ? "有效至 " + last + "(含)。" : "It holds up to and including " + last + ".";
}

std::string narrative_of(const consent::SealedPolicy& sealed, std::uint64_t end_ms) {
  return "<div xmlns=\"http://www.w3.org/1999/xhtml\"><p lang=\"en\" xml:lang=\"en\">" +
         escaped(sentence_of(sealed, false)) + " " + escaped(end_sentence(end_ms, false)) +
         "</p><p lang=\"zh\" xml:lang=\"zh\">" + escaped(sentence_of(sealed, true)) +
         escaped(end_sentence(end_ms, true)) + "</p></div>";
}

}  // namespace xl::consents
