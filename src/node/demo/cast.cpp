// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "node/demo/cast.h"

#include <array>

#include "contracts/identity/messages.pb.h"
#include "contracts/identity/records.h"

namespace xl::node::demo {

using client::bytes_of;
using client::Identity;
using contracts::PartyKind;

namespace {

constexpr std::uint64_t year_ms = 365ULL * 24 * 60 * 60 * 1000;
constexpr std::uint32_t own_purposes = contracts::purpose_sign | contracts::purpose_manage;

constexpr std::size_t same_stem_max = 1000;
/// A patient's name is never written down: it would tell who is a patient here.
constexpr std::string_view patient_stem = "patient";

/// How the staff of the story are called in the name of a file.
constexpr std::array romanised = {
    std::pair{std::string_view("李敏"), std::string_view("li-min")},
    std::pair{std::string_view("王医生"), std::string_view("dr-wang")},
    std::pair{std::string_view("陈核保"), std::string_view("chen-claims")},
    std::pair{std::string_view("周监察"), std::string_view("zhou-auditor")}};

/// A file's name that anybody can type: letters and digits, words joined by hyphens.
std::string stem_of(std::string_view name) {
  for (const auto& [written, typed] : romanised) {
    if (written == name) return std::string(typed);
  }
  std::string out;
  for (const char c : name) {
    const bool upper = c >= 'A' && c <= 'Z';
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (upper || plain) {
      out += upper ? static_cast<char>(c - 'A' + 'a') : c;
    } else if (!out.empty() && out.back() != '-') {
      out += '-';
    }
  }
  while (out.ends_with('-')) out.pop_back();
  return out.empty() ? "persona" : out;
}

}  // namespace

Status must_apply(const Result<client::Sent>& sent) {
  if (!sent.ok()) return sent.error();
  if (!sent->applied()) return make_error(ErrorCode::answer_unexpected, sent->status_name);
  return {};
}

Persona Cast::connect(const Identity& who) {
  return {who.name, std::make_unique<client::Session>(address_, who, clock_)};
}

Result<Cast::Kept> Cast::file_of(const std::string& stem,
                                 const std::function<bool(const Identity&)>& is_meant) const {
  std::string name = stem;
  for (std::size_t number = 2; number <= same_stem_max; ++number) {
    Kept out{folder_ / (name + ".json"), std::nullopt};
    std::error_code failure;
    if (!std::filesystem::exists(out.path, failure)) return out;
    auto kept = client::read_identity(out.path, protection_);
    if (kept.ok() && is_meant(*kept)) {
      out.who = std::move(*kept);
      return out;
    }
    name = stem + "-" + std::to_string(number);
  }
  return make_error(ErrorCode::answer_unexpected, "too many personas called " + stem);
}

Result<Persona> Cast::organisation(const Layout& layout, const Unlock& unlock,
                                   const std::string& name, const model::Id& did) {
  XL_TRY_ASSIGN(crypto::SigningKey key, unlock.load_signing_key(layout.service_key(did.text())));
  Persona out = connect({name, did, PartyKind::organisation, did, std::move(key), {}});
  XL_TRY(out.session->sign_in(did, {}));
  return out;
}

Result<Persona> Cast::practitioner(Persona& employer, const std::string& name, identity::Role role,
                                   identity::LicenceType licence) {
  const model::Id& organisation = employer.did();
  XL_TRY_ASSIGN(Kept kept, file_of(stem_of(name), [&](const Identity& one) {
                  return one.organisation == organisation && one.kind == PartyKind::practitioner &&
                         one.name == name;
                }));
  const bool fresh = !kept.who;
  Identity who = fresh ? client::make_identity(name, PartyKind::practitioner, organisation)
                       : std::move(*kept.who);
  if (fresh) who.roles = {static_cast<std::uint32_t>(role)};
  Persona out = connect(who);
  out.name = name;
  if (fresh) {
    xinglin::identity::v1::AttestPractitioner message;
    message.set_organisation(bytes_of(organisation.bytes));
    message.set_practitioner(bytes_of(who.did.bytes));
    message.add_roles(static_cast<std::uint32_t>(role));
    message.set_licence_type(static_cast<std::uint32_t>(licence));
    if (licence != identity::LicenceType::none) {
      message.set_licence_commitment(bytes_of(client::committed("licence number")));
    }
    message.set_valid_to_ms(clock_.now_ms() + year_ms);
    XL_TRY_ASSIGN(const model::Genesis* genesis, employer.session->genesis());
    client::fill_new_key(genesis->network, who.did, who.key, own_purposes, 0, *message.add_keys());
    XL_TRY(must_apply(employer.session->submit(identity::contract_number,
                                               identity::attest_practitioner_type, message)));
    XL_TRY(client::write_identity(kept.path, who, protection_));
  }
  XL_TRY(out.session->sign_in(organisation, {static_cast<std::uint32_t>(role)}));
  return out;
}

Result<Persona> Cast::patient(Persona& custodian, const std::string& name, const model::Id& did) {
  XL_TRY_ASSIGN(Kept kept, file_of(std::string(patient_stem),
                                   [&](const Identity& one) { return one.did == did; }));
  const bool fresh = !kept.who;
  Identity who =
      fresh ? client::make_identity(std::string(patient_stem), PartyKind::patient, custodian.did())
            : std::move(*kept.who);
  if (fresh) who.did = did;
  Persona out = connect(who);
  out.name = name;
  if (fresh) {
    xinglin::identity::v1::ClaimPatient message;
    message.set_patient(bytes_of(did.bytes));
    XL_TRY_ASSIGN(const model::Genesis* genesis, custodian.session->genesis());
    client::fill_new_key(genesis->network, did, who.key, own_purposes, 0, *message.add_keys());
    message.set_evidence(bytes_of(client::committed("identity card shown at the desk")));
    XL_TRY(must_apply(custodian.session->submit(identity::contract_number,
                                                identity::claim_patient_type, message)));
    XL_TRY(client::write_identity(kept.path, who, protection_));
  }
  XL_TRY(out.session->sign_in(custodian.did(), {}));
  return out;
}

Persona Cast::stranger(const std::string& name) {
  Persona out = connect(client::make_identity({}, PartyKind::patient, client::random_id()));
  out.name = name;
  return out;
}

}  // namespace xl::node::demo
