// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "client/bundle_file.h"

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <memory>
#include <set>

#include "base/json/writer.h"
#include "fhir/references.h"

namespace xl::client {
namespace {

constexpr std::size_t file_bytes_max = 256U << 20U;
constexpr std::size_t transaction_bytes_about = 8U << 20U;

struct CloseGzip {
  void operator()(gzFile_s* file) const { gzclose(file); }
};

/// Reads plain files as they are: zlib looks at the first bytes.
Result<std::string> read_maybe_packed(const std::filesystem::path& path) {
  const std::unique_ptr<gzFile_s, CloseGzip> file(gzopen(path.c_str(), "rb"));
  if (!file) {
    return make_error(errno == ENOENT ? ErrorCode::file_missing : ErrorCode::file_unreadable,
                      path.string());
  }
  std::string out;
  std::string part(1U << 20U, '\0');
  for (;;) {
    const int count = gzread(file.get(), part.data(), static_cast<unsigned>(part.size()));
    if (count < 0) return make_error(ErrorCode::file_unreadable, path.string());
    if (count == 0) return out;
    if (out.size() + static_cast<std::size_t>(count) > file_bytes_max) {
      return make_error(ErrorCode::file_too_large, path.string());
    }
    out.append(part.data(), static_cast<std::size_t>(count));
  }
}

std::string_view text_at(json::Value object, std::string_view name) {
  return object.find(name).as_string().value_or(std::string_view{});
}

bool is_server_set(std::string_view path, std::string_view key) {
  return path == ".meta" && (key == "versionId" || key == "lastUpdated");
}

/// Two values that must be the same, and where they stand.
struct Pair {
  json::Value source;
  json::Value kept;
  std::string path;
};

bool same_scalar(json::Value a, json::Value b) { return json::identical(a, b); }

/// Compares the members of two objects; adds what is to be compared below. False with the name of a
/// member that only one of them has.
bool match_members(const Pair& pair, std::vector<Pair>& below, std::string& where) {
  for (const json::Member member : pair.source.members()) {
    if (is_server_set(pair.path, member.key)) continue;
    const json::Value other = pair.kept.find(member.key);
    const std::string path = pair.path + "." + std::string(member.key);
    if (!other.present()) {
      where = path;
      return false;
    }
    below.push_back({member.value, other, path});
  }
  for (const json::Member member : pair.kept.members()) {
    const bool expected = pair.source.find(member.key).present() ||
                          is_server_set(pair.path, member.key) ||
                          (pair.path.empty() && member.key == "meta");
    if (expected) continue;
    where = pair.path + "." + std::string(member.key);
    return false;
  }
  return true;
}

}  // namespace

Result<BundleFile> read_bundle_file(const std::filesystem::path& path) {
  XL_TRY_ASSIGN(const std::string text, read_maybe_packed(path));
  json::Limits bounds;
  bounds.bytes_max = file_bytes_max;
  bounds.elements_max = 50'000'000;
  XL_TRY_ASSIGN(json::Document document,
                json::in_file(json::parse(text, bounds), text, path.string()));
  BundleFile out{std::move(document), {}};
  const json::Value root = out.bundle.root();
  std::map<std::string, std::string, std::less<>> names;
  std::set<std::string> seen;
  const auto invalid = [&](const std::string& what) {
    return make_error(ErrorCode::input_invalid, path.filename().string() + ": " + what);
  };
  const auto take = [&](json::Value resource, std::string_view full_url,
                        const std::string& where) -> Status {
    const std::string name =
        std::string(text_at(resource, "resourceType")) + "/" + std::string(text_at(resource, "id"));
    if (text_at(resource, "resourceType").empty()) return invalid(where + " is no resource");
    if (text_at(resource, "id").empty()) return invalid(where + " has no id");
    if (!seen.insert(name).second) return invalid(where + " is there twice");
    if (full_url.starts_with("urn:")) names.emplace(full_url, name);
    out.resources.push_back(resource);
    return {};
  };
  if (text_at(root, "resourceType") != "Bundle") {
    XL_TRY(take(root, {}, "the file"));
    return out;
  }
  std::size_t index = 0;
  for (const json::Value entry : root.find("entry").items()) {
    XL_TRY(take(entry.find("resource"), text_at(entry, "fullUrl"),
                "entry[" + std::to_string(index++) + "]"));
  }
  if (out.resources.empty()) return invalid("no entries");
  fhir::rewrite_references(out.bundle.edit(),
                           [&](std::string_view reference) -> std::optional<std::string> {
                             const auto found = names.find(reference);
                             if (found == names.end()) return std::nullopt;
                             return found->second;
                           });
  return out;
}

std::vector<std::string> transactions_of(const std::vector<json::Value>& resources,
                                         std::size_t entries_max) {
  std::vector<std::string> out;
  std::string entries;
  std::size_t count = 0;
  const auto close = [&] {
    if (count == 0) return;
    out.push_back(R"({"resourceType":"Bundle","type":"transaction","entry":[)" + entries + "]}");
    entries.clear();
    count = 0;
  };
  for (const json::Value resource : resources) {
    const std::string name =
        std::string(text_at(resource, "resourceType")) + "/" + std::string(text_at(resource, "id"));
    json::Writer url;
    url.string(name);
    if (count != 0) entries += ',';
    entries += R"({"resource":)" + json::write(resource) + R"(,"request":{"method":"PUT","url":)" +
               url.take() + "}}";
    ++count;
    if (count == entries_max || entries.size() > transaction_bytes_about) close();
  }
  close();
  return out;
}

Result<std::vector<std::filesystem::path>> bundle_files(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> out;
  std::error_code failure;
  std::filesystem::recursive_directory_iterator files(folder, failure);
  if (failure) return make_error(ErrorCode::file_unreadable, folder.string());
  for (const auto& file : files) {
    const std::string name = file.path().filename().string();
    if (name.ends_with(".json") || name.ends_with(".json.gz")) out.push_back(file.path());
  }
  if (out.empty()) return make_error(ErrorCode::input_invalid, folder.string() + ": no FHIR files");
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) {
    // Files about institutions first: patients' records refer to them.
    const auto rank = [](const std::filesystem::path& path) {
      const std::string name = path.filename().string();
      return !(name.starts_with("hospital") || name.starts_with("practitioner"));
    };
    return std::pair(rank(a), a.filename()) < std::pair(rank(b), b.filename());
  });
  return out;
}

bool same_resource(json::Value source, json::Value kept, std::string& where) {
  std::vector<Pair> pending{{source, kept, {}}};
  while (!pending.empty()) {
    const Pair pair = std::move(pending.back());
    pending.pop_back();
    where = pair.path;
    if (pair.source.type() != pair.kept.type()) return false;
    if (pair.source.is_object()) {
      if (!match_members(pair, pending, where)) return false;
    } else if (pair.source.is_array()) {
      if (pair.source.size() != pair.kept.size()) return false;
      auto other = pair.kept.items().begin();
      std::size_t index = 0;
      for (const json::Value item : pair.source.items()) {
        pending.push_back({item, *other, pair.path + "[" + std::to_string(index++) + "]"});
        ++other;
      }
    } else if (!same_scalar(pair.source, pair.kept)) {
      return false;
    }
  }
  where.clear();
  return true;
}

}  // namespace xl::client
