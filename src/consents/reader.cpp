// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "consents/reader.h"

#include <algorithm>
#include <initializer_list>
#include <map>

#include "base/error_detail.h"
#include "consents/codes.h"
#include "consents/provision.h"
#include "contracts/api/shape.h"
#include "fhir/definitions.h"
#include "fhir/labels.h"
#include "fhir/time.h"
#include "model/limits.h"

namespace xl::consents {

namespace consent = contracts::consent;

namespace {

std::string bytes_text(const model::Id& id) { return {id.bytes.begin(), id.bytes.end()}; }

std::string_view text_in(json::Value object, std::string_view key) {
  return object.find(key).as_string().value_or(std::string_view{});
}

std::string item_of(const std::string& place, std::size_t number) {
  return place + "[" + std::to_string(number) + "]";
}

/// Refuses the first member that is not `known`.
Status only(json::Value object, const std::string& place,
            std::initializer_list<std::string_view> known) {
  for (const json::Member member : object.members()) {
    if (std::ranges::find(known, member.key) != known.end()) continue;
    return unsupported_at(place + "." + std::string(member.key));
  }
  return {};
}

/// Calls `take(item, place)` for each item of an array.
template <typename Take>
Status each(json::Value array, const std::string& place, Take take) {
  std::size_t number = 0;
  for (const json::Value item : array.items()) XL_TRY(take(item, item_of(place, number++)));
  return {};
}

/// `take(system, code, place)` for a Coding, whose words are passed over.
template <typename Take>
Status coding(json::Value value, const std::string& place, Take take) {
  XL_TRY(only(value, place, {"system", "code", "display", "userSelected"}));
  const std::string_view code = text_in(value, "code");
  if (code.empty()) return invalid_at(place + ".code");
  return take(text_in(value, "system"), code, place);
}

template <typename Take>
Status concept_codes(json::Value value, const std::string& place, Take take) {
  XL_TRY(only(value, place, {"coding", "text"}));
  if (value.find("coding").size() == 0) return invalid_at(place + ".coding");
  return each(value.find("coding"), place + ".coding",
              [&](json::Value one, const std::string& at) { return coding(one, at, take); });
}

/// `Type` and `id` of this server's own relative reference.
struct LocalName {
  std::string_view type;
  std::string_view id;
};
std::optional<LocalName> local_name(std::string_view reference) {
  const std::size_t slash = reference.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const LocalName out{reference.substr(0, slash), reference.substr(slash + 1)};
  const bool plain = fhir::is_resource_type(out.type) && !out.id.empty() &&
                     out.id.size() <= limits::record_name_bytes_max &&
                     out.id.find('/') == std::string_view::npos;
  if (!plain) return std::nullopt;
  return out;
}

/// A form and its provisions.
class Reader {
 public:
  explicit Reader(const ReadContext& context) : context_(context) {}

  Result<ConsentRead> read(json::Value root) {
    XL_TRY(only(root, "Consent",
                {"resourceType", "id", "meta", "language", "text", "status", "patient", "performer",
                 "verification", "identifier", "scope", "category", "dateTime", "organization",
                 "sourceReference", "policy", "policyRule", "provision"}));
    XL_TRY(read_form(root));
    if (!root.find("provision").is_object()) return invalid_at("Consent.provision");
    std::vector<Provision> roots;
    XL_TRY(read_provision(root.find("provision"), "Consent.provision", 0, roots));
    // Modules of the Broad Consent stand in inner provisions; at the root there is one rule.
    if (roots.size() != 1) return unsupported_at("Consent.provision.code");
    XL_TRY(check_rule_of_policy(root, roots.front()));
    return finish(roots.front());
  }

 private:
  Result<ConsentRead> finish(const Provision& root) {
    const Window whole = root.window.value_or(Window{});
    const auto now = static_cast<std::int64_t>(context_.now_ms);
    if (whole.end_ms <= now) return invalid_at("Consent.provision.period.end");
    XL_TRY_ASSIGN(const std::vector<consent::Policy> policies, compile(root, whole));
    if (policies.empty()) return invalid_at("Consent.provision");
    if (policies.size() > limits::policies_max) return unsupported_at("Consent.provision");
    ConsentRead out;
    *out.sealed.mutable_policy() = policies.front();
    for (std::size_t i = 1; i < policies.size(); ++i) *out.sealed.add_further() = policies[i];
    for (const auto& [did, name] : names_) {
      auto* added = form_.add_names();
      added->set_did(bytes_text(did));
      added->set_text(name);
    }
    *out.sealed.mutable_form() = form_;
    consent::normalise(out.sealed);
    for (const consent::Policy& policy : policies) {
      consent::Policy one = policy;
      consent::normalise(one);
      const Status fits = consent::check_policy(one);
      if (!fits.ok())
        return invalid_at("Consent.provision: " + std::string(detail_of(fits.error())));
    }
    if (whole.start_ms > now) out.start_ms = static_cast<std::uint64_t>(whole.start_ms);
    if (whole.end_ms != Window{}.end_ms) out.end_ms = static_cast<std::uint64_t>(whole.end_ms);
    return out;
  }

  Status read_form(json::Value root) {
    XL_TRY(concept_codes(root.find("scope"), "Consent.scope", [&](auto system, auto code, auto at) {
      const bool known =
          system == scope_system && (code == "patient-privacy" || code == "research");
      if (!known) return Status(unsupported_at(at));
      form_.set_scope(static_cast<std::uint32_t>(
          code == "research" ? consent::ConsentScope::research : consent::ConsentScope::privacy));
      return Status{};
    }));
    const auto add_category = [&](auto system, auto code, const std::string&) {
      auto* added = form_.add_categories();
      added->set_system(std::string(system));
      added->set_value(std::string(code));
      return Status{};
    };
    XL_TRY(each(root.find("category"), "Consent.category",
                [&](json::Value one, const std::string& at) {
                  return concept_codes(one, at, add_category);
                }));
    XL_TRY(read_identity(root));
    const auto check_custodian = [&](json::Value one, const std::string& at) -> Status {
      XL_TRY_ASSIGN(const Party party, find(one, at));
      return party.did == context_.custodian ? Status{} : Status(unsupported_at(at));
    };
    XL_TRY(each(root.find("organization"), "Consent.organization", check_custodian));
    form_.set_date_time(std::string(text_in(root, "dateTime")));
    return read_source(root);
  }

  Status read_identity(json::Value root) {
    const auto add_identifier = [&](json::Value one, const std::string& at) -> Status {
      XL_TRY(only(one, at, {"system", "value"}));
      auto* added = form_.add_identifiers();
      added->set_system(std::string(text_in(one, "system")));
      added->set_value(std::string(text_in(one, "value")));
      return {};
    };
    XL_TRY(each(root.find("identifier"), "Consent.identifier", add_identifier));
    const auto add_policy = [&](json::Value one, const std::string& at) -> Status {
      XL_TRY(only(one, at, {"uri"}));
      form_.add_policies(std::string(text_in(one, "uri")));
      return {};
    };
    return each(root.find("policy"), "Consent.policy", add_policy);
  }

  Status read_source(json::Value root) {
    const json::Value source = root.find("sourceReference");
    if (!source.present()) return {};
    const std::string place = "Consent.sourceReference";
    XL_TRY(only(source, place, {"reference", "display", "type"}));
    if (!local_name(text_in(source, "reference"))) return unsupported_at(place + ".reference");
    form_.set_source(std::string(text_in(source, "reference")));
    return {};
  }

  /// An opt-in whose root denies, and an opt-out whose root permits, say two things at once.
  Status check_rule_of_policy(json::Value root, const Provision& provision) {
    const json::Value rule = root.find("policyRule");
    if (!rule.present()) return {};
    std::size_t count = 0;
    return concept_codes(rule, "Consent.policyRule", [&](auto system, auto code, auto at) {
      const bool in = code == "OPTIN" || code == "OPTINR";
      const bool out = code == "OPTOUT" || code == "OPTOUTE";
      const bool against = system == act_code_system && (in || out) && provision.permit != in;
      if (against || ++count > 1) return Status(unsupported_at(at));
      form_.mutable_policy_rule()->set_system(std::string(system));
      form_.mutable_policy_rule()->set_value(std::string(code));
      return Status{};
    });
  }

  Result<Party> find(json::Value reference, const std::string& place) {
    auto party = context_.find(reference);
    if (!party.ok()) return make_error(party.error().code, place);
    if (!party->name.empty()) {
      std::string& name = names_[party->did];
      name = party->name.substr(0, limits::form_name_bytes_max);
      // Not in the middle of a character.
      while (!name.empty() && name.size() < party->name.size() &&
             (static_cast<unsigned char>(party->name[name.size()]) & 0xC0U) == 0x80U) {
        name.pop_back();
      }
    }
    return party;
  }

  /// One provision; several where it names modules of the Broad Consent.
  Status read_provision(json::Value value, const std::string& place, std::size_t depth,
                        std::vector<Provision>& out) {
    if (depth > limits::exception_depth_max + 1) return unsupported_at(place);
    XL_TRY(only(value, place,
                {"modifierExtension", "type", "period", "actor", "action", "securityLabel",
                 "purpose", "class", "code", "dataPeriod", "data", "provision"}));
    Provision provision;
    provision.place = place;
    provision.rule.set_confidentiality_min(1);
    provision.rule.set_confidentiality_max(consent::confidentiality_max);
    const std::string_view type = text_in(value, "type");
    if (!type.empty()) provision.permit = type == "permit";
    XL_TRY(read_period(value.find("period"), place + ".period", provision.window));
    XL_TRY(read_people(value, place, provision));
    XL_TRY(read_uses(value, place, provision));
    XL_TRY(read_labels(value.find("securityLabel"), place + ".securityLabel", provision));
    XL_TRY(
        read_modifiers(value.find("modifierExtension"), place + ".modifierExtension", provision));
    XL_TRY(read_data(value, place, provision));
    std::vector<BroadModule> modules;
    XL_TRY(read_kinds(value, place, provision, modules));
    if (!provision.permit && depth > 0) return invalid_at(place + ".type");
    if (!provision.permit) XL_TRY(check_holder(value, place));
    XL_TRY(each(value.find("provision"), place + ".provision",
                [&](json::Value one, const std::string& at) {
                  return read_provision(one, at, depth + 1, provision.inner);
                }));
    if (modules.empty()) {
      add_research(provision);
      out.push_back(std::move(provision));
      return {};
    }
    for (const BroadModule& module : modules) XL_TRY(add_module(provision, module, out));
    return {};
  }

  /// What a root without a type says would hang in the air.
  static Status check_holder(json::Value value, const std::string& place) {
    for (const json::Member member : value.members()) {
      if (member.key != "period" && member.key != "provision") return invalid_at(place + ".type");
    }
    return {};
  }

  /// A consent to research is about no other purpose.
  void add_research(Provision& provision) const {
    const bool research =
        form_.scope() == static_cast<std::uint32_t>(consent::ConsentScope::research);
    if (!research || !provision.permit || !provision.rule.purposes().empty()) return;
    for (const auto purpose :
         {consent::PurposeOfUse::research, consent::PurposeOfUse::clinical_trial}) {
      provision.rule.add_purposes(static_cast<std::uint32_t>(purpose));
    }
  }

  Status add_module(const Provision& provision, const BroadModule& module,
                    std::vector<Provision>& out) const {
    Provision one = provision;
    const bool says_itself = !one.rule.purposes().empty() || !one.rule.actions().empty() ||
                             !one.rule.classes().empty() || !one.rule.codes().empty();
    if (says_itself) return unsupported_at(one.place + ".code");
    one.rule.add_purposes(static_cast<std::uint32_t>(consent::PurposeOfUse::research));
    for (std::uint32_t action = 1; action <= consent::action_max; ++action) {
      if ((module.actions >> (action - 1) & 1U) != 0) one.rule.add_actions(action);
    }
    if (module.specimens) add_type("Specimen", one.rule);
    if (module.at_home && one.rule.grantees().empty()) {
      one.rule.add_grantees()->set_organisation(bytes_text(context_.custodian));
    }
    out.push_back(std::move(one));
    return {};
  }

  static Status read_period(json::Value value, const std::string& place,
                            std::optional<Window>& out) {
    if (!value.present()) return {};
    XL_TRY(only(value, place, {"start", "end"}));
    Window window;
    if (value.find("start").present()) {
      const auto start = fhir::time_range_of(text_in(value, "start"));
      if (!start) return invalid_at(place + ".start");
      window.start_ms = std::max<std::int64_t>(start->low, 0);
    }
    if (value.find("end").present()) {
      const auto end = fhir::time_range_of(text_in(value, "end"));
      if (!end || end->high >= window.end_ms) return invalid_at(place + ".end");
      window.end_ms = end->high + 1;
    }
    if (window.empty()) return invalid_at(place);
    out = window;
    return {};
  }

  Status read_people(json::Value value, const std::string& place, Provision& out) {
    return each(value.find("actor"), place + ".actor",
                [&](json::Value one, const std::string& at) { return read_actor(one, at, out); });
  }

  Status read_actor(json::Value value, const std::string& place, Provision& out) {
    XL_TRY(only(value, place, {"role", "reference", "modifierExtension"}));
    std::string role;
    XL_TRY(concept_codes(value.find("role"), place + ".role", [&](auto system, auto code, auto at) {
      if (system != participation_system) return Status(unsupported_at(at));
      role = code;
      return Status{};
    }));
    xinglin::consent::v1::Grantee grantee;
    XL_TRY(read_limits(value.find("modifierExtension"), place + ".modifierExtension", grantee));
    const json::Value reference = value.find("reference");
    // Everybody in a role or of an organisation is nobody in particular.
    const bool nobody = reference.size() == 1 && reference.find("display").present();
    if (nobody && grantee.ByteSizeLong() == 0) return unsupported_at(place + ".reference");
    Party party;
    if (!nobody) {
      XL_TRY_ASSIGN(party, find(reference, place + ".reference"));
    }
    if (role == "AUT") return add_author(party, place, out);
    if (role == "CST") {  // whose data: this custodian keeps no other's
      return party.did == context_.custodian ? Status{} : Status(unsupported_at(place));
    }
    if (role != "IRCP" && role != "PRCP") return unsupported_at(place + ".role");
    if (!nobody) XL_TRY(set_party(party, place, grantee));
    *out.rule.add_grantees() = grantee;
    return {};
  }

  static Status set_party(const Party& party, const std::string& place,
                          xinglin::consent::v1::Grantee& out) {
    if (party.type == "Organization") {
      out.set_organisation(bytes_text(party.did));
    } else if (party.type == "CareTeam") {
      out.set_care_team(bytes_text(party.did));
    } else if (party.type == "Practitioner" || party.type == "PractitionerRole" ||
               party.type == "RelatedPerson" || party.type == "Patient") {
      out.set_person(bytes_text(party.did));
      if (!party.organisation.is_zero()) out.set_organisation(bytes_text(party.organisation));
    } else {
      return unsupported_at(place + ".reference");
    }
    return {};
  }

  Status read_limits(json::Value extensions, const std::string& place,
                     xinglin::consent::v1::Grantee& out) {
    return each(extensions, place, [&](json::Value one, const std::string& at) -> Status {
      const std::string_view url = text_in(one, "url");
      if (url == actor_role_url) {
        XL_TRY(only(one, at, {"url", "valueCoding"}));
        return coding(one.find("valueCoding"), at, [&](auto system, auto code, auto where) {
          const auto role = role_of_code(code);
          if (system != role_system || !role) return Status(unsupported_at(where));
          out.set_role(*role);
          return Status{};
        });
      }
      const bool organisation = url == actor_organisation_url;
      if (!organisation && url != actor_team_url) return unsupported_at(at);
      XL_TRY(only(one, at, {"url", "valueReference"}));
      XL_TRY_ASSIGN(const Party party, find(one.find("valueReference"), at));
      if (party.type != (organisation ? "Organization" : "CareTeam")) return unsupported_at(at);
      (organisation ? out.mutable_organisation() : out.mutable_care_team())
          ->assign(bytes_text(party.did));
      return {};
    });
  }

  static Status add_author(const Party& party, const std::string& place, Provision& out) {
    auto* author = out.rule.add_authors();
    if (party.type == "Organization") {
      author->set_organisation(bytes_text(party.did));
    } else if (party.type == "Practitioner" || party.type == "PractitionerRole") {
      author->set_person(bytes_text(party.did));
      if (!party.organisation.is_zero()) author->set_organisation(bytes_text(party.organisation));
    } else {
      return unsupported_at(place + ".reference");
    }
    return {};
  }

  static Status read_uses(json::Value value, const std::string& place, Provision& out) {
    XL_TRY(each(value.find("purpose"), place + ".purpose",
                [&](json::Value one, const std::string& at) {
                  return coding(one, at, [&](auto system, auto code, auto where) {
                    const auto purpose = consent::purpose_of_code(code);
                    if (system != reason_system || !purpose) return Status(unsupported_at(where));
                    out.rule.add_purposes(static_cast<std::uint32_t>(*purpose));
                    return Status{};
                  });
                }));
    const auto add = [&](auto system, auto code, auto at) {
      const auto actions = actions_of(system, code);
      if (actions.empty()) return Status(unsupported_at(at));
      for (const consent::Action one : actions) {
        out.rule.add_actions(static_cast<std::uint32_t>(one));
      }
      return Status{};
    };
    return each(
        value.find("action"), place + ".action",
        [&](json::Value one, const std::string& at) { return concept_codes(one, at, add); });
  }

  /// A permit reaches up to the highest level it names, a refusal from the lowest on (R4, "a high
  /// water mark"; PCF, Advanced).
  static Status read_labels(json::Value value, const std::string& place, Provision& out) {
    std::uint32_t lowest = consent::confidentiality_max + 1;
    std::uint32_t highest = 0;
    XL_TRY(each(value, place, [&](json::Value one, const std::string& at) {
      return coding(one, at, [&](auto system, auto code, auto where) {
        if (system == act_code_system) {
          const bool known = std::ranges::find(sensitivity_infos(), code, &SensitivityInfo::code) !=
                             sensitivity_infos().end();
          if (!known) return Status(unsupported_at(where));
          for (std::string& each_code : with_narrower(code)) {
            out.rule.add_sensitivities_included(std::move(each_code));
          }
          return Status{};
        }
        const bool graded = system == confidentiality_system || system == fhir::gbt_39725_levels;
        const auto number = confidentiality_number(
            system == fhir::gbt_39725_levels ? fhir::confidentiality_of_level(code) : code);
        if (!graded || !number) return Status(unsupported_at(where));
        lowest = std::min(lowest, *number);
        highest = std::max(highest, *number);
        return Status{};
      });
    }));
    out.has_labels = value.size() != 0;
    if (!out.has_labels || !out.permit) return {};
    if (highest == 0) {
      // Very restricted data is opened by name alone.
      if (*out.permit) out.rule.set_confidentiality_max(5);
    } else if (*out.permit) {
      out.rule.set_confidentiality_max(highest);
    } else {
      out.rule.set_confidentiality_min(lowest);
    }
    return {};
  }

  static Status read_modifiers(json::Value value, const std::string& place, Provision& out) {
    return each(value, place, [&](json::Value one, const std::string& at) -> Status {
      const std::string_view url = text_in(one, "url");
      if (url == only_exception_url) {
        XL_TRY(only(one, at, {"url", "valueBoolean"}));
        out.only_exception = one.find("valueBoolean").as_bool().value_or(false);
        return {};
      }
      out.has_labels = true;
      if (url == not_sensitive_url) {
        XL_TRY(only(one, at, {"url", "valueCoding"}));
        return coding(one.find("valueCoding"), at, [&](auto system, auto code, auto where) {
          if (system != act_code_system) return Status(unsupported_at(where));
          for (std::string& each_code : with_narrower(code)) {
            out.rule.add_sensitivities_excluded(std::move(each_code));
          }
          return Status{};
        });
      }
      if (url != confidentiality_url) return unsupported_at(at);
      XL_TRY(only(one, at, {"url", "valueCodeableConcept"}));
      std::vector<std::uint32_t> ends;
      XL_TRY(concept_codes(one.find("valueCodeableConcept"), at,
                           [&](auto system, auto code, auto where) {
                             const auto level = confidentiality_number(code);
                             if (system != confidentiality_system || !level) {
                               return Status(unsupported_at(where));
                             }
                             ends.push_back(*level);
                             return Status{};
                           }));
      if (ends.size() != 2) return invalid_at(at);
      out.rule.set_confidentiality_min(ends[0]);
      out.rule.set_confidentiality_max(ends[1]);
      return {};
    });
  }

  Status read_data(json::Value value, const std::string& place, Provision& out) {
    const json::Value period = value.find("dataPeriod");
    if (period.present()) XL_TRY(read_data_period(period, place + ".dataPeriod", out.rule));
    return each(value.find("data"), place + ".data",
                [&](json::Value one, const std::string& at) -> Status {
                  XL_TRY(only(one, at, {"modifierExtension", "meaning", "reference"}));
                  const std::string_view meaning = text_in(one, "meaning");
                  const json::Value reference = one.find("reference");
                  if (meaning == "authoredby") {
                    XL_TRY_ASSIGN(Party party, find(reference, at + ".reference"));
                    xinglin::consent::v1::Grantee of;
                    XL_TRY(read_limits(one.find("modifierExtension"), at, of));
                    if (of.role() != 0 || !of.care_team().empty()) return unsupported_at(at);
                    if (!of.organisation().empty()) {
                      party.organisation = contracts::id_of(of.organisation());
                    }
                    return add_author(party, at, out);
                  }
                  return add_data(reference, meaning == "instance", at + ".reference", out.rule);
                });
  }

  static Status add_data(json::Value reference, bool instance, const std::string& place,
                         consent::Rule& out) {
    XL_TRY(only(reference, place, {"reference", "display", "type"}));
    const auto name = local_name(text_in(reference, "reference"));
    if (!name) return unsupported_at(place);
    const bool holds_others =
        name->type == "Encounter" || name->type == "CarePlan" || name->type == "EpisodeOfCare";
    if (!instance && !holds_others) return unsupported_at(place);
    auto* added = out.add_data();
    added->set_scope(static_cast<std::uint32_t>(instance ? consent::DataScope::instance
                                                         : consent::DataScope::related));
    added->set_type(std::string(name->type));
    added->set_id(std::string(name->id));
    return {};
  }

  static Status read_data_period(json::Value value, const std::string& place, consent::Rule& out) {
    XL_TRY(only(value, place, {"start", "end"}));
    if (value.find("start").present()) {
      const auto start = fhir::time_range_of(text_in(value, "start"));
      if (!start) return invalid_at(place + ".start");
      out.set_data_from_ms(start->low);
    }
    if (value.find("end").present()) {
      const auto end = fhir::time_range_of(text_in(value, "end"));
      if (!end) return invalid_at(place + ".end");
      out.set_data_to_ms(end->high + 1);
    }
    return {};
  }

  static void add_type(std::string_view type, consent::Rule& out) {
    auto* added = out.add_classes();
    added->set_system(std::string(consent::resource_types_system));
    added->set_code(std::string(type));
  }

  static Status read_kinds(json::Value value, const std::string& place, Provision& out,
                           std::vector<BroadModule>& modules) {
    XL_TRY(each(value.find("class"), place + ".class", [&](json::Value one, const std::string& at) {
      return coding(one, at, [&](auto system, auto code, auto where) {
        if (system == gbt_39725_classes && !types_of_gbt_class(code).empty()) {
          for (const auto type : types_of_gbt_class(code)) add_type(type, out.rule);
          return Status{};
        }
        const bool type = system == consent::resource_types_system;
        if (!type || !fhir::is_resource_type(code)) {
          return Status(unsupported_at(where));
        }
        add_type(code, out.rule);
        return Status{};
      });
    }));
    const auto add = [&](auto system, auto code, auto at) {
      if (system == broad_consent_system) {
        const auto module = broad_module(code);
        if (!module) return Status(unsupported_at(at));
        modules.push_back(*module);
        return Status{};
      }
      const bool sized = !system.empty() && system.size() <= limits::class_system_bytes_max &&
                         code.size() <= limits::class_code_bytes_max;
      if (!sized) return Status(unsupported_at(at));
      auto* added = out.rule.add_codes();
      added->set_system(std::string(system));
      added->set_code(std::string(code));
      return Status{};
    };
    XL_TRY(each(value.find("code"), place + ".code", [&](json::Value one, const std::string& at) {
      return concept_codes(one, at, add);
    }));
    const bool mixed = !modules.empty() && !out.rule.codes().empty();
    return mixed ? Status(unsupported_at(place + ".code")) : Status{};
  }

  const ReadContext& context_;
  xinglin::consent::v1::Form form_;
  std::map<model::Id, std::string> names_;
};

}  // namespace

Error unsupported_at(std::string_view place) {
  return make_error(ErrorCode::consent_unsupported, place);
}

Error invalid_at(std::string_view place) { return make_error(ErrorCode::consent_invalid, place); }

Result<ConsentRead> read_consent(json::Value consent, const ReadContext& context) {
  return Reader(context).read(consent);
}

}  // namespace xl::consents
