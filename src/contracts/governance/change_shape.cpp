// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/api/shape.h"
#include "contracts/governance/changes.h"
#include "contracts/governance/parameters.h"
#include "contracts/identity/view.h"
#include "crypto/signature.h"
#include "model/limits.h"
#include "model/member_address.h"

namespace xl::contracts::governance {

namespace wire = xinglin::governance::v1;

namespace {

Status check_ed25519(const std::string& key, std::string_view name) {
  const bool fine = crypto::check_public_key(crypto::Algorithm::ed25519, view_of(key)).ok();
  return fine ? Status{} : Status(malformed(name));
}

Status check_bound(std::uint64_t value, std::uint64_t max, std::string_view name) {
  return value <= max ? Status{} : Status(malformed(name));
}

/// Ed25519 keys are checked as such; what another type's look like is not known here.
Status check_validator_key(std::uint32_t algorithm, const std::string& key) {
  if (algorithm == 0 || algorithm > 255 || key.empty()) return malformed("validator key");
  if (algorithm != static_cast<std::uint32_t>(crypto::Algorithm::ed25519)) return {};
  return check_ed25519(key, "validator key");
}

Status check_admit(const wire::AdmitMember& in) {
  const auto count = static_cast<std::uint32_t>(in.organisations_size());
  if (count == 0 || count > limits::member_organisations_max) return malformed("organisations");
  for (const wire::AdmittedOrganisation& one : in.organisations()) {
    XL_TRY(check_id(one.did(), "did"));
    if (one.name().empty() || one.name().size() > limits::name_bytes_max) return malformed("name");
    const auto last = static_cast<std::uint32_t>(identity::OrganisationType::other);
    if (one.type() == 0 || one.type() > last) return malformed("type");
    XL_TRY(check_ed25519(one.service_key(), "service_key"));
  }
  XL_TRY(check_ed25519(in.envelope_key(), "envelope_key"));
  XL_TRY(check_ed25519(in.peer_key(), "peer_key"));
  XL_TRY(check_validator_key(in.validator_algorithm(), in.validator_key()));
  XL_TRY(check_places(in.address(), in.gateway()));
  XL_TRY(check_bound(in.weight(), limits::member_weight_max, "weight"));
  return check_bound(in.power(), limits::member_power_max, "power");
}

}  // namespace

Status check_places(const std::string& address, const std::string& gateway) {
  if (!model::is_engine_address(address)) return malformed("address");
  return gateway.empty() || model::is_gateway_url(gateway) ? Status{}
                                                           : Status(malformed("gateway"));
}

Status check_change_shape(const wire::Propose& content) {
  switch (content.change_case()) {
    case wire::Propose::kAdmit:
      return check_admit(content.admit());
    case wire::Propose::kExpel:
      return check_id(content.expel().member(), "member");
    case wire::Propose::kWeight:
      XL_TRY(check_id(content.weight().member(), "member"));
      return check_bound(content.weight().weight(), limits::member_weight_max, "weight");
    case wire::Propose::kValidator:
      XL_TRY(check_id(content.validator().member(), "member"));
      XL_TRY(check_validator_key(content.validator().algorithm(), content.validator().key()));
      return check_bound(content.validator().power(), limits::member_power_max, "power");
    case wire::Propose::kParameters:
      return check_parameters_shape(content.parameters());
    case wire::Propose::kVersion:
      return content.version().version() > 0 ? Status{} : Status(malformed("version"));
    case wire::Propose::CHANGE_NOT_SET:
      break;
  }
  return malformed("change");
}

}  // namespace xl::contracts::governance
