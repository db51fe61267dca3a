// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "node/network/folder.h"

#include <algorithm>

#include "base/file.h"
#include "model/limits.h"

namespace xl::node {
namespace {

namespace fs = std::filesystem;

Result<std::vector<MemberCard>> read_cards(const std::vector<fs::path>& files) {
  std::vector<MemberCard> out;
  for (const fs::path& file : files) {
    XL_TRY_ASSIGN(const Bytes content, read_file(file, founding_file_bytes_max));
    auto card = read_card(content);
    if (!card.ok()) {
      return make_error(card.error().code, file.filename().string() + ": " + card.error().message);
    }
    out.push_back(std::move(*card));
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

std::string config_of(const std::vector<MemberCard>& cards, const MemberCard& own,
                      const FoundingSettings& settings) {
  std::string out = "# Xinglin node. Every key is listed in docs/reference/configuration.md.\n";
  out += "[gateway]\nlisten = \"127.0.0.1\"\nport = " + std::to_string(settings.port) + "\n";
  out += "[engine]\nkind = \"cometbft\"\nprogram = \"" + settings.engine.string() + "\"\n";
  if (settings.same_address) out += "same_address = true\n";
  out += "listen = \"" + own.address + "\"\npeers = [\n";
  for (const auto& peer : peers_of(cards, own.did())) {
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
      return make_error(ErrorCode::genesis_not_of_cards, "this folder has another genesis already");
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
  XL_TRY(write_file_durably(layout.config(), view_of(config_of(cards, own, settings))));
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
    XL_TRY_ASSIGN(const FoundingSignature one, read_founding_signature(content));
    XL_TRY(check_signature(one, cards, genesis.network));
    XL_TRY(write_file_durably(layout.signatures() / (one.member.text() + ".json"), content));
  }
  return state_of(layout, cards, genesis.network);
}

Result<std::vector<MemberCard>> founders_of(const Layout& layout) {
  return read_cards(files_in(layout.cards()));
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
