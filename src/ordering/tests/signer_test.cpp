// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: a validator never gives away two signatures for one step of a round, whatever the engine
// asks, a crash leaves behind or a second process does. Method: the rules as a table against a
// state on disk that is opened again; the messages of CometBFT's privval protocol; a listener that
// behaves as CometBFT's, or worse.
#include "ordering/cometbft/signer.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <condition_variable>
#include <cstring>
#include <mutex>

#include "base/file.h"
#include "model/comet/comet.pb.h"
#include "model/tests/vectors.h"
#include "ordering/cometbft/frames.h"
#include "ordering/cometbft/privval.pb.h"
#include "ordering/cometbft/signer_link.h"

namespace xl::ordering::cometbft {
namespace {

namespace comet = model::comet;
namespace fs = std::filesystem;
namespace privval = xinglin::privval::v1;
namespace wire = xinglin::comet::v1;

constexpr const char* chain_id = "region-0123456789abcdef";

comet::BlockId block(std::uint8_t number) { return {Bytes(32, number), {2, Bytes(32, 0x22)}}; }

comet::Vote vote(std::int64_t height, std::int32_t round, comet::VoteType type,
                 comet::BlockId id = block(1), std::int64_t second = 100) {
  return {type, height, round, std::move(id), {second, 5}};
}

comet::Proposal proposal(std::int64_t height, std::int32_t round, std::uint8_t number = 1,
                         std::int64_t second = 100) {
  return {height, round, -1, block(number), {second, 5}};
}

constexpr auto prevote = comet::VoteType::prevote;
constexpr auto precommit = comet::VoteType::precommit;

class SignerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::temp_directory_path() / ("xl-signer-" + std::to_string(::getpid()));
    fs::remove_all(root_);
    fs::create_directories(root_);
    ASSERT_TRUE(SignGuard::create(folder()).ok());
  }
  void TearDown() override {
    std::error_code ignored;
    fs::permissions(folder(), fs::perms::owner_all, ignored);
    fs::remove_all(root_);
  }

  [[nodiscard]] fs::path folder() const { return root_ / "signer"; }
  [[nodiscard]] fs::path state() const { return folder() / "state.json"; }
  [[nodiscard]] SignGuard open() const {
    auto guard = SignGuard::open(folder());
    EXPECT_TRUE(guard.ok()) << guard.error().text();
    return std::move(*guard);
  }
  template <typename Message>
  ErrorCode refusal(SignGuard& guard, const Message& message) {
    const auto done = guard.sign(key_, chain_id, message);
    EXPECT_FALSE(done.ok());
    return done.ok() ? ErrorCode{} : done.error().code;
  }
  template <typename Message>
  Bytes signature(SignGuard& guard, const Message& message) {
    auto done = guard.sign(key_, chain_id, message);
    EXPECT_TRUE(done.ok()) << done.error().text();
    return done.ok() ? done->signature : Bytes();
  }

  fs::path root_;
  crypto::SigningKey key_ = model::vectors::key_of_seed(0xb1);
};

TEST_F(SignerTest, WhatLiesBehindIsRefusedAndWhatFollowsIsSigned) {
  SignGuard guard = open();
  signature(guard, proposal(5, 1));
  signature(guard, vote(5, 1, prevote));
  EXPECT_EQ(refusal(guard, proposal(5, 1)), ErrorCode::sign_regressed);
  signature(guard, vote(5, 1, precommit));
  EXPECT_EQ(refusal(guard, vote(5, 1, prevote)), ErrorCode::sign_regressed);
  EXPECT_EQ(refusal(guard, vote(5, 0, precommit)), ErrorCode::sign_regressed);
  EXPECT_EQ(refusal(guard, vote(4, 9, precommit)), ErrorCode::sign_regressed);
  signature(guard, vote(5, 2, prevote, {}));
  signature(guard, vote(9, 0, precommit));
  EXPECT_EQ(refusal(guard, vote(0, 0, precommit)), ErrorCode::sign_request_invalid);
  EXPECT_EQ(refusal(guard, vote(10, -1, precommit)), ErrorCode::sign_request_invalid);
}

TEST_F(SignerTest, ASecondWordOnTheSameStepIsRefused) {
  SignGuard guard = open();
  signature(guard, proposal(5, 0, 1));
  EXPECT_EQ(refusal(guard, proposal(5, 0, 2)), ErrorCode::double_sign_refused);
  signature(guard, vote(5, 0, prevote, block(1)));
  EXPECT_EQ(refusal(guard, vote(5, 0, prevote, block(2))), ErrorCode::double_sign_refused);
  EXPECT_EQ(refusal(guard, vote(5, 0, prevote, {})), ErrorCode::double_sign_refused);
  // Under another key what was signed once would be a second word too.
  const crypto::SigningKey other = model::vectors::key_of_seed(0xb2);
  EXPECT_EQ(guard.sign(other, chain_id, vote(5, 0, prevote, block(1))).error().code,
            ErrorCode::double_sign_refused);
  EXPECT_EQ(guard.sign(key_, "another", vote(5, 0, prevote, block(1))).error().code,
            ErrorCode::double_sign_refused);
}

TEST_F(SignerTest, TheSameIsGivenAgainWithItsFirstTimeAlsoAfterACrash) {
  Bytes first;
  {
    SignGuard guard = open();
    first = signature(guard, vote(5, 0, precommit, block(1), 100));
  }
  SignGuard guard = open();
  const auto again = guard.sign(key_, chain_id, vote(5, 0, precommit, block(1), 107));
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->signature, first);
  EXPECT_EQ(again->time, (comet::Timestamp{100, 5}));
  EXPECT_EQ(refusal(guard, vote(5, 0, precommit, block(2), 100)), ErrorCode::double_sign_refused);
  const Bytes proposed = signature(guard, proposal(6, 0, 3, 200));
  const auto later = guard.sign(key_, chain_id, proposal(6, 0, 3, 201));
  ASSERT_TRUE(later.ok());
  EXPECT_EQ(later->signature, proposed);
  EXPECT_EQ(later->time, (comet::Timestamp{200, 5}));
}

TEST_F(SignerTest, NothingIsGivenAwayThatIsNotOnDisk) {
  SignGuard guard = open();
  const Bytes given = signature(guard, vote(5, 0, prevote));
  const auto read = read_sign_state(*read_file(state(), 4096));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->signature, given);
  EXPECT_EQ(*read, guard.last());
  // A folder that cannot be written: no signature, and the state in memory stays as well.
  fs::remove_all(folder());
  EXPECT_EQ(refusal(guard, vote(5, 0, precommit)), ErrorCode::file_unwritable);
  EXPECT_EQ(guard.last().step, SignStep::prevote);
}

TEST_F(SignerTest, OneProcessSignsAndNoneWithoutItsState) {
  {
    const SignGuard guard = open();
    EXPECT_EQ(SignGuard::open(folder()).error().code, ErrorCode::signer_locked);
  }
  SignGuard moved = open();
  SignGuard target = std::move(moved);
  EXPECT_EQ(SignGuard::open(folder()).error().code, ErrorCode::signer_locked);
  signature(target, vote(5, 0, prevote));
  { const SignGuard gone = std::move(target); }
  ASSERT_TRUE(SignGuard::create(folder()).ok());  // leaves what is there
  EXPECT_EQ(open().last().height, 5);
  fs::remove(state());
  EXPECT_EQ(SignGuard::open(folder()).error().code, ErrorCode::sign_state_missing);
}

TEST_F(SignerTest, ADamagedStateIsNoState) {
  for (const char* text :
       {"", "{}", "null", R"({"height":"-1","round":0,"step":0})",
        R"({"height":"9223372036854775808","round":0,"step":0})",
        R"({"height":"5","round":-1,"step":1})", R"({"height":"5","round":2147483648,"step":1})",
        R"({"height":"5","round":0,"step":4})", R"({"height":"5","round":0,"step":3})",
        R"({"height":"5","round":0,"step":3,"signature":"AA==","signbytes":"00"})"}) {
    ASSERT_TRUE(write_file_durably(state(), view_of(std::string_view(text))).ok());
    EXPECT_EQ(SignGuard::open(folder()).error().code, ErrorCode::sign_state_invalid) << text;
  }
  ASSERT_TRUE(write_file_durably(state(), Bytes(4097, ' ')).ok());
  EXPECT_EQ(SignGuard::open(folder()).error().code, ErrorCode::sign_state_invalid);
}

TEST_F(SignerTest, TheStateIsCometBftsOwn) {
  const auto page = model::vectors::of_page("formats.md");
  SignGuard guard = open();
  const comet::BlockId id{Bytes(32, 0x11), {2, Bytes(32, 0x22)}};
  const comet::Timestamp time{1790000000, 123456789};
  EXPECT_EQ(comet::sign_bytes(chain_id, comet::Proposal{7, 1, -1, id, time}),
            model::vectors::bytes_of(page, "signing.proposal"));
  EXPECT_EQ(comet::sign_bytes(chain_id, comet::Proposal{7, 1, 0, id, time}),
            model::vectors::bytes_of(page, "signing.proposal_locked"));
  EXPECT_EQ(comet::sign_bytes(chain_id, comet::Vote{prevote, 7, 1, {}, time}),
            model::vectors::bytes_of(page, "signing.prevote_for_none"));
  EXPECT_EQ(signature(guard, comet::Vote{precommit, 7, 1, id, time}),
            model::vectors::bytes_of(page, "signing.signature"));
  EXPECT_EQ(guard.last().sign_bytes, model::vectors::bytes_of(page, "signing.precommit"));
  const std::string file(text_of(*read_file(state(), 4096)));
  EXPECT_EQ(file, model::vectors::file("sign-state.json"));
}

// ---------------------------------------------------------------- messages

wire::Vote wire_vote(const comet::Vote& in) {
  wire::Vote out;
  out.set_type(static_cast<int>(in.type));
  out.set_height(in.height);
  out.set_round(in.round);
  out.mutable_block_id()->set_hash(std::string(text_of(in.block_id.hash)));
  out.mutable_block_id()->mutable_part_set_header()->set_total(in.block_id.parts.total);
  out.mutable_block_id()->mutable_part_set_header()->set_hash(
      std::string(text_of(in.block_id.parts.hash)));
  out.mutable_timestamp()->set_seconds(in.time.seconds);
  out.mutable_timestamp()->set_nanos(in.time.nanos);
  out.set_validator_index(3);
  return out;
}

privval::Message vote_request(const wire::Vote& in, const std::string& chain = chain_id) {
  privval::Message out;
  out.mutable_sign_vote_request()->set_vote(in.SerializeAsString());
  out.mutable_sign_vote_request()->set_chain_id(chain);
  return out;
}

privval::Message proposal_request(std::int64_t height, std::int32_t type = 32) {
  wire::Proposal in;
  in.set_type(type);
  in.set_height(height);
  in.set_pol_round(-1);
  in.mutable_block_id()->set_hash(std::string(32, '\1'));
  in.mutable_block_id()->mutable_part_set_header()->set_total(1);
  in.mutable_block_id()->mutable_part_set_header()->set_hash(std::string(32, '\2'));
  in.mutable_timestamp()->set_seconds(100);
  privval::Message out;
  out.mutable_sign_proposal_request()->set_proposal(in.SerializeAsString());
  out.mutable_sign_proposal_request()->set_chain_id(chain_id);
  return out;
}

class SignerMessages : public SignerTest {
 protected:
  /// The answer, and in `refused_` why nothing was signed.
  privval::Message ask(SignGuard& guard, const privval::Message& request) {
    const auto done =
        answer_sign_request(guard, key_, chain_id, view_of(request.SerializeAsString()));
    EXPECT_TRUE(done.ok());
    privval::Message out;
    if (!done.ok()) return out;
    refused_ = done->refused;
    EXPECT_TRUE(out.ParseFromArray(done->message.data(), static_cast<int>(done->message.size())));
    return out;
  }
  std::optional<ErrorCode> refused_;
};

TEST_F(SignerMessages, EachRequestHasItsAnswer) {
  SignGuard guard = open();
  privval::Message request;
  request.mutable_ping_request();
  EXPECT_TRUE(ask(guard, request).has_ping_response());
  request.mutable_pub_key_request()->set_chain_id(chain_id);
  EXPECT_EQ(ask(guard, request).pub_key_response().pub_key().ed25519(), text_of(key_.public_key()));
  const comet::Vote in = vote(5, 0, precommit);
  const auto answer = ask(guard, vote_request(wire_vote(in)));
  wire::Vote out;
  ASSERT_TRUE(out.ParseFromString(answer.signed_vote_response().vote()));
  EXPECT_FALSE(answer.signed_vote_response().has_error());
  EXPECT_EQ(out.validator_index(), 3);
  EXPECT_TRUE(crypto::verify_ed25519_zip215(key_.public_key(), comet::sign_bytes(chain_id, in),
                                            view_of(out.signature())));
  // The same a second later: the first time comes back with the signature.
  comet::Vote later = in;
  later.time.seconds += 1;
  wire::Vote again;
  ASSERT_TRUE(again.ParseFromString(
      ask(guard, vote_request(wire_vote(later))).signed_vote_response().vote()));
  EXPECT_EQ(again.SerializeAsString(), out.SerializeAsString());
  const auto proposed = ask(guard, proposal_request(6));
  EXPECT_FALSE(proposed.signed_proposal_response().has_error());
  EXPECT_FALSE(proposed.signed_proposal_response().proposal().empty());
}

TEST_F(SignerMessages, WhatMustNotBeSignedIsAnsweredWithAnError) {
  SignGuard guard = open();
  const comet::Vote in = vote(5, 0, precommit);
  std::vector<std::pair<const char*, privval::Message>> requests;
  requests.emplace_back("another network", vote_request(wire_vote(in), "other"));
  wire::Vote odd = wire_vote(in);
  odd.set_extension("x");
  requests.emplace_back("an extension", vote_request(odd));
  odd = wire_vote(in);
  odd.set_extension_signature("x");
  requests.emplace_back("an extension's signature", vote_request(odd));
  odd = wire_vote(in);
  odd.set_type(32);
  requests.emplace_back("a proposal as a vote", vote_request(odd));
  odd = wire_vote(in);
  odd.mutable_block_id()->set_hash("short");
  requests.emplace_back("half a block id", vote_request(odd));
  requests.emplace_back("a vote as a proposal", proposal_request(6, 1));
  requests.emplace_back("no height", proposal_request(0));
  privval::Message malformed;
  malformed.mutable_sign_vote_request()->set_vote("\xff");
  malformed.mutable_sign_vote_request()->set_chain_id(chain_id);
  requests.emplace_back("no vote", malformed);
  privval::Message foreign;
  foreign.mutable_pub_key_request()->set_chain_id("other");
  requests.emplace_back("the key for another network", foreign);
  for (const auto& [what, request] : requests) {
    const auto answer = ask(guard, request);
    EXPECT_EQ(refused_, ErrorCode::sign_request_invalid) << what;
    EXPECT_TRUE(answer.signed_vote_response().has_error() ||
                answer.signed_proposal_response().has_error() ||
                answer.pub_key_response().has_error())
        << what;
  }
  EXPECT_EQ(guard.last().height, 0);
  for (const Bytes& bytes : {Bytes{}, Bytes{0xff}, Bytes{0x42, 0x00}}) {
    EXPECT_FALSE(answer_sign_request(guard, key_, chain_id, bytes).ok());
  }
}

// ---------------------------------------------------------------- socket

/// Listens as the engine does.
class FakeEngine {
 public:
  explicit FakeEngine(const fs::path& path) : listener_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
    ::unlink(path.c_str());
    EXPECT_EQ(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(::listen(listener_, 4), 0);
  }
  ~FakeEngine() {
    hang_up();
    ::close(listener_);
  }
  void accept() { socket_ = ::accept(listener_, nullptr, nullptr); }
  void hang_up() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
    frames_ = FrameReader();
  }
  void send(ByteView bytes) const {
    EXPECT_EQ(::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  void send(const privval::Message& message) const {
    Bytes frame;
    append_frame(frame, view_of(message.SerializeAsString()));
    send(frame);
  }
  /// Nothing when the signer hung up.
  std::optional<privval::Message> receive() {
    while (true) {
      auto frame = frames_.next();
      if (frame.ok() && *frame) {
        privval::Message out;
        EXPECT_TRUE(out.ParseFromArray((*frame)->data(), static_cast<int>((*frame)->size())));
        return out;
      }
      Bytes buffer(4096);
      const ssize_t got = ::recv(socket_, buffer.data(), buffer.size(), 0);
      if (got <= 0) return std::nullopt;
      frames_.feed(ByteView(buffer).first(static_cast<std::size_t>(got)));
    }
  }

 private:
  int listener_;
  int socket_ = -1;
  FrameReader frames_;
};

TEST_F(SignerTest, DialsTheEngineAndComesBackWhateverItSends) {
  const fs::path socket = root_ / "sign.sock";
  std::vector<ErrorCode> refused;
  const auto signer = Signer::start(
      open(), model::vectors::key_of_seed(0xb1),
      {socket, chain_id, [&refused](ErrorCode code, std::int64_t) { refused.push_back(code); }});
  EXPECT_FALSE(signer->counters().connected);
  FakeEngine engine(socket);
  engine.accept();
  privval::Message ping;
  ping.mutable_ping_request();
  engine.send(ping);
  EXPECT_TRUE(engine.receive()->has_ping_response());
  engine.send(vote_request(wire_vote(vote(5, 0, precommit))));
  EXPECT_FALSE(engine.receive()->signed_vote_response().has_error());
  engine.send(vote_request(wire_vote(vote(5, 0, precommit, block(2)))));
  EXPECT_TRUE(engine.receive()->signed_vote_response().has_error());
  EXPECT_TRUE(is_signer_connected("unix://" + socket.string()));
  EXPECT_TRUE(signer->counters().connected);
  EXPECT_EQ(signer->counters().given, 1U);
  EXPECT_EQ(signer->counters().double_signs, 1U);
  // No message, a length that is none, a frame above the bound: it hangs up and dials again.
  for (const Bytes& garbage : {Bytes{1, 0xff}, Bytes(6, 0xff), Bytes{0xff, 0xff, 0xff, 0x7f}}) {
    engine.send(garbage);
    EXPECT_FALSE(engine.receive().has_value());
    engine.hang_up();
    engine.accept();
    engine.send(ping);
    EXPECT_TRUE(engine.receive()->has_ping_response());
  }
  signer->use(model::vectors::key_of_seed(0xb2));
  privval::Message who;
  who.mutable_pub_key_request()->set_chain_id(chain_id);
  engine.send(who);
  EXPECT_EQ(engine.receive()->pub_key_response().pub_key().ed25519(),
            text_of(model::vectors::key_of_seed(0xb2).public_key()));
  signer->stop();
  EXPECT_FALSE(engine.receive().has_value());
  EXPECT_EQ(refused, (std::vector<ErrorCode>{ErrorCode::double_sign_refused,
                                             ErrorCode::sign_request_invalid}));
}

TEST(SignerLink, ReadsTheSystemsTables) {
  EXPECT_TRUE(is_tcp_connection(
      "   0: 0100007F:6823 0100007F:C0DE 01 00000000:00000000 00:00000000 00000000 0", 0x6823));
  EXPECT_FALSE(is_tcp_connection(
      "   0: 0100007F:6823 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0", 0x6823));
  EXPECT_FALSE(is_tcp_connection("   0: 0100007F:C0DE 0100007F:6823 01 0 0 0 0", 0x6823));
  EXPECT_FALSE(is_tcp_connection("  sl  local_address rem_address   st", 0x6823));
  EXPECT_TRUE(is_unix_connection("000000: 00000003 00000000 00000000 0001 03 123 /a/sign.sock",
                                 "/a/sign.sock"));
  EXPECT_FALSE(is_unix_connection("000000: 00000002 00000000 00010000 0001 01 123 /a/sign.sock",
                                  "/a/sign.sock"));
  EXPECT_FALSE(is_signer_connected("tcp://127.0.0.1:1"));
  EXPECT_FALSE(is_signer_connected("nonsense"));
}

}  // namespace
}  // namespace xl::ordering::cometbft
