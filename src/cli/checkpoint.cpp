// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "cli/checkpoint.h"

#include <algorithm>

#include "base/file.h"
#include "base/json/writer.h"
#include "cli/actor.h"
#include "model/comet/json.h"
#include "model/limits.h"

namespace xl::cli {
namespace {

constexpr std::string_view checkpoint_file_schema = "xinglin/checkpoint/v1";

struct CheckpointOptions {
  std::string file;
  std::string genesis;
  std::vector<std::string> earlier;  ///< checkpoints that verifiers begin at before this one
};

using model::Checkpoint;
using model::CheckpointMember;
using model::SignedCheckpoint;

/// What the own node says of a checkpoint, its header followed from the genesis.
Result<Checkpoint> offered(const Session& session, const model::Genesis& genesis,
                           std::uint64_t height) {
  XL_TRY_ASSIGN(client::NodeAddress address, address_of(session));
  client::HttpClient node(std::move(address));
  std::string target = "/ledger/v1/checkpoint";
  if (height != 0) target += "?height=" + std::to_string(height);
  const auto answer = node.get(target);
  if (!answer.ok()) return answer.error();
  if (answer->status != 200) return client::error_of(*answer);
  json::Limits bounds;
  bounds.bytes_max = limits::receipt_bytes_max;
  XL_TRY_ASSIGN(const json::Document document, json::parse(answer->body, bounds));
  const json::Value root = document.root();
  XL_TRY_ASSIGN(Checkpoint out, model::read_checkpoint_content(root.find("checkpoint")));
  XL_TRY_ASSIGN(const auto block, model::comet::read_light_block(root.find("block")));
  std::vector<model::comet::LightBlock> path;
  for (const json::Value one : root.find("trust_path").items()) {
    XL_TRY_ASSIGN(model::comet::LightBlock step, model::comet::read_light_block(one));
    path.push_back(std::move(step));
  }
  XL_TRY(
      model::comet::verify_trust_path(genesis.chain_id, {0, {}, genesis.validators}, path, block));
  const bool sound =
      out.network == genesis.network &&
      static_cast<std::uint64_t>(block.header.height) == out.height &&
      (height == 0 || out.height == height) &&
      model::comet::hash_of(block.header) == out.header_hash &&
      equal(model::comet::hash_of(out.validators), block.header.next_validators_hash);
  if (!sound) return make_error(ErrorCode::answer_unexpected, "its header says another thing");
  return out;
}

const CheckpointMember* member_in(const Checkpoint& checkpoint, const model::Id& id) {
  const auto found =
      std::find_if(checkpoint.members.begin(), checkpoint.members.end(),
                   [&](const CheckpointMember& one) { return one.organisation == id; });
  return found == checkpoint.members.end() ? nullptr : &*found;
}

/// The first thing in which two checkpoints of one height differ. Errors: checkpoint_differs.
Status compare(const Checkpoint& given, const Checkpoint& own) {
  const auto differs = [](const std::string& what) {
    return make_error(ErrorCode::checkpoint_differs, what);
  };
  if (given.network != own.network) return differs("network");
  if (given.header_hash != own.header_hash) return differs("header_hash");
  if (given.validators != own.validators) return differs("validators");
  for (const CheckpointMember& member : own.members) {
    const CheckpointMember* named = member_in(given, member.organisation);
    const std::string did = model::did_text(member.organisation);
    if (named == nullptr) return differs("it lacks the member " + did);
    if (named->weight != member.weight) return differs("weight of " + did);
    if (named->keys != member.keys) return differs("keys of " + did);
  }
  for (const CheckpointMember& member : given.members) {
    if (member_in(own, member.organisation) == nullptr) {
      return differs("no member here: " + model::did_text(member.organisation));
    }
  }
  return {};
}

/// Adds the signature of `--as`. Errors: checkpoint_signer_unknown.
Status sign(SignedCheckpoint& checkpoint, const client::Identity& who) {
  const CheckpointMember* member = member_in(checkpoint.content, who.did);
  const ByteView key = who.key.public_key();
  const bool named = member != nullptr &&
                     std::any_of(member->keys.begin(), member->keys.end(), [&](const auto& one) {
                       return one.algorithm == who.key.algorithm() && equal(one.public_key, key);
                     });
  if (!named) return make_error(ErrorCode::checkpoint_signer_unknown, model::did_text(who.did));
  model::add_signature(
      checkpoint,
      {who.did, copy_of(key), who.key.sign(model::checkpoint_signed_bytes(checkpoint.content))});
  return {};
}

/// Who decides whether enough have signed: the members of the last earlier checkpoint, which is
/// accepted itself, or those of the genesis.
Result<std::vector<CheckpointMember>> judges_of(const model::Genesis& genesis,
                                                const std::vector<SignedCheckpoint>& earlier) {
  XL_TRY(model::Trust::with(genesis, earlier));
  if (earlier.empty()) return model::founding_members(genesis);
  return earlier.back().content.members;
}

/// Enough is what a verifier takes for enough, by `judges`; what today's members weigh is no help
/// to somebody who does not know of them yet.
Status save_checkpoint(const SignedCheckpoint& checkpoint,
                       const std::vector<CheckpointMember>& judges, const std::string& file,
                       const Console& console) {
  XL_TRY_ASSIGN(const model::CheckpointWeight weight, model::weigh(checkpoint, judges));
  XL_TRY_ASSIGN(const model::CheckpointWeight today,
                model::weigh(checkpoint, checkpoint.content.members));
  XL_TRY(write_file_durably(file, view_of(model::write_checkpoint(checkpoint))));
  const std::string height = std::to_string(checkpoint.content.height);
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/checkpoint-signed/v1");
    out.key("file").string(file).key("height").string(height);
    out.key("header_hash").string(to_hex(checkpoint.content.header_hash));
    out.key("signatures").unsigned_integer(checkpoint.signatures.size());
    out.key("signed_weight").unsigned_integer(weight.signed_weight);
    out.key("total_weight").unsigned_integer(weight.total);
    console.answer(out.key("enough").boolean(weight.suffices()).end_object().take());
  }
  const std::string share =
      std::to_string(weight.signed_weight) + "/" + std::to_string(weight.total);
  console.done("Signed the checkpoint of height " + height + " in " + file + "; weight " + share,
               "已签署高度 " + height + " 的检查点 " + file + ";权重 " + share);
  if (!weight.suffices() && today.suffices()) {
    console.say(
        "  today's members suffice, but a verifier begins where others weighed: have more of those "
        "sign, or name an accepted earlier checkpoint with --checkpoint",
        "  现有成员的权重已足够,但验证者的起点由当时的成员判定:请其中更多成员签署,或用 "
        "--checkpoint "
        "指明已被接受的较早检查点");
  } else if (!weight.suffices()) {
    console.say(
        "  next, at other members: xinglin network checkpoint sign " + file + " --as ORGANISATION",
        "  下一步(其他成员处):xinglin network checkpoint sign " + file + " --as 机构身份文件");
  }
  return {};
}

Result<int> run_create(const Session& session, const CheckpointOptions& options,
                       const Console& console) {
  std::error_code failure;
  // It may hold others' signatures.
  if (std::filesystem::exists(options.file, failure)) {
    return make_error(ErrorCode::file_exists, options.file);
  }
  XL_TRY_ASSIGN(const client::Identity who, open_identity(session));
  XL_TRY_ASSIGN(const model::Genesis genesis, genesis_of(options.genesis, session));
  XL_TRY_ASSIGN(const auto earlier, read_checkpoints(options.earlier));
  XL_TRY_ASSIGN(const auto judges, judges_of(genesis, earlier));
  SignedCheckpoint made;
  XL_TRY_ASSIGN(made.content, offered(session, genesis, 0));
  XL_TRY(sign(made, who));
  XL_TRY(save_checkpoint(made, judges, options.file, console));
  return succeeded;
}

Result<int> run_sign(const Session& session, const CheckpointOptions& options,
                     const Console& console) {
  XL_TRY_ASSIGN(const client::Identity who, open_identity(session));
  XL_TRY_ASSIGN(const model::Genesis genesis, genesis_of(options.genesis, session));
  XL_TRY_ASSIGN(const auto earlier, read_checkpoints(options.earlier));
  XL_TRY_ASSIGN(const auto judges, judges_of(genesis, earlier));
  XL_TRY_ASSIGN(std::vector<SignedCheckpoint> read, read_checkpoints({options.file}));
  SignedCheckpoint& checkpoint = read.front();
  XL_TRY_ASSIGN(const Checkpoint own, offered(session, genesis, checkpoint.content.height));
  XL_TRY(compare(checkpoint.content, own));
  XL_TRY(sign(checkpoint, who));
  XL_TRY(save_checkpoint(checkpoint, judges, options.file, console));
  return succeeded;
}

/// The members whose signatures count, among those that judge the checkpoint.
std::vector<const CheckpointMember*> signers_among(const SignedCheckpoint& checkpoint,
                                                   const std::vector<CheckpointMember>& judges) {
  std::vector<const CheckpointMember*> out;
  for (const CheckpointMember& member : judges) {
    const auto signature =
        std::find_if(checkpoint.signatures.begin(), checkpoint.signatures.end(),
                     [&](const auto& one) { return one.organisation == member.organisation; });
    if (signature == checkpoint.signatures.end()) continue;
    const bool known = std::any_of(member.keys.begin(), member.keys.end(), [&](const auto& key) {
      return key.public_key == signature->public_key;
    });
    if (known) out.push_back(&member);
  }
  return out;
}

std::string attested_json(const Checkpoint& content, const model::Genesis& genesis,
                          const std::vector<const CheckpointMember*>& signers,
                          const model::CheckpointWeight& weight) {
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/checkpoint-verification/v1");
  out.key("verified").boolean(true).key("chain_id").string(genesis.chain_id);
  out.key("network").string(to_hex(content.network));
  out.key("height").string(std::to_string(content.height));
  out.key("header_hash").string(to_hex(content.header_hash));
  out.key("validators").unsigned_integer(content.validators.size());
  out.key("members").begin_array();
  for (const CheckpointMember& one : content.members) {
    out.begin_object().key("organisation").string(model::did_text(one.organisation));
    out.key("weight").unsigned_integer(one.weight).end_object();
  }
  out.end_array().key("signed_by").begin_array();
  for (const CheckpointMember* one : signers) out.string(model::did_text(one->organisation));
  out.end_array().key("signed_weight").unsigned_integer(weight.signed_weight);
  return out.key("total_weight").unsigned_integer(weight.total).end_object().take();
}

}  // namespace

void add_checkpoint_option(CLI::App* command, std::vector<std::string>& files) {
  command->add_option("--checkpoint", files,
                      "a co-signed checkpoint to begin at; repeat for later ones");
}

Result<std::vector<SignedCheckpoint>> read_checkpoints(const std::vector<std::string>& files) {
  std::vector<SignedCheckpoint> out;
  for (const std::string& file : files) {
    XL_TRY_ASSIGN(const Bytes content, read_file(file, limits::checkpoint_bytes_max));
    XL_TRY_ASSIGN(SignedCheckpoint one,
                  json::in_file(model::read_checkpoint(text_of(content)), text_of(content), file));
    out.push_back(std::move(one));
  }
  return out;
}

Result<model::Trust> trust_of(const model::Genesis& genesis,
                              const std::vector<std::string>& files) {
  XL_TRY_ASSIGN(const std::vector<SignedCheckpoint> checkpoints, read_checkpoints(files));
  return model::Trust::with(genesis, checkpoints);
}

bool is_checkpoint(std::string_view content) {
  if (content.size() > limits::checkpoint_bytes_max) return false;
  json::Limits bounds;
  bounds.bytes_max = limits::checkpoint_bytes_max;
  const auto document = json::parse(content, bounds);
  return document.ok() && document->root().find("schema").as_string() == checkpoint_file_schema;
}

Result<int> show_checkpoint(std::string_view content, const std::string& file,
                            const model::Genesis& genesis, const std::vector<std::string>& earlier,
                            const Console& console) {
  XL_TRY_ASSIGN(std::vector<SignedCheckpoint> all, read_checkpoints(earlier));
  XL_TRY_ASSIGN(SignedCheckpoint last,
                json::in_file(model::read_checkpoint(content), content, file));
  XL_TRY_ASSIGN(const std::vector<CheckpointMember> judges, judges_of(genesis, all));
  all.push_back(std::move(last));
  XL_TRY(model::Trust::with(genesis, all));
  const SignedCheckpoint& shown = all.back();
  XL_TRY_ASSIGN(const model::CheckpointWeight weight, model::weigh(shown, judges));
  const auto signers = signers_among(shown, judges);
  if (console.json()) {
    console.answer(attested_json(shown.content, genesis, signers, weight));
    return succeeded;
  }
  const auto line = [&](std::string_view en, std::string_view zh, const std::string& text) {
    console.result(std::string(console.pick(en, zh)) + text);
  };
  line("✓ Checkpoint of height ", "✓ 检查点,高度 ", std::to_string(shown.content.height));
  line("  network  ", "  网络    ", genesis.chain_id);
  line("  header   ", "  区块头  ", to_hex(shown.content.header_hash));
  line("  next     ", "  其后    ",
       std::to_string(shown.content.validators.size()) +
           std::string(console.pick(" validators, ", " 个验证者,")) +
           std::to_string(shown.content.members.size()) +
           std::string(console.pick(" members", " 个成员")));
  for (const CheckpointMember* one : signers) {
    line("  signed   ", "  签名    ", model::did_text(one->organisation));
  }
  line("  weight   ", "  权重    ",
       std::to_string(weight.signed_weight) + "/" + std::to_string(weight.total));
  return succeeded;
}

void add_checkpoint_commands(CLI::App& network, Session& session) {
  auto* group =
      network.add_subcommand("checkpoint", "where verifiers may begin: co-signed heights")
          ->require_subcommand(1);
  group->footer(
      "Examples:\n  xinglin network checkpoint create --out 2027.checkpoint --as hospital.json\n"
      "  xinglin network checkpoint sign 2027.checkpoint --as insurer.json");
  auto options = std::make_shared<CheckpointOptions>();
  auto* create = group->add_subcommand("create", "make a checkpoint of this node's last header");
  create->add_option("--out", options->file, "the checkpoint file to write")->required();
  create->add_option("--genesis", options->genesis, "the network's genesis; default: the node's");
  add_checkpoint_option(create, options->earlier);
  create->footer(
      "Examples:\n  xinglin network checkpoint create --out 2027.checkpoint --as hospital.json\n"
      "  xinglin network checkpoint create --out 2027.checkpoint --genesis genesis.json \\\n"
      "    --as hospital.json --json");
  choose(create, session, options, run_create);
  auto* sign_command =
      group->add_subcommand("sign", "compare a checkpoint with this node's ledger, and sign it");
  sign_command->add_option("FILE", options->file, "the checkpoint; the signature is added")
      ->required();
  sign_command->add_option("--genesis", options->genesis,
                           "the network's genesis; default: the node's");
  add_checkpoint_option(sign_command, options->earlier);
  sign_command->footer(
      "Examples:\n  xinglin network checkpoint sign 2027.checkpoint --as insurer.json\n"
      "  xinglin network checkpoint sign 2027.checkpoint --genesis genesis.json \\\n"
      "    --as insurer.json --json");
  choose(sign_command, session, options, run_sign);
}

}  // namespace xl::cli
