// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "node/demo/members.h"

#include <array>
#include <set>

#include "base/file.h"
#include "crypto/random.h"
#include "node/network/folder.h"
#include "node/tools/ports.h"

namespace xl::node::demo {
namespace {

namespace fs = std::filesystem;

/// Names and types of the members beside the first.
const NewOrganisation& other_member(std::size_t number) {
  static const std::vector<NewOrganisation> others = {
      {"北城医院 North Hospital", OrganisationType::hospital},
      {"中心药房 Central Pharmacy", OrganisationType::pharmacy},
      {"医学研究院 Research Institute", OrganisationType::research_institute},
      {"杏林制药 Grove Medicines", OrganisationType::medicine_maker}};
  return others[number % others.size()];
}

/// A port that nobody has now, for a member that may be stopped for a while: below those that the
/// system gives to connections by itself, so that no connection takes it meanwhile. Not one of
/// `given`, to which it is added. 0 when there is none.
std::uint16_t free_port(std::set<std::uint16_t>& given) {
  constexpr std::uint16_t first = 10'000;
  constexpr std::uint16_t count = 22'000;  // up to 32,000; Linux gives from 32,768 on
  constexpr int tries_max = 100;
  for (int tries = 0; tries < tries_max; ++tries) {
    std::array<std::uint8_t, 2> random{};
    crypto::random_bytes(random);
    const auto port = static_cast<std::uint16_t>(first + (random[0] << 8U | random[1]) % count);
    if (!listener_at(port) && given.insert(port).second) return port;
  }
  return 0;
}

}  // namespace

Result<crypto::SecretBytes> demo_operator_key(const fs::path& folder) {
  const auto path = folder / "operator.key";
  std::error_code failure;
  fs::create_directories(folder / "personas", failure);
  if (!fs::exists(path, failure)) {
    const auto fresh = crypto::SecretBytes::random(crypto::keyfile::operator_key_bytes);
    XL_TRY(write_file_durably(path, fresh.view(), 0600));
  }
  return crypto::keyfile::read_operator_key(path);
}

Layout member_layout(const fs::path& folder, std::size_t member) {
  return {folder / ("member" + std::to_string(member))};
}

Status found_members(const fs::path& folder, std::size_t count,
                     const std::vector<NewOrganisation>& organisations, std::uint16_t first_port,
                     const Unlock& unlock, const Clock& clock) {
  std::error_code failure;
  if (fs::exists(member_layout(folder, 1).genesis(), failure)) return {};
  FoundingSettings settings{default_engine(), 0, true};
  settings.snapshot_every = demo_snapshot_every;
  if (!fs::exists(settings.engine, failure)) {
    return make_error(ErrorCode::engine_failed,
                      "no engine at " + settings.engine.string() + "; './dev cluster' makes it");
  }
  std::vector<fs::path> cards;
  std::vector<std::uint16_t> gateways;
  std::set<std::uint16_t> given = {first_port};
  for (std::size_t i = 1; i <= count; ++i) {
    NewMember member;
    member.network_name = "demo";
    member.address = "127.0.0.1:" + std::to_string(free_port(given));
    // The first one's gateway listens where the demo is told to, if it is told.
    gateways.push_back(i == 1 && first_port != 0 ? first_port : free_port(given));
    member.gateway = "http://127.0.0.1:" + std::to_string(gateways.back());
    member.archive = true;
    member.organisations =
        i == 1 ? organisations : std::vector<NewOrganisation>{other_member(i - 2)};
    const Layout layout = member_layout(folder, i);
    XL_TRY_ASSIGN(const MemberCard made, make_member(layout, member, unlock, clock));
    cards.push_back(layout.own_card());
  }
  std::vector<fs::path> signatures;
  for (std::size_t i = 1; i <= count; ++i) {
    settings.port = gateways[i - 1];
    XL_TRY_ASSIGN(const Founding founding,
                  found_from_cards(member_layout(folder, i), cards, settings, unlock));
    signatures.push_back(founding.own_signature);
  }
  for (std::size_t i = 1; i <= count; ++i) {
    XL_TRY(accept_signatures(member_layout(folder, i), signatures));
  }
  return {};
}

Status Members::start(const fs::path& folder, std::size_t first, std::size_t last,
                      const fs::path& operator_key) {
  std::error_code failure;
  const fs::path self = fs::read_symlink("/proc/self/exe", failure);
  for (std::size_t i = first; i <= last; ++i) {
    const Layout layout = member_layout(folder, i);
    ordering::cometbft::Program program{
        self,
        {"node", "run", "--data", fs::absolute(layout.root).string(), "--operator-key",
         fs::absolute(operator_key).string(), "--quiet"},
        layout.root / "log" / "member.log",
        {}};
    XL_TRY_ASSIGN(auto one, ordering::cometbft::Supervisor::start(std::move(program), {}));
    running_[i] = std::move(one);
  }
  return {};
}

}  // namespace xl::node::demo
