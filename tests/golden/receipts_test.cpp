// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: every verifier of receipts, in whatever language, gives the same verdict on the same text.
// Method: `receipts.jsonl` holds real receipts and altered ones with the verdict of this verifier;
// sdk/typescript and sdk/python read the same file. Here its verdicts are given again.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "base/file.h"
#include "base/json/json.h"
#include "base/json/writer.h"
#include "contracts/tests/fixture.h"
#include "crypto/hash.h"
#include "golden/alterations.h"
#include "golden/chain_player.h"
#include "golden/paper_network.h"
#include "golden/story.h"
#include "model/receipt.h"
#include "model/receipt_cose.h"

namespace xl::golden {
namespace {

namespace fs = std::filesystem;
using contracts::testing::key;

const std::string vectors_path = std::string(XL_SOURCE_DIR) + "/tests/golden/receipts.jsonl";

json::Document parsed(std::string_view text) {
  auto document = json::parse(text, {});
  XL_CHECK(document.ok());
  return std::move(*document);
}

std::string text_of_member(json::Value value, std::string_view name) {
  return std::string(value.find(name).as_string().value_or(""));
}

model::Genesis genesis_of(std::string_view text) {
  auto genesis = model::read_genesis(view_of(text));
  XL_CHECK(genesis.ok());
  return std::move(*genesis);
}

/// The name of the error that a text is refused with, or `ok`.
std::string verdict(std::string_view text, const model::Genesis& genesis) {
  const auto receipt = model::read_receipt(text);
  if (!receipt.ok()) return std::string(describe(receipt.error().code).name);
  const Status verified = model::verify_receipt(*receipt, genesis);
  return verified.ok() ? "ok" : std::string(describe(verified.error().code).name);
}

using PublicKey = std::pair<crypto::Algorithm, Bytes>;

PublicKey public_key_of(json::Value key) {
  PublicKey out;
  out.first = static_cast<crypto::Algorithm>(key.find("algorithm").as_uint64().value_or(0));
  XL_CHECK(from_base64(key.find("public_key").as_string().value_or("*"), out.second));
  return out;
}

/// The genesis' key of that id, else the one that a line names.
std::optional<PublicKey> cose_key(const Hash& id, json::Value line, const model::Genesis& genesis) {
  for (const json::Value one : genesis.section("identity").find("organisations").items()) {
    for (const json::Value its_key : one.find("keys").items()) {
      PublicKey found = public_key_of(its_key);
      if (model::key_id_of(found.first, found.second) == id) return found;
    }
  }
  if (line.find("signer")) return public_key_of(line.find("signer"));
  return std::nullopt;
}

/// As `verdict`, of a COSE receipt. `line` names the signer where the genesis does not.
std::string cose_verdict(ByteView receipt, json::Value line, const model::Genesis& genesis) {
  const auto name_of = [](ErrorCode code) { return std::string(describe(code).name); };
  const auto id = model::cose_signer(receipt);
  if (!id.ok()) return name_of(id.error().code);
  const auto its_key = cose_key(*id, line, genesis);
  if (!its_key) return name_of(ErrorCode::receipt_signer_unknown);
  const auto checked = model::verify_cose_receipt(receipt, its_key->first, its_key->second);
  return checked.ok() ? "ok" : name_of(checked.error().code);
}

/// How often a verdict comes, one after the other: of the text with byte 0 changed, byte 1, ….
using Runs = std::vector<std::pair<std::string, std::uint64_t>>;

template <typename Judge>
Runs sweep(std::string text, char mask, const Judge& judge) {
  Runs out;
  for (char& c : text) {
    c = static_cast<char>(c ^ mask);
    const std::string given = judge(text);
    c = static_cast<char>(c ^ mask);
    if (out.empty() || out.back().first != given) out.push_back({given, 0});
    ++out.back().second;
  }
  return out;
}

/// One line of the file for each thing said.
class Recorder {
 public:
  void genesis(const std::string& name, const std::string& text) {
    genesis_.insert_or_assign(name, genesis_of(text));
    json::Writer out;
    out.begin_object().key("genesis").string(name).key("text").string(text).end_object();
    lines_.push_back(out.take());
  }
  void receipt(const std::string& name, const std::string& genesis, const std::string& text) {
    receipts_[name] = {genesis, text};
    json::Writer out;
    out.begin_object().key("receipt").string(name).key("genesis").string(genesis);
    out.key("text").string(text);
    out.key("expected").string(verdict(text, genesis_.at(genesis))).end_object();
    lines_.push_back(out.take());
  }
  /// Tells the difference to the receipt as one replacement: offset, bytes taken out, put in.
  void altered(const std::string& name, const Alteration& alteration) {
    const auto& [genesis, text] = receipts_.at(name);
    const std::string& other = alteration.text;
    const std::size_t shorter = std::min(text.size(), other.size());
    std::size_t head = 0;
    while (head < shorter && text[head] == other[head]) ++head;
    std::size_t tail = 0;
    while (tail < shorter - head &&
           text[text.size() - 1 - tail] == other[other.size() - 1 - tail]) {
      ++tail;
    }
    json::Writer out;
    out.begin_object().key("altered").string(alteration.what).key("receipt").string(name);
    out.key("at").unsigned_integer(head);
    out.key("removed").unsigned_integer(text.size() - head - tail);
    out.key("put").string(std::string_view(other).substr(head, other.size() - head - tail));
    out.key("expected").string(verdict(other, genesis_.at(genesis))).end_object();
    lines_.push_back(out.take());
  }
  void under(const std::string& name, const std::string& genesis) {
    json::Writer out;
    out.begin_object().key("altered").string("with the genesis of " + genesis);
    out.key("receipt").string(name).key("genesis").string(genesis).key("at").integer(0);
    out.key("removed").integer(0).key("put").string("").key("expected");
    out.string(verdict(receipts_.at(name).text, genesis_.at(genesis))).end_object();
    lines_.push_back(out.take());
  }
  void swept(const std::string& name, char mask) {
    const auto& [genesis, text] = receipts_.at(name);
    json::Writer out;
    out.begin_object().key("sweep").string(name).key("xor").integer(mask).key("verdicts");
    out.begin_array();
    const auto judge = [&, &founding = genesis_.at(genesis)](const std::string& altered) {
      return verdict(altered, founding);
    };
    for (const auto& [given, count] : sweep(text, mask, judge)) {
      out.begin_array().string(given).unsigned_integer(count).end_array();
    }
    out.end_array().end_object();
    lines_.push_back(out.take());
  }
  /// A COSE receipt; with `signer` where the genesis does not name its key, and with the verdicts
  /// of every byte changed.
  void cose(const std::string& name, const std::string& genesis, ByteView receipt,
            const crypto::SigningKey* signer) {
    json::Writer out;
    out.begin_object().key("cose").string(name).key("genesis").string(genesis);
    out.key("bytes").string(to_hex(receipt));
    if (signer != nullptr) {
      out.key("signer").begin_object().key("algorithm");
      out.unsigned_integer(static_cast<std::uint64_t>(signer->algorithm()));
      out.key("public_key").string(to_base64(signer->public_key())).end_object();
    }
    json::Writer so_far = out;
    const json::Document line = parsed(so_far.end_object().take());
    const auto judge = [&](std::string_view bytes) {
      return cose_verdict(view_of(bytes), line.root(), genesis_.at(genesis));
    };
    out.key("expected").string(judge(text_of(receipt))).key("xor").integer(1).key("verdicts");
    out.begin_array();
    for (const auto& [given, count] : sweep(std::string(text_of(receipt)), 1, judge)) {
      out.begin_array().string(given).unsigned_integer(count).end_array();
    }
    out.end_array().end_object();
    lines_.push_back(out.take());
  }
  /// Of one receipt of each shape.
  void alter_some() {
    for (const std::string_view name :
         {"four members: two signers", "four members: state present",
          "golden: transaction and state", "golden: state absent beside another",
          "paper: every algorithm, two changes of the set"}) {
      const std::string own(name);
      for (const Alteration& one : alterations_of(receipts_.at(own).text)) altered(own, one);
    }
  }
  [[nodiscard]] const model::Genesis& genesis_named(const std::string& name) const {
    return genesis_.at(name);
  }
  [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }

 private:
  struct Given {
    std::string genesis;
    std::string text;
  };
  std::map<std::string, model::Genesis> genesis_;
  std::map<std::string, Given> receipts_;
  std::vector<std::string> lines_;
};

std::string compact(const model::Receipt& receipt) {
  return json::write(parsed(model::write_receipt(receipt)).root());
}

/// Receipts of the golden chain: one of each kind of signer and outcome that it has.
void record_golden(Recorder& out) {
  const std::string text = genesis_text();
  ChainPlayer player(text, validator());
  (void)player.founding();
  for (const StoryBlock& block : story(genesis_of(text))) {
    (void)player.play(block.block_ms, block.envelopes);
  }
  out.genesis("golden", text);
  const chain::Chain& chain = player.chain();
  std::set<std::string> taken;
  const auto take = [&](const std::string& name, const model::Receipt& receipt) {
    if (taken.insert(name).second) out.receipt("golden: " + name, "golden", compact(receipt));
  };
  for (const Hash& id : player.executed()) {
    auto receipt = chain.receipt(id);
    XL_CHECK(receipt.ok());
    const bool delegated =
        equal(receipt->signers[0].public_key, key("session").signing.public_key());
    const bool co_signed = receipt->signers.size() > 1;
    take(delegated                     ? "delegated"
         : receipt->entry->status != 0 ? "refused"
         : co_signed                   ? "co-signed"
                                       : "transaction",
         *receipt);
    auto with_state = chain.state_receipt(Bytes{1, 'p'}, receipt->entry->height);
    if (!with_state.ok() || receipt->history_size < 7) continue;
    receipt->state = with_state->state;
    take("transaction and state", *receipt);
  }
  chain.state().durable_view()->scan(Bytes{3}, Bytes{3}, 1, [&](ByteView found, ByteView) {
    auto receipt = chain.state_receipt(found, 0);
    XL_CHECK(receipt.ok());
    take("state", *receipt);
    return true;
  });
  for (std::uint8_t number = 0; number < 64; ++number) {
    auto receipt = chain.state_receipt(Bytes{3, number}, 0);
    XL_CHECK(receipt.ok());
    take(receipt->state->proof.leaf ? "state absent beside another" : "state absent at nothing",
         *receipt);
  }
}

/// Receipts that four members' nodes gave out. They cannot be made again, so the file keeps them;
/// XL_GOLDEN_RECEIPTS names a folder with a genesis.json and others to take in their place.
void record_members(const std::vector<std::string>& before, Recorder& out) {
  const char* folder = std::getenv("XL_GOLDEN_RECEIPTS");
  if (folder == nullptr) {
    for (const std::string& line : before) {
      const json::Document document = parsed(line);
      const json::Value root = document.root();
      const std::string genesis = text_of_member(root, "genesis");
      if (genesis != "four members" || root.find("altered")) continue;
      const std::string text = text_of_member(root, "text");
      if (const auto name = root.find("receipt").as_string()) {
        out.receipt(std::string(*name), genesis, text);
      } else {
        out.genesis(genesis, text);
      }
    }
    return;
  }
  const auto read = [](const fs::path& path) {
    const auto content = read_file(path, 1U << 20U);
    XL_CHECK(content.ok());
    return std::string(text_of(*content));
  };
  out.genesis("four members", read(fs::path(folder) / "genesis.json"));
  std::set<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) files.insert(entry.path());
  for (const fs::path& path : files) {
    if (path.filename() == "genesis.json") continue;
    const json::Document receipt = parsed(read(path));
    out.receipt("four members: " + path.stem().string(), "four members",
                json::write(receipt.root()));
  }
}

/// A genesis of the same chain id and validators that is not the same: the body of a transaction
/// names another network, while of state alone a receipt leads to it all the same.
void record_altered_genesis(Recorder& out) {
  const auto altered = [&](const std::string& name, const std::string& what,
                           std::string_view before, std::string_view after) {
    std::string text(text_of(out.genesis_named(name).raw));
    const std::size_t at = text.rfind(before);
    XL_CHECK(at != std::string::npos);
    std::string own = name;
    own.append(" with ").append(what);
    out.genesis(own, text.replace(at, before.size(), after));
    return own;
  };
  const std::string later = altered("golden", "a later time", "21T00:00:00Z", "21T00:00:01Z");
  for (const std::string& genesis :
       {later, altered("golden", "larger blocks", "\"4194304\"", "\"4194305\""),
        altered("golden", "another DID", "fhe4amu7mazsrbdayyxgptdye4\",\"name",
                "fhe4amu7mazsrbdayyxgptdye5\",\"name"),
        altered("golden", "another name", "Golden north", "Golden morth"),
        altered("golden", "another key", "15VDGJd9OlbctDIM", "15VDGJd9OlbctDIN"),
        altered("golden", "a line end more", "}", "}\n")}) {
    out.under("golden: transaction", genesis);
    out.under("golden: state", genesis);
  }
  for (const char* name : {"refused", "delegated", "co-signed", "transaction and state"}) {
    out.under(std::string("golden: ") + name, later);
  }
  out.under("four members: two signers",
            altered("four members", "another name", "City Hospital", "City hospital"));
}

void record_paper(Recorder& out) {
  const std::string text = paper_genesis_text();
  out.genesis("paper", text);
  out.receipt("paper: every algorithm, two changes of the set", "paper",
              compact(paper_receipt(out.genesis_named("paper"))));
}

/// The same statement by a founder, by a device with a P-256 key, and by someone unknown.
void record_cose(Recorder& out) {
  const model::Genesis& paper = out.genesis_named("paper");
  const model::Receipt receipt = paper_receipt(paper);
  auto device =
      crypto::SigningKey::from_secret(crypto::Algorithm::p256, crypto::sha256(view_of("device")));
  XL_CHECK(device.ok());
  const auto by = [&](const crypto::SigningKey& signing) {
    auto made = model::write_cose_receipt(receipt, signing);
    XL_CHECK(made.ok());
    return std::move(*made);
  };
  const crypto::SigningKey& north = key("north").signing;
  const Bytes stated = by(north);
  out.cose("by a founder", "golden", stated, nullptr);
  out.cose("by a key that is given", "paper", by(*device), &*device);
  out.cose("by a stranger", "paper", stated, nullptr);
  out.cose("by another than the key given", "paper", stated, &*device);
  out.cose("cut off", "golden", ByteView(stated).first(stated.size() - 1), nullptr);
  Bytes longer = stated;
  longer.push_back(0);
  out.cose("with a byte behind", "golden", longer, nullptr);
  Bytes wide = {0xd8, 18};  // the tag in two bytes where one does
  append(wide, ByteView(stated).subspan(1));
  out.cose("in a longer form", "golden", wide, nullptr);
}

std::vector<std::string> recorded() {
  std::ifstream file(vectors_path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> record() {
  Recorder out;
  record_members(recorded(), out);
  record_golden(out);
  record_paper(out);
  out.alter_some();
  out.under("golden: transaction", "four members");
  out.under("four members: state present", "paper");
  record_altered_genesis(out);
  record_cose(out);
  out.swept("golden: state", 0x01);
  out.swept("golden: transaction", 0x01);
  out.swept("golden: state", 0x20);  // letters of the other case
  return out.lines();
}

/// Lines without a P-256 signature, which is another each time it is made.
std::vector<std::string> reproducible(const std::vector<std::string>& lines) {
  std::vector<std::string> out;
  for (const std::string& line : lines) {
    const bool by_p256 = line.find("\"paper: ") != std::string::npos ||
                         line.find("by a key that is given") != std::string::npos;
    if (!by_p256) out.push_back(line);
  }
  return out;
}

TEST(GoldenRecord, OfReceiptsIsWhatTheirMakersGive) {
  const std::vector<std::string> made = record();
  if (std::getenv("XL_GOLDEN_RECORD") != nullptr) {
    std::ofstream file(vectors_path, std::ios::trunc);
    for (const std::string& line : made) file << line << "\n";
    ASSERT_TRUE(file.flush().good());
  }
  EXPECT_EQ(made.size(), recorded().size());
  EXPECT_EQ(reproducible(made), reproducible(recorded()));
}

Runs runs_of(json::Value line) {
  Runs out;
  for (const json::Value run : line.find("verdicts").items()) {
    out.emplace_back(run.at(0).as_string().value_or(""), run.at(1).as_uint64().value_or(0));
  }
  return out;
}

/// The vectors, read once for all tests.
class GoldenReceipts : public testing::Test {
 protected:
  void SetUp() override {
    for (const std::string& line : recorded()) {
      lines.push_back(parsed(line));
      const json::Value root = lines.back().root();
      if (const auto name = root.find("receipt").as_string(); name && root.find("text")) {
        receipts.insert({std::string(*name), root});
      } else if (root.find("text")) {
        genesis.insert({text_of_member(root, "genesis"), genesis_of(text_of_member(root, "text"))});
      }
    }
    ASSERT_GE(lines.size(), 100U) << "there is no record: see tests/golden/README.md";
  }
  [[nodiscard]] const model::Genesis& genesis_for(json::Value line, json::Value receipt) const {
    const json::Value own = line.find("genesis").present() ? line : receipt;
    return genesis.at(text_of_member(own, "genesis"));
  }

  std::vector<json::Document> lines;
  std::map<std::string, json::Value> receipts;
  std::map<std::string, model::Genesis> genesis;
};

TEST_F(GoldenReceipts, GetTheirVerdictsAgain) {
  std::map<std::string, std::size_t> seen;
  for (const json::Document& line : lines) {
    const json::Value root = line.root();
    if (!root.find("expected") || root.find("cose")) continue;
    const json::Value receipt = receipts.at(text_of_member(root, "receipt"));
    std::string text = text_of_member(receipt, "text");
    if (root.find("altered")) {
      text.replace(root.find("at").as_uint64().value_or(0),
                   root.find("removed").as_uint64().value_or(0), text_of_member(root, "put"));
    }
    const std::string expected = text_of_member(root, "expected");
    EXPECT_EQ(verdict(text, genesis_for(root, receipt)), expected)
        << text_of_member(root, "receipt") << ": " << text_of_member(root, "altered");
    ++seen[expected];
  }
  for (const std::string name :
       {"ok", "json_invalid", "json_too_large", "receipt_malformed", "receipt_wrong_network",
        "receipt_entry_mismatch", "receipt_digest_mismatch", "receipt_signature_invalid",
        "receipt_state_proof_invalid", "receipt_app_hash_mismatch", "header_invalid",
        "commit_invalid", "commit_power_insufficient", "validators_mismatch",
        "trust_path_broken"}) {
    EXPECT_GT(seen[name], 0U) << name;
  }
}

TEST_F(GoldenReceipts, NoticeEveryByteChanged) {
  for (const json::Document& line : lines) {
    const json::Value root = line.root();
    if (!root.find("sweep")) continue;
    const json::Value receipt = receipts.at(text_of_member(root, "sweep"));
    const auto mask = static_cast<char>(root.find("xor").as_uint64().value_or(0));
    const auto judge = [&](std::string_view text) {
      return verdict(text, genesis_for(root, receipt));
    };
    EXPECT_EQ(sweep(text_of_member(receipt, "text"), mask, judge), runs_of(root))
        << text_of_member(root, "sweep");
  }
}

TEST_F(GoldenReceipts, InCoseGetTheirVerdictsAgain) {
  std::set<std::string> seen;
  for (const json::Document& line : lines) {
    const json::Value root = line.root();
    if (!root.find("cose")) continue;
    Bytes receipt;
    ASSERT_TRUE(from_hex(text_of_member(root, "bytes"), receipt));
    const auto judge = [&](std::string_view bytes) {
      return cose_verdict(view_of(bytes), root, genesis.at(text_of_member(root, "genesis")));
    };
    const std::string text(text_of(receipt));
    EXPECT_EQ(judge(text), text_of_member(root, "expected")) << text_of_member(root, "cose");
    EXPECT_EQ(sweep(text, 1, judge), runs_of(root)) << text_of_member(root, "cose");
    seen.insert(text_of_member(root, "expected"));
  }
  EXPECT_EQ(seen, (std::set<std::string>{"ok", "receipt_malformed", "receipt_signature_invalid",
                                         "receipt_signer_unknown"}));
}

}  // namespace
}  // namespace xl::golden
