// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "node/init.h"

#include <algorithm>

#include "base/file.h"
#include "crypto/random.h"
#include "node/network/founding.h"
#include "ordering/cometbft/sign_state.h"

namespace xl::node {
namespace {

constexpr std::size_t organisations_max = 64;
constexpr std::size_t name_bytes_max = 128;
constexpr std::string_view config_text =
    "# Xinglin node. Every key is explained in docs/reference/configuration.md.\n"
    "[gateway]\n"
    "listen = \"127.0.0.1\"\n"
    "port = 7410\n";

Status check_member(const NewMember& member) {
  XL_TRY(check_network_name(member.network_name));
  XL_TRY(check_address(member.address));
  XL_TRY(check_gateway(member.gateway));
  if (member.organisations.empty() || member.organisations.size() > organisations_max) {
    return make_error(ErrorCode::usage_invalid, "1..64 organisations");
  }
  for (const NewOrganisation& organisation : member.organisations) {
    if (organisation.name.empty() || organisation.name.size() > name_bytes_max) {
      return make_error(ErrorCode::usage_invalid, "organisation name: 1..128 bytes");
    }
  }
  return {};
}

/// A new Ed25519 key, in a key file too.
Result<crypto::SigningKey> make_key(const std::filesystem::path& path, const Unlock& unlock) {
  XL_TRY_ASSIGN(crypto::SigningKey key, crypto::SigningKey::generate(crypto::Algorithm::ed25519));
  XL_TRY(unlock.save(path, crypto::keyfile::Kind::ed25519, key.secret()));
  return key;
}

/// The organisation's key once more, as the client's commands take it.
Status write_identity_file(const Layout& layout, const std::string& name, const model::Id& did,
                           const Unlock& unlock) {
  XL_TRY_ASSIGN(crypto::SigningKey key, unlock.load_signing_key(layout.service_key(did.text())));
  const client::Identity identity{name,           did, contracts::PartyKind::organisation, did,
                                  std::move(key), {}};
  return client::write_identity(layout.identity_file(did.text()), identity,
                                unlock.for_identities());
}

}  // namespace

std::optional<OrganisationType> organisation_type_of(std::string_view word) {
  constexpr std::pair<std::string_view, OrganisationType> words[] = {
      {"hospital", OrganisationType::hospital},
      {"clinic", OrganisationType::clinic},
      {"pharmacy", OrganisationType::pharmacy},
      {"laboratory", OrganisationType::laboratory},
      {"insurer", OrganisationType::insurer},
      {"regulator", OrganisationType::regulator},
      {"medicine-maker", OrganisationType::medicine_maker},
      {"distributor", OrganisationType::distributor},
      {"device-maker", OrganisationType::device_maker},
      {"research", OrganisationType::research_institute},
      {"other", OrganisationType::other}};
  for (const auto& [name, type] : words) {
    if (name == word) return type;
  }
  return std::nullopt;
}

Status parse_organisations(const std::vector<std::string>& texts,
                           std::vector<NewOrganisation>& out) {
  for (const std::string& text : texts) {
    const std::size_t colon = text.rfind(':');
    const auto type =
        colon == std::string::npos ? std::nullopt : organisation_type_of(text.substr(colon + 1));
    if (!type) {
      return make_error(
          ErrorCode::usage_invalid,
          "--organisation is NAME:TYPE; types: hospital, clinic, pharmacy, laboratory, "
          "insurer, regulator, medicine-maker, distributor, device-maker, research, other");
    }
    out.push_back({text.substr(0, colon), *type});
  }
  return {};
}

Result<MemberCard> make_member(const Layout& layout, const NewMember& member, const Unlock& unlock,
                               const Clock& clock) {
  XL_TRY(check_member(member));
  std::error_code failure;
  if (std::filesystem::exists(layout.genesis(), failure) ||
      std::filesystem::exists(layout.own_card(), failure)) {
    return make_error(ErrorCode::data_folder_exists, layout.root.string());
  }
  const bool fresh = !std::filesystem::exists(layout.root, failure);
  for (const auto& folder : {layout.keys(), layout.own_card().parent_path()}) {
    std::filesystem::create_directories(folder, failure);
    if (failure) {
      return make_error(ErrorCode::file_unwritable, folder.string() + ": " + failure.message());
    }
  }
  const auto for_owner = std::filesystem::perms::owner_all;
  if (fresh) std::filesystem::permissions(layout.root, for_owner, failure);
  std::filesystem::permissions(layout.keys(), for_owner, failure);
  MemberCard card;
  card.network = member.network_name;
  card.address = member.address;
  card.gateway = member.gateway;
  card.archive = member.archive;
  card.made_ms = clock.now_ms();
  std::vector<crypto::SigningKey> keys;
  for (const NewOrganisation& organisation : member.organisations) {
    CardOrganisation made{{}, organisation.name, organisation.type, {}};
    crypto::random_bytes(made.did.bytes);
    XL_TRY_ASSIGN(crypto::SigningKey key, make_key(layout.service_key(made.did.text()), unlock));
    made.service_key = key.public_key();
    XL_TRY(write_identity_file(layout, organisation.name, made.did, unlock));
    keys.push_back(std::move(key));
    card.organisations.push_back(std::move(made));
  }
  std::vector<std::pair<std::filesystem::path, Bytes*>> own = {
      {layout.envelope_key(), &card.envelope_key}};
  if (member.outside_validator) {
    card.validator_outside = true;
    card.validator_key = *member.outside_validator;
  } else {
    // Before the key is there: a validator key without it is never used.
    XL_TRY(ordering::cometbft::SignGuard::create(layout.signer()));
    own.emplace_back(layout.validator_key(), &card.validator_key);
  }
  own.emplace_back(layout.peer_key(), &card.peer_key);
  for (const auto& [path, place] : own) {
    XL_TRY_ASSIGN(crypto::SigningKey key, make_key(path, unlock));
    *place = key.public_key();
    keys.push_back(std::move(key));
  }
  CardSigners signers;
  for (const crypto::SigningKey& key : keys) signers.push_back(&key);
  XL_TRY(write_file_durably(layout.own_card(), view_of(write_member_card(card, signers))));
  return card;
}

Status init_solo(const Layout& layout, const NewMember& member, const Unlock& unlock,
                 const Clock& clock) {
  XL_TRY_ASSIGN(MemberCard card, make_member(layout, member, unlock, clock));
  XL_TRY_ASSIGN(const std::string genesis, found_network({std::move(card)}, true));
  XL_TRY(write_file_durably(layout.config(), view_of(config_text)));
  // Last: a folder with a genesis is a complete node.
  return write_file_durably(layout.genesis(), view_of(genesis));
}

}  // namespace xl::node
