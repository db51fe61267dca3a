// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "model/receipt_cose.h"

#include "crypto/merkle.h"
#include "crypto/suite.h"

namespace xl::model {
namespace {

// Labels and values of IANA's COSE registries: on the wire, never change.
constexpr std::uint64_t cose_sign1_tag = 18;
constexpr std::uint64_t label_algorithm = 1;
constexpr std::uint64_t label_key_id = 4;
constexpr std::uint64_t label_structure = 395;  ///< vds
constexpr std::uint64_t label_proofs = 396;     ///< vdp
constexpr std::uint64_t structure_rfc9162_sha256 = 1;
// Negative integers are written as -1 - n: these are the n.
constexpr std::uint64_t inclusion_proofs = 0;  ///< -1
constexpr std::uint64_t algorithm_eddsa = 7;   ///< -8
constexpr std::uint64_t algorithm_es256 = 6;   ///< -7
constexpr std::string_view label_entry = "xinglin-history-entry";
constexpr std::string_view signature_context = "Signature1";  ///< RFC 9052 §4.4
constexpr std::size_t signature_bytes = 64;
constexpr std::size_t cose_entry_bytes_max = 256;
/// Two hashes' worth of framing above the longest entry and path.
constexpr std::size_t cose_receipt_bytes_max =
    512 + cose_entry_bytes_max + crypto::merkle::path_length_max * (sizeof(Hash) + 2);

enum class Major : std::uint8_t {
  unsigned_integer = 0,
  negative_integer = 1,
  byte_string = 2,
  text_string = 3,
  array = 4,
  map = 5,
  tag = 6,
};
constexpr std::uint8_t cbor_null = 0xf6;

/// RFC 8949 §4.2.1: the shortest head.
void put_head(Bytes& out, Major major, std::uint64_t value) {
  const auto top = static_cast<std::uint8_t>(static_cast<unsigned>(major) << 5U);
  if (value < 24) {
    out.push_back(static_cast<std::uint8_t>(top | value));
  } else if (value <= UINT8_MAX) {
    out.push_back(top | 24U);
    out.push_back(static_cast<std::uint8_t>(value));
  } else if (value <= UINT16_MAX) {
    out.push_back(top | 25U);
    append_be(out, static_cast<std::uint16_t>(value));
  } else if (value <= UINT32_MAX) {
    out.push_back(top | 26U);
    append_be(out, static_cast<std::uint32_t>(value));
  } else {
    out.push_back(top | 27U);
    append_be(out, value);
  }
}

void put_string(Bytes& out, Major major, ByteView content) {
  put_head(out, major, content.size());
  append(out, content);
}

std::optional<std::uint64_t> cose_algorithm(crypto::Algorithm algorithm) {
  switch (algorithm) {
    case crypto::Algorithm::ed25519:
      return algorithm_eddsa;
    case crypto::Algorithm::p256:
      return algorithm_es256;
    case crypto::Algorithm::webauthn_p256:
      return std::nullopt;  // signs a challenge of its own form
  }
  return std::nullopt;
}

Bytes protected_header(std::uint64_t algorithm, const Hash& key_id) {
  Bytes out;
  put_head(out, Major::map, 3);
  put_head(out, Major::unsigned_integer, label_algorithm);
  put_head(out, Major::negative_integer, algorithm);
  put_head(out, Major::unsigned_integer, label_key_id);
  put_string(out, Major::byte_string, key_id);
  put_head(out, Major::unsigned_integer, label_structure);
  put_head(out, Major::unsigned_integer, structure_rfc9162_sha256);
  return out;
}

/// Sig_structure of RFC 9052 §4.4 with the detached root as payload.
Bytes to_be_signed(ByteView protected_bytes, const Hash& root) {
  Bytes out;
  put_head(out, Major::array, 4);
  put_string(out, Major::text_string, view_of(signature_context));
  put_string(out, Major::byte_string, protected_bytes);
  put_string(out, Major::byte_string, {});
  put_string(out, Major::byte_string, root);
  return out;
}

/// The parts that differ from receipt to receipt.
struct CoseParts {
  std::uint64_t algorithm = 0;
  Hash key_id{};
  std::uint64_t size = 0;
  std::uint64_t index = 0;
  std::vector<Hash> path;
  Bytes entry;
  Bytes signature;  ///< without suite byte
};

Bytes encode_cose(const CoseParts& parts) {
  Bytes proof;
  put_head(proof, Major::array, 3);
  put_head(proof, Major::unsigned_integer, parts.size);
  put_head(proof, Major::unsigned_integer, parts.index);
  put_head(proof, Major::array, parts.path.size());
  for (const Hash& sibling : parts.path) put_string(proof, Major::byte_string, sibling);

  Bytes out;
  put_head(out, Major::tag, cose_sign1_tag);
  put_head(out, Major::array, 4);
  put_string(out, Major::byte_string, protected_header(parts.algorithm, parts.key_id));
  put_head(out, Major::map, 2);
  put_head(out, Major::unsigned_integer, label_proofs);
  put_head(out, Major::map, 1);
  put_head(out, Major::negative_integer, inclusion_proofs);
  put_head(out, Major::array, 1);
  put_string(out, Major::byte_string, proof);
  put_string(out, Major::text_string, view_of(label_entry));
  put_string(out, Major::byte_string, parts.entry);
  out.push_back(cbor_null);
  put_string(out, Major::byte_string, parts.signature);
  return out;
}

/// Reads what `put_head` writes. After the first thing that is not as expected every answer is
/// empty and `good` false. That heads are shortest is checked by encoding again.
class CborReader {
 public:
  explicit CborReader(ByteView bytes) : rest_(bytes) {}

  [[nodiscard]] bool good() const { return good_; }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }

  std::uint64_t head(Major major) {
    const ByteView first = take(1);
    if (!good_ || first[0] >> 5U != static_cast<unsigned>(major)) return fail();
    const unsigned info = first[0] & 31U;
    if (info < 24) return info;
    if (info > 27) return fail();
    std::uint64_t out = 0;
    for (const std::uint8_t byte : take(std::size_t{1} << (info - 24U))) out = out << 8U | byte;
    return out;
  }
  void expect(Major major, std::uint64_t value) {
    if (head(major) != value) fail();
  }
  ByteView string(Major major, std::size_t bytes_max) {
    const std::uint64_t size = head(major);
    if (size > bytes_max) fail();
    return good_ ? take(static_cast<std::size_t>(size)) : ByteView{};
  }
  Hash hash() {
    Hash out{};
    const ByteView bytes = string(Major::byte_string, out.size());
    if (bytes.size() != out.size()) {
      fail();
    } else {
      std::copy(bytes.begin(), bytes.end(), out.begin());
    }
    return out;
  }
  void expect_null() {
    const ByteView byte = take(1);
    if (!good_ || byte[0] != cbor_null) fail();
  }

 private:
  ByteView take(std::size_t size) {
    if (!good_ || size > rest_.size()) {
      fail();
      return {};
    }
    const ByteView out = rest_.first(size);
    rest_ = rest_.subspan(size);
    return out;
  }
  std::uint64_t fail() {
    good_ = false;
    return 0;
  }

  ByteView rest_;
  bool good_ = true;
};

bool read_protected(ByteView bytes, CoseParts& out) {
  CborReader reader(bytes);
  reader.expect(Major::map, 3);
  reader.expect(Major::unsigned_integer, label_algorithm);
  out.algorithm = reader.head(Major::negative_integer);
  reader.expect(Major::unsigned_integer, label_key_id);
  out.key_id = reader.hash();
  reader.expect(Major::unsigned_integer, label_structure);
  reader.expect(Major::unsigned_integer, structure_rfc9162_sha256);
  return reader.good() && reader.at_end();
}

bool read_proof(ByteView bytes, CoseParts& out) {
  CborReader reader(bytes);
  reader.expect(Major::array, 3);
  out.size = reader.head(Major::unsigned_integer);
  out.index = reader.head(Major::unsigned_integer);
  const std::uint64_t length = reader.head(Major::array);
  if (length == 0 || length > crypto::merkle::path_length_max) return false;
  for (std::uint64_t i = 0; i < length; ++i) out.path.push_back(reader.hash());
  return reader.good() && reader.at_end();
}

bool decode_cose(ByteView bytes, CoseParts& out) {
  if (bytes.size() > cose_receipt_bytes_max) return false;
  CborReader reader(bytes);
  reader.expect(Major::tag, cose_sign1_tag);
  reader.expect(Major::array, 4);
  const ByteView header = reader.string(Major::byte_string, bytes.size());
  reader.expect(Major::map, 2);
  reader.expect(Major::unsigned_integer, label_proofs);
  reader.expect(Major::map, 1);
  reader.expect(Major::negative_integer, inclusion_proofs);
  reader.expect(Major::array, 1);
  const ByteView proof = reader.string(Major::byte_string, bytes.size());
  if (text_of(reader.string(Major::text_string, label_entry.size())) != label_entry) return false;
  out.entry = copy_of(reader.string(Major::byte_string, cose_entry_bytes_max));
  reader.expect_null();
  out.signature = copy_of(reader.string(Major::byte_string, signature_bytes));
  if (!reader.good() || !reader.at_end() || out.signature.size() != signature_bytes) return false;
  return read_protected(header, out) && read_proof(proof, out) && equal(encode_cose(out), bytes);
}

}  // namespace

Result<Bytes> write_cose_receipt(const Receipt& receipt, const crypto::SigningKey& key) {
  if (!receipt.entry) return make_error(ErrorCode::receipt_malformed, "it holds no transaction");
  if (receipt.history_path.empty()) {
    return make_error(ErrorCode::receipt_malformed,
                      "the only entry of its history has no path: take a later receipt");
  }
  const auto algorithm = cose_algorithm(key.algorithm());
  if (!algorithm) return make_error(ErrorCode::key_malformed, "a passkey cannot sign COSE");
  CoseParts parts;
  parts.algorithm = *algorithm;
  parts.key_id = key_id_of(key.algorithm(), key.public_key());
  parts.size = receipt.history_size;
  parts.index = receipt.history_index;
  parts.path = receipt.history_path;
  parts.entry = encode_history_entry(*receipt.entry);
  const Bytes header = protected_header(parts.algorithm, parts.key_id);
  const Bytes signature = key.sign(to_be_signed(header, receipt.history_root));
  parts.signature = copy_of(ByteView(signature).subspan(1));  // COSE knows no suite byte
  return encode_cose(parts);
}

bool begins_like_cose(ByteView bytes) {
  return !bytes.empty() && bytes[0] == (static_cast<unsigned>(Major::tag) << 5U | cose_sign1_tag);
}

Result<Hash> cose_signer(ByteView bytes) {
  CoseParts parts;
  if (!decode_cose(bytes, parts)) return make_error(ErrorCode::receipt_malformed, "COSE");
  return parts.key_id;
}

Result<CoseReceipt> verify_cose_receipt(ByteView bytes, crypto::Algorithm algorithm,
                                        ByteView public_key) {
  CoseParts parts;
  if (!decode_cose(bytes, parts)) return make_error(ErrorCode::receipt_malformed, "COSE");
  CoseReceipt out;
  XL_TRY_ASSIGN(out.entry, decode_history_entry(parts.entry));
  out.history_index = parts.index;
  out.history_size = parts.size;
  out.key_id = parts.key_id;
  const auto root = crypto::merkle::root_of_inclusion(history_leaf(out.entry), parts.index,
                                                      parts.size, parts.path);
  if (!root) return make_error(ErrorCode::receipt_entry_mismatch);
  out.history_root = *root;
  const auto wanted = cose_algorithm(algorithm);
  if (!wanted || *wanted != parts.algorithm || key_id_of(algorithm, public_key) != parts.key_id) {
    return make_error(ErrorCode::receipt_signature_invalid, "of another key");
  }
  Bytes signature{static_cast<std::uint8_t>(crypto::Suite::international)};
  append(signature, parts.signature);
  const Bytes header = protected_header(parts.algorithm, parts.key_id);
  if (!crypto::verify(algorithm, public_key, to_be_signed(header, out.history_root), signature)) {
    return make_error(ErrorCode::receipt_signature_invalid);
  }
  return out;
}

}  // namespace xl::model
