// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "cli/fhir_import.h"

#include <filesystem>
#include <limits>
#include <optional>

#include "base/checked.h"
#include "base/json/writer.h"
#include "cli/actor.h"
#include "cli/words.h"
#include "client/bundle_file.h"
#include "client/record_proof.h"
#include "fhir/validate.h"

namespace xl::cli {
namespace {

using Paths = std::vector<std::filesystem::path>;

struct ImportOptions {
  std::vector<std::string> paths;
  std::string data;
  bool verify = false;
  std::string genesis;
};

/// What an import did, in numbers.
struct ImportReport {
  std::size_t files = 0;
  std::size_t patients = 0;
  std::size_t resources = 0;
  std::size_t transactions = 0;
  std::uint64_t bytes_sent = 0;
  std::optional<std::uint64_t> bytes_on_disk;  ///< by which the node's folder grew, if known
  std::uint64_t write_ms = 0;
  std::size_t read_back = 0;
  std::size_t proofs = 0;
  std::uint64_t verify_ms = 0;
  std::string difference;  ///< the first one; empty: none
};

std::uint64_t per_second(std::size_t count, std::uint64_t ms) {
  return ms == 0 ? 0 : count * std::uint64_t{1000} / ms;
}

std::string name_in(json::Value resource) {
  return std::string(resource.find("resourceType").as_string().value_or("")) + "/" +
         std::string(resource.find("id").as_string().value_or(""));
}

/// Every file named, those in folders too.
Result<Paths> files_named(const std::vector<std::string>& paths) {
  Paths out;
  for (const std::string& path : paths) {
    std::error_code failure;
    if (!std::filesystem::is_directory(path, failure)) {
      out.emplace_back(path);
      continue;
    }
    XL_TRY_ASSIGN(const Paths inside, client::bundle_files(path));
    out.insert(out.end(), inside.begin(), inside.end());
  }
  return out;
}

/// What an answer says, with the file it is about.
Error in_file(Error error, const std::filesystem::path& file) {
  error.message = file.filename().string() + ": " + error.message;
  return error;
}

/// Bytes of the files below a folder. 0 when there is none: files may go while it is counted.
std::uint64_t bytes_below(const std::filesystem::path& folder) {
  std::uint64_t out = 0;
  std::error_code failure;
  for (std::filesystem::recursive_directory_iterator at(folder, failure), end;
       !failure && at != end; at.increment(failure)) {
    std::error_code gone;
    const std::uint64_t size = at->is_regular_file(gone) ? at->file_size(gone) : 0;
    if (!gone) out += size;
  }
  return out;
}

/// Validates what would be sent. Errors: dry_run (all of it may be), the first thing that is wrong,
/// those of reading the files.
Error checked_only(const Paths& files) {
  std::size_t resources = 0;
  for (const auto& file : files) {
    const auto bundle = client::read_bundle_file(file);
    if (!bundle.ok()) return bundle.error();
    for (const json::Value resource : bundle->resources) {
      for (const fhir::Issue& issue : fhir::validate(resource)) {
        if (issue.severity != fhir::Severity::error) continue;
        return in_file(make_error(issue.error, issue.expression + " " + issue.diagnostics), file);
      }
    }
    resources += bundle->resources.size();
  }
  return make_error(ErrorCode::dry_run, "it would send " + std::to_string(files.size()) +
                                            " files, " + std::to_string(resources) +
                                            " resources, all of them valid");
}

class Import {
 public:
  Import(Actor& actor, const Console& console, Paths files)
      : actor_(actor), console_(console), files_(std::move(files)) {}

  Status send();
  Status verify(const model::Genesis& genesis);
  /// The node's folder held so many bytes before and holds so many now.
  void grown(std::uint64_t now, std::uint64_t before) {
    report_.bytes_on_disk = now > before ? now - before : 0;
  }
  [[nodiscard]] const ImportReport& report() const { return report_; }

 private:
  Status send_file(const std::filesystem::path& file);
  Status note_versions(const client::HttpResponse& answer, const std::filesystem::path& file);
  Status verify_resource(json::Value source, const std::string& version,
                         const model::Genesis& genesis);

  Actor& actor_;
  const Console& console_;
  Paths files_;
  ImportReport report_;
  /// The version that each resource became, in the order in which they were sent: files may say
  /// something about one record each.
  std::vector<std::uint32_t> versions_;
};

/// Reads `W/"3"`. 0: not a version.
std::uint32_t number_in_etag(std::string_view tag) {
  if (!tag.starts_with("W/\"") || !tag.ends_with('"')) return 0;
  std::uint64_t out = 0;
  if (!parse_decimal(tag.substr(3, tag.size() - 4), out)) return 0;
  return out > std::numeric_limits<std::uint32_t>::max() ? 0 : static_cast<std::uint32_t>(out);
}

Status Import::note_versions(const client::HttpResponse& answer,
                             const std::filesystem::path& file) {
  if (answer.status != 200) return in_file(client::error_of(answer), file);
  XL_TRY_ASSIGN(const json::Document document, client::json_of(answer));
  for (const json::Value entry : document.root().find("entry").items()) {
    const auto tag = entry.find("response").find("etag").as_string();
    versions_.push_back(number_in_etag(tag.value_or("")));
    if (versions_.back() == 0) return in_file(make_error(ErrorCode::answer_unexpected), file);
  }
  return {};
}

Status Import::send_file(const std::filesystem::path& file) {
  XL_TRY_ASSIGN(const client::BundleFile bundle, client::read_bundle_file(file));
  for (const std::string& transaction : client::transactions_of(bundle.resources)) {
    XL_TRY_ASSIGN(const client::HttpResponse answer,
                  actor_.fhir("POST", "", transaction, {{"Prefer", "return=minimal"}}));
    XL_TRY(note_versions(answer, file));
    report_.bytes_sent += transaction.size();
    ++report_.transactions;
  }
  for (const json::Value resource : bundle.resources) {
    if (resource.find("resourceType").as_string() == "Patient") ++report_.patients;
  }
  report_.resources += bundle.resources.size();
  if (versions_.size() != report_.resources) {
    return in_file(make_error(ErrorCode::answer_unexpected, "entries of the response"), file);
  }
  ++report_.files;
  return {};
}

Status Import::send() {
  const std::uint64_t start = actor_.now_ms();
  Progress progress(console_, std::string(console_.pick("Files", "文件")), start);
  for (const auto& file : files_) {
    XL_TRY(send_file(file));
    progress.update(report_.files, files_.size(), actor_.now_ms());
  }
  progress.finish();
  report_.write_ms = actor_.now_ms() - start;
  return {};
}

Status Import::verify_resource(json::Value source, const std::string& version,
                               const model::Genesis& genesis) {
  const std::string name = name_in(source);
  const auto differs = [&](const std::string& what) {
    report_.difference = name + ": " + what;
    return make_error(ErrorCode::content_differs, report_.difference);
  };
  XL_TRY_ASSIGN(const client::HttpResponse answer,
                actor_.fhir("GET", name + "/_history/" + version));
  if (answer.status != 200) return differs(client::error_of(answer).text());
  json::Limits bounds;
  bounds.bytes_max = answer.body.size();
  XL_TRY_ASSIGN(const json::Document kept, json::parse(answer.body, bounds));
  std::string where;
  if (!client::same_resource(source, kept.root(), where)) return differs(where);
  ++report_.read_back;
  XL_TRY_ASSIGN(
      const json::Document document,
      client::json_of(actor_.ask("GET", "/records/" + name + "/proof?version=" + version)));
  XL_TRY_ASSIGN(const client::RecordProof proof, client::read_record_proof(document.root()));
  const Status proven = client::check_record_proof(proof, answer.body, genesis);
  if (!proven.ok()) return differs(proven.error().text());
  ++report_.proofs;
  return {};
}

Status Import::verify(const model::Genesis& genesis) {
  const std::uint64_t start = actor_.now_ms();
  Progress progress(console_, std::string(console_.pick("Proofs", "核验")), start);
  Status outcome;
  for (const auto& file : files_) {
    XL_TRY_ASSIGN(const client::BundleFile bundle, client::read_bundle_file(file));
    for (const json::Value resource : bundle.resources) {
      outcome = verify_resource(resource, std::to_string(versions_[report_.proofs]), genesis);
      if (!outcome.ok()) break;
      progress.update(report_.proofs, report_.resources, actor_.now_ms());
    }
    if (!outcome.ok()) break;
  }
  progress.finish();
  report_.verify_ms = actor_.now_ms() - start;
  return outcome;
}

void show_report_json(const ImportReport& report, bool verified, const Console& console) {
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/fhir-import/v1");
  out.key("files").unsigned_integer(report.files);
  out.key("patients").unsigned_integer(report.patients);
  out.key("resources").unsigned_integer(report.resources);
  out.key("transactions").unsigned_integer(report.transactions);
  out.key("bytes_sent").unsigned_integer(report.bytes_sent);
  out.key("bytes_on_disk");
  if (report.bytes_on_disk)
    out.unsigned_integer(*report.bytes_on_disk);
  else
    out.null();
  out.key("write_ms").unsigned_integer(report.write_ms);
  out.key("resources_per_second").unsigned_integer(per_second(report.resources, report.write_ms));
  out.key("verified").boolean(verified && report.difference.empty());
  out.key("read_back_equal").unsigned_integer(report.read_back);
  out.key("proofs_verified").unsigned_integer(report.proofs);
  out.key("verify_ms").unsigned_integer(report.verify_ms);
  out.key("difference");
  if (report.difference.empty())
    out.null();
  else
    out.string(report.difference);
  console.answer(out.end_object().take());
}

void show_report_text(const ImportReport& report, bool verified, const Console& console) {
  const std::string rate = std::to_string(per_second(report.resources, report.write_ms));
  console.result(
      std::string(console.pick("Sent     ", "写入  ")) + std::to_string(report.files) +
      std::string(console.pick(" files, ", " 个文件,")) + std::to_string(report.patients) +
      std::string(console.pick(" patients, ", " 位患者,")) + std::to_string(report.resources) +
      std::string(console.pick(" resources, ", " 项资源,")) + bytes_text(report.bytes_sent) +
      std::string(console.pick(" in ", ",用时 ")) + tenths_text(report.write_ms) + " s (" + rate +
      std::string(console.pick(" resources/s)", " 项/秒)")));
  if (report.bytes_on_disk && report.resources > 0) {
    console.result(std::string(console.pick("Disk     ", "磁盘  ")) +
                   bytes_text(*report.bytes_on_disk) + std::string(console.pick(", ", ",每项 ")) +
                   std::to_string(*report.bytes_on_disk / report.resources) +
                   std::string(console.pick(" bytes for each resource", " 字节")));
  }
  if (!verified) return;
  console.result(std::string(console.pick("Compared ", "核对  ")) +
                 std::to_string(report.read_back) +
                 std::string(console.pick(" read back equal, ", " 项读回一致,")) +
                 std::to_string(report.proofs) +
                 std::string(console.pick(" proofs verified, in ", " 份证明核验通过,用时 ")) +
                 tenths_text(report.verify_ms) + " s");
}

Result<int> run_import(const Session& session, const ImportOptions& options,
                       const Console& console) {
  XL_TRY_ASSIGN(Paths files, files_named(options.paths));
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  if (session.dry_run) return checked_only(files);
  XL_TRY_ASSIGN(const model::Genesis genesis, genesis_of(options.genesis, session));
  const std::uint64_t before = options.data.empty() ? 0 : bytes_below(options.data);
  Import import(actor, console, std::move(files));
  XL_TRY(import.send());
  if (!options.data.empty()) import.grown(bytes_below(options.data), before);
  Status verified;
  if (options.verify) verified = import.verify(genesis);
  // What could not be checked is another matter than what differs.
  if (!verified.ok() && import.report().difference.empty()) return verified.error();
  if (console.json())
    show_report_json(import.report(), options.verify, console);
  else
    show_report_text(import.report(), options.verify, console);
  if (!verified.ok()) {
    return console.json() ? Result<int>(static_cast<int>(ExitCode::altered)) : verified.error();
  }
  console.done(options.verify ? "Everything that was written is there, equal and proven"
                              : "Everything is kept encrypted and anchored",
               options.verify ? "写入的内容全部在库,内容一致且有证明" : "全部已加密保存并存证");
  if (!options.verify) {
    console.say("  next: run it again with --verify to compare and prove each resource",
                "  下一步:加上 --verify 可逐项核对并核验证明");
  }
  return succeeded;
}

}  // namespace

void add_fhir_import_command(CLI::App* group, Session& session) {
  auto options = std::make_shared<ImportOptions>();
  auto* import = group->add_subcommand("import", "write files of FHIR JSON, plain or gzip");
  import->add_option("PATH", options->paths, "files or folders")->required();
  import->add_flag("--verify", options->verify,
                   "read each resource back, compare, check its proof");
  import->add_option("--genesis", options->genesis, "for --verify; default: the node's");
  import->add_option("--data", options->data,
                     "the node's data folder, if it is on this machine: what it grew by is shown");
  import->footer(
      "Examples:\n  xinglin fhir import patient.json.gz --as hospital.json\n"
      "  xinglin fhir import bundles/ --verify --genesis genesis.json --as hospital.json --json");
  choose_change(import, session, options, run_import);
}

}  // namespace xl::cli
