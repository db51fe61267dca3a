// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "node/network/folder.h"

#include <algorithm>

#include "base/file.h"
#include "base/json/json.h"
#include "base/json/writer.h"
#include "model/limits.h"
#include "node/network/roster.h"

namespace xl::node {
namespace {

namespace fs = std::filesystem;

Result<std::vector<MemberCard>> read_cards(const std::vector<fs::path>& files) {
  std::vector<MemberCard> out;
  for (const fs::path& file : files) {
    XL_TRY_ASSIGN(const Bytes content, read_file(file, founding_file_bytes_max));
    XL_TRY_ASSIGN(MemberCard card,
                  json::in_file(read_member_card(content), text_of(content), file.string()));
    out.push_back(std::move(card));
  }
  return out;
}

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> out;
  std::error_code failure;
  for (const auto& entry : fs::directory_iterator(folder, failure)) out.push_back(entry.path());
  std::sort(out.begin(), out.end());
  return out;
}

std::string config_of(const std::vector<ordering::cometbft::Peer>& peers, const MemberCard& own,
                      const FoundingSettings& settings) {
  std::string out = "# Xinglin node. Every key is listed in docs/reference/configuration.md.\n";
  out += "[gateway]\nlisten = \"127.0.0.1\"\nport = " + std::to_string(settings.port) + "\n";
  out += "[engine]\nkind = \"cometbft\"\nprogram = \"" + settings.engine.string() + "\"\n";
  if (!settings.signer.empty()) out += "signer = \"" + settings.signer + "\"\n";
  if (settings.same_address) out += "same_address = true\n";
  if (settings.snapshot_every > 0) {
    out += "snapshot_every = " + std::to_string(settings.snapshot_every) + "\n";
  }
  out += "listen = \"" + own.address + "\"\npeers = [\n";
  for (const auto& peer : peers) {
    out += "  \"" + peer.node_id + "@" + peer.address + "\",\n";
  }
  return out + "]\n";
}

Result<Founding> state_of(const Layout& layout, const std::vector<MemberCard>& cards,
                          const Hash& network) {
  Founding out;
  out.network = network;
  out.members = cards.size();
  XL_TRY_ASSIGN(out.missing, missing_founders(layout.signatures(), cards, network));
  return out;
}

Status make_folders(const Layout& layout) {
  std::error_code failure;
  for (const fs::path& folder : {layout.cards(), layout.signatures()}) {
    fs::create_directories(folder, failure);
    if (failure) return make_error(ErrorCode::file_unwritable, folder.string());
  }
  return {};
}

}  // namespace

fs::path default_engine() {
  std::error_code failure;
  const fs::path self = fs::read_symlink("/proc/self/exe", failure);
  return self.parent_path() / "engine" / "cometbft";
}

Result<Founding> found_from_cards(const Layout& layout, const std::vector<fs::path>& files,
                                  const FoundingSettings& settings, const Unlock& unlock) {
  std::error_code failure;
  if (!fs::exists(layout.own_card(), failure)) {
    return make_error(ErrorCode::data_folder_missing, layout.root.string());
  }
  XL_TRY_ASSIGN(const std::vector<MemberCard> cards, read_cards(files));
  XL_TRY_ASSIGN(const std::vector<MemberCard> self, read_cards({layout.own_card()}));
  const MemberCard& own = self[0];
  if (std::find(cards.begin(), cards.end(), own) == cards.end()) {
    return make_error(ErrorCode::card_invalid, "this member's own card is not among them");
  }
  XL_TRY_ASSIGN(const std::string text, found_network(cards));
  XL_TRY_ASSIGN(const model::Genesis genesis, model::read_genesis(view_of(text)));
  if (fs::exists(layout.genesis(), failure)) {
    XL_TRY_ASSIGN(const Bytes there, read_file(layout.genesis(), limits::genesis_bytes_max));
    if (!equal(there, view_of(text))) {
      return make_error(ErrorCode::genesis_not_of_cards,
                        "this folder has another genesis already, and what it signed stays signed; "
                        "a member that is to "
                        "be in another network makes a new folder: xinglin network card");
    }
  }
  XL_TRY(make_folders(layout));
  for (std::size_t i = 0; i < cards.size(); ++i) {
    XL_TRY_ASSIGN(const Bytes content, read_file(files[i], founding_file_bytes_max));
    XL_TRY(write_file_durably(layout.cards() / (cards[i].did().text() + ".json"), content));
  }
  XL_TRY_ASSIGN(const crypto::SigningKey key,
                unlock.load_signing_key(layout.service_key(own.did().text())));
  const fs::path own_signature = layout.signatures() / (own.did().text() + ".json");
  XL_TRY(write_file_durably(own_signature, view_of(write_founding_signature(
                                               sign_founding(own.did(), genesis.network, key)))));
  XL_TRY(write_file_durably(layout.config(),
                            view_of(config_of(peers_of(cards, own.did()), own, settings))));
  XL_TRY(write_file_durably(layout.genesis(), view_of(text)));
  XL_TRY_ASSIGN(Founding out, state_of(layout, cards, genesis.network));
  out.own_signature = own_signature;
  return out;
}

Result<Founding> accept_signatures(const Layout& layout, const std::vector<fs::path>& files) {
  XL_TRY_ASSIGN(const Bytes raw, read_file(layout.genesis(), limits::genesis_bytes_max));
  XL_TRY_ASSIGN(const model::Genesis genesis, model::read_genesis(raw));
  XL_TRY_ASSIGN(const std::vector<MemberCard> cards, read_cards(files_in(layout.cards())));
  for (const fs::path& file : files) {
    XL_TRY_ASSIGN(const Bytes content, read_file(file, founding_file_bytes_max));
    XL_TRY_ASSIGN(const FoundingSignature one,
                  json::in_file(read_founding_signature(content), text_of(content), file.string()));
    XL_TRY(check_signature(one, cards, genesis.network));
    XL_TRY(write_file_durably(layout.signatures() / (one.member.text() + ".json"), content));
  }
  return state_of(layout, cards, genesis.network);
}

Result<std::vector<MemberCard>> founders_of(const Layout& layout) {
  return read_cards(files_in(layout.cards()));
}

namespace {

constexpr std::string_view invitation_schema = "xinglin/invitation/v1";

Error invalid_invitation(std::string_view what) {
  return make_error(ErrorCode::invitation_invalid, what);
}

Status write_files(json::Writer& out, std::string_view name, const fs::path& folder) {
  out.key(name).begin_array();
  for (const fs::path& file : files_in(folder)) {
    XL_TRY_ASSIGN(const Bytes content, read_file(file, founding_file_bytes_max));
    out.string(to_base64(content));
  }
  out.end_array();
  return {};
}

Result<std::vector<Bytes>> read_files(json::Value list, std::string_view name) {
  std::vector<Bytes> out;
  for (const json::Value one : list.items()) {
    Bytes content;
    if (!from_base64(one.as_string().value_or(""), content)) return invalid_invitation(name);
    out.push_back(std::move(content));
  }
  if (out.empty() || out.size() > 64) return invalid_invitation(name);
  return out;
}

/// Puts the founders' cards and signatures into the folder, as if this member had collected them.
Status keep_founding(const Layout& layout, json::Value root, std::vector<MemberCard>& cards) {
  XL_TRY(make_folders(layout));
  XL_TRY_ASSIGN(const std::vector<Bytes> card_files, read_files(root.find("cards"), "cards"));
  for (const Bytes& file : card_files) {
    XL_TRY_ASSIGN(MemberCard card, read_member_card(file));
    XL_TRY(write_file_durably(layout.cards() / (card.did().text() + ".json"), file));
    cards.push_back(std::move(card));
  }
  XL_TRY_ASSIGN(const auto signatures, read_files(root.find("signatures"), "signatures"));
  for (const Bytes& file : signatures) {
    XL_TRY_ASSIGN(const FoundingSignature one, read_founding_signature(file));
    XL_TRY(write_file_durably(layout.signatures() / (one.member.text() + ".json"), file));
  }
  return {};
}

}  // namespace

namespace {

/// Where this member's engine is: as the ledger lists it, in which it may have told another place
/// than its card's.
std::string own_address(const Layout& layout, const MemberCard& card, ByteView genesis_file) {
  const auto genesis = model::read_genesis(genesis_file);
  if (!genesis.ok()) return card.address;
  for (const ListedMember& member : read_roster(layout, *genesis).members) {
    if (member.self) return member.address;
  }
  return card.address;
}

}  // namespace

Result<std::string> write_invitation(const Layout& layout) {
  std::error_code failure;
  if (!fs::exists(layout.genesis(), failure) || !fs::exists(layout.cards(), failure)) {
    return make_error(ErrorCode::data_folder_missing,
                      "no network of several members in " + layout.root.string());
  }
  XL_TRY_ASSIGN(const Bytes genesis, read_file(layout.genesis(), limits::genesis_bytes_max));
  XL_TRY_ASSIGN(const std::vector<MemberCard> own, read_cards({layout.own_card()}));
  json::Writer out;
  out.begin_object().key("schema").string(invitation_schema);
  out.key("genesis").string(to_base64(genesis));
  XL_TRY(write_files(out, "cards", layout.cards()));
  XL_TRY(write_files(out, "signatures", layout.signatures()));
  out.key("peer_id").string(ordering::cometbft::node_id_of(own[0].peer_key));
  out.key("peer_address").string(own_address(layout, own[0], genesis));
  return out.end_object().take() + "\n";
}

Result<Hash> join_network(const Layout& layout, ByteView invitation,
                          const FoundingSettings& settings) {
  std::error_code failure;
  if (!fs::exists(layout.own_card(), failure)) {
    return make_error(ErrorCode::data_folder_missing, layout.root.string());
  }
  if (fs::exists(layout.genesis(), failure)) {
    return make_error(ErrorCode::data_folder_exists, layout.root.string());
  }
  const auto document = json::parse(text_of(invitation), {invitation_bytes_max, 4, 1000});
  if (!document.ok()) return invalid_invitation(document.error().message);
  const json::Value root = document->root();
  Bytes raw;
  if (root.find("schema").as_string() != invitation_schema ||
      !from_base64(root.find("genesis").as_string().value_or(""), raw)) {
    return invalid_invitation("genesis");
  }
  XL_TRY_ASSIGN(const model::Genesis genesis, model::read_genesis(raw));
  XL_TRY_ASSIGN(const std::vector<MemberCard> own, read_cards({layout.own_card()}));
  std::vector<MemberCard> cards;
  XL_TRY(keep_founding(layout, root, cards));
  if (own[0].network != cards[0].network) return invalid_invitation("it is for another network");
  XL_TRY(check_founded(layout, genesis));
  auto peers = peers_of(cards, own[0].did());
  const std::string inviter(root.find("peer_id").as_string().value_or(""));
  const std::string address(root.find("peer_address").as_string().value_or(""));
  Bytes id;
  if (!from_hex(inviter, id) || id.size() != 20 || !check_address(address).ok()) {
    return invalid_invitation("peer");
  }
  const bool founder = std::any_of(peers.begin(), peers.end(),
                                   [&](const auto& peer) { return peer.node_id == inviter; });
  if (!founder) peers.push_back({inviter, address});
  XL_TRY(write_file_durably(layout.config(), view_of(config_of(peers, own[0], settings))));
  XL_TRY(write_file_durably(layout.genesis(), raw));
  return genesis.network;
}

Status check_founded(const Layout& layout, const model::Genesis& genesis) {
  std::error_code failure;
  if (!fs::exists(layout.cards(), failure)) {
    // Founded alone, or the folder lost what its founders signed.
    if (genesis.validators.size() == 1) return {};
    return make_error(ErrorCode::founding_incomplete, "no cards in " + layout.cards().string());
  }
  XL_TRY_ASSIGN(const std::vector<MemberCard> cards, founders_of(layout));
  XL_TRY_ASSIGN(const std::string text, found_network(cards));
  if (!equal(genesis.raw, view_of(text))) {
    return make_error(ErrorCode::genesis_not_of_cards, layout.genesis().string());
  }
  XL_TRY_ASSIGN(const std::string missing,
                missing_founders(layout.signatures(), cards, genesis.network));
  return missing.empty() ? Status{} : Status(make_error(ErrorCode::founding_incomplete, missing));
}

}  // namespace xl::node
