// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "node/demo/cast.h"

#include "contracts/identity/messages.pb.h"
#include "contracts/identity/records.h"
#include "crypto/hash.h"

namespace xl::node::demo {

using client::bytes_of;
using client::Identity;
using contracts::PartyKind;

namespace {

constexpr std::uint64_t year_ms = 365ULL * 24 * 60 * 60 * 1000;
constexpr std::uint32_t own_purposes = contracts::purpose_sign | contracts::purpose_manage;

}  // namespace

Status must_apply(const Result<client::Sent>& sent) {
  if (!sent.ok()) return sent.error();
  if (!sent->applied()) return make_error(ErrorCode::answer_unexpected, sent->status_name);
  return {};
}

Persona Cast::connect(const Identity& who) {
  return {who.name, std::make_unique<client::Session>(address_, who, clock_)};
}

/// Named by a digest: the folder must not say who is a patient where.
std::filesystem::path Cast::file_of(const model::Id& organisation, const std::string& name) const {
  const Hash digest = crypto::sha256({organisation.view(), protection_.secret, view_of(name)});
  return folder_ / (to_hex(ByteView(digest).first(8)) + ".json");
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
  const auto path = file_of(organisation, name);
  auto kept = client::read_identity(path, protection_);
  const bool fresh = !kept.ok();
  // The name is not written down: it would stand on the disk in the clear.
  const Identity who =
      fresh ? client::make_identity({}, PartyKind::practitioner, organisation) : std::move(*kept);
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
    XL_TRY(client::write_identity(path, who, protection_));
  }
  XL_TRY(out.session->sign_in(organisation, {static_cast<std::uint32_t>(role)}));
  return out;
}

Result<Persona> Cast::patient(Persona& custodian, const std::string& name, const model::Id& did) {
  const auto path = file_of(custodian.did(), name);
  auto kept = client::read_identity(path, protection_);
  const bool fresh = !kept.ok();
  Identity who =
      fresh ? client::make_identity({}, PartyKind::patient, custodian.did()) : std::move(*kept);
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
    XL_TRY(client::write_identity(path, who, protection_));
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
