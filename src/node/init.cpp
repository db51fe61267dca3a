// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "node/init.h"

#include <algorithm>

#include "base/file.h"
#include "base/json/writer.h"
#include "contracts/api/contract.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "model/comet/json.h"
#include "model/genesis.h"
#include "model/limits.h"

namespace xl::node {
namespace {

constexpr std::size_t organisations_max = 64;
constexpr std::size_t name_bytes_max = 128;
constexpr std::string_view config_text =
    "# Xinglin node. Every key is explained in docs/reference/configuration.md.\n"
    "[gateway]\n"
    "listen = \"127.0.0.1\"\n"
    "port = 7410\n";

struct OrganisationKeys {
  model::Id did;
  Bytes service_public_key;
};

Status check_options(const InitOptions& options) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  };
  if (options.network_name.empty() || options.network_name.size() > 24 ||
      !std::all_of(options.network_name.begin(), options.network_name.end(), allowed)) {
    return make_error(ErrorCode::config_invalid, "network name: 1..24 of a-z, 0-9 and -");
  }
  if (options.organisations.empty() || options.organisations.size() > organisations_max) {
    return make_error(ErrorCode::config_invalid, "1..64 organisations");
  }
  for (const NewOrganisation& organisation : options.organisations) {
    if (organisation.name.empty() || organisation.name.size() > name_bytes_max) {
      return make_error(ErrorCode::config_invalid, "organisation name: 1..128 bytes");
    }
  }
  return {};
}

/// A new Ed25519 key in a key file. Returns the public key.
Result<Bytes> make_key(const std::filesystem::path& path, const Unlock& unlock) {
  XL_TRY_ASSIGN(const crypto::SigningKey key,
                crypto::SigningKey::generate(crypto::Algorithm::ed25519));
  XL_TRY(unlock.save(path, crypto::keyfile::Kind::ed25519, key.secret()));
  return key.public_key();
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

void write_key(json::Writer& out, ByteView public_key, std::uint32_t purposes) {
  out.begin_object();
  out.key("algorithm").integer(static_cast<int>(crypto::Algorithm::ed25519));
  out.key("public_key").string(to_base64(public_key));
  out.key("purposes").unsigned_integer(purposes).end_object();
}

void write_consensus_params(json::Writer& out) {
  out.begin_object();
  out.key("block").begin_object();
  out.key("max_bytes").string(std::to_string(limits::block_bytes_max));
  out.key("max_gas").string("-1").end_object();
  out.key("evidence").begin_object().key("max_age_num_blocks").string("100000");
  out.key("max_age_duration").string("1814400000000000").key("max_bytes").string("1048576");
  out.end_object();
  out.key("validator").begin_object().key("pub_key_types").begin_array().string("ed25519");
  out.end_array().end_object();
  out.key("version").begin_object().key("app").string("1").end_object();
  out.key("abci").begin_object().key("vote_extensions_enable_height").string("0").end_object();
  out.end_object();
}

/// CometBFT's genesis.json; `app_state` is the ledger's own part.
std::string genesis_text(const InitOptions& options, ByteView validator, ByteView envelope,
                         const std::vector<OrganisationKeys>& organisations, std::uint64_t now_ms) {
  // Content-derived, so that two networks of one name cannot be taken for each other.
  const Hash digest = crypto::sha256({validator, envelope, organisations[0].did.bytes});
  json::Writer out(json::Style::pretty);
  out.begin_object();
  out.key("genesis_time").string(model::comet::to_rfc3339(model::comet::timestamp_from_ms(now_ms)));
  out.key("chain_id").string(options.network_name + "-" + to_hex(ByteView(digest).first(8)));
  out.key("initial_height").string("1").key("consensus_params");
  write_consensus_params(out);
  out.key("validators").begin_array().begin_object();
  out.key("address").string(to_hex(model::comet::address_of(validator)));
  out.key("pub_key").begin_object().key("type").string("tendermint/PubKeyEd25519");
  out.key("value").string(to_base64(validator)).end_object();
  out.key("power").string("10").key("name").string("solo").end_object().end_array();
  out.key("app_hash").string("");
  out.key("app_state").begin_object().key("format_version").integer(1).key("suite").integer(1);
  out.key("identity").begin_object().key("organisations").begin_array();
  for (std::size_t i = 0; i < organisations.size(); ++i) {
    out.begin_object().key("did").string(model::did_text(organisations[i].did));
    out.key("name").string(options.organisations[i].name);
    out.key("type").integer(static_cast<int>(options.organisations[i].type));
    out.key("keys").begin_array();
    write_key(out, organisations[i].service_public_key,
              contracts::purpose_sign | contracts::purpose_manage);
    // The first organisation runs the node: its envelope key packs transactions.
    if (i == 0) write_key(out, envelope, contracts::purpose_envelope);
    out.end_array().end_object();
  }
  out.end_array().end_object().end_object().end_object();
  return out.take() + "\n";
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

Status init_solo(const Layout& layout, const InitOptions& options, const Unlock& unlock,
                 const Clock& clock) {
  XL_TRY(check_options(options));
  std::error_code failure;
  if (std::filesystem::exists(layout.genesis(), failure)) {
    return make_error(ErrorCode::data_folder_exists, layout.root.string());
  }
  std::filesystem::create_directories(layout.keys(), failure);
  if (failure) {
    return make_error(ErrorCode::file_unwritable, layout.root.string() + ": " + failure.message());
  }
  std::filesystem::permissions(layout.keys(), std::filesystem::perms::owner_all, failure);
  XL_TRY_ASSIGN(const Bytes validator, make_key(layout.validator_key(), unlock));
  XL_TRY_ASSIGN(const Bytes envelope, make_key(layout.envelope_key(), unlock));
  XL_TRY(make_key(layout.peer_key(), unlock));
  std::vector<OrganisationKeys> organisations;
  for (std::size_t i = 0; i < options.organisations.size(); ++i) {
    OrganisationKeys keys;
    crypto::random_bytes(keys.did.bytes);
    XL_TRY_ASSIGN(keys.service_public_key, make_key(layout.service_key(keys.did.text()), unlock));
    XL_TRY(write_identity_file(layout, options.organisations[i].name, keys.did, unlock));
    organisations.push_back(std::move(keys));
  }
  const std::string genesis =
      genesis_text(options, validator, envelope, organisations, clock.now_ms());
  XL_TRY(write_file_durably(layout.config(), view_of(config_text)));
  // Last: a folder with a genesis is a complete node.
  return write_file_durably(layout.genesis(), view_of(genesis));
}

}  // namespace xl::node
