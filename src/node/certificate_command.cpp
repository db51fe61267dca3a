// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "node/certificate_command.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/json/writer.h"
#include "crypto/certificate.h"
#include "node/layout.h"

namespace xl::node {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t day_s = 86'400;
/// Clocks of those who check it may be behind.
constexpr std::uint64_t clock_slack_s = 300;
constexpr int days_max = 398;  // more is refused by browsers (CA/Browser Forum BR 6.3.2)

struct CertificateOptions {
  std::string folder = Layout{"xinglin-data"}.tls().string();
  std::vector<std::string> names;
  int days = 90;
  bool request = false;
  bool replace = false;
};

Status check_names(const std::vector<std::string>& names) {
  if (names.size() > crypto::certificate_names_max) {
    return make_error(ErrorCode::usage_invalid,
                      "--name: at most " + std::to_string(crypto::certificate_names_max));
  }
  for (const std::string& name : names) {
    if (crypto::is_certificate_name(name)) continue;
    return make_error(ErrorCode::usage_invalid, "--name is a DNS name or an IP address");
  }
  return {};
}

/// The key in the folder; a new one where there is none, or where it is to be replaced.
Result<crypto::SecretBytes> key_in(const fs::path& file, bool fresh) {
  std::error_code failure;
  if (!fresh && fs::exists(file, failure)) {
    XL_TRY_ASSIGN(Bytes pem, read_file(file, crypto::certificate_file_bytes_max));
    crypto::SecretBytes out = crypto::SecretBytes::copy_of(pem);
    crypto::wipe(pem);
    return out;
  }
  XL_TRY_ASSIGN(crypto::SecretBytes made, crypto::make_certificate_key());
  XL_TRY(write_file_durably(file, made.view(), 0600));
  return made;
}

void show_result(const std::string& file, const std::string& key, const std::string& fingerprint,
                 const Console& console) {
  if (!console.json()) {
    if (!fingerprint.empty()) console.result("sha256\t" + fingerprint);
    return;
  }
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/certificate/v1").key("file").string(file);
  out.key("key").string(key).key("sha256").string(fingerprint);
  console.answer(out.end_object().take());
}

/// Makes a certificate that signs itself.
Result<int> run_self_signed(const CertificateOptions& options, const Console& console) {
  const fs::path folder(options.folder);
  const fs::path file = folder / "certificate.pem";
  const fs::path key_file = folder / "key.pem";
  for (const fs::path& one : {file, key_file}) {
    std::error_code failure;
    if (options.replace || !fs::exists(one, failure)) continue;
    return make_error(ErrorCode::file_exists,
                      one.string() + " is there; --replace makes another in its place");
  }
  XL_TRY_ASSIGN(const crypto::SecretBytes key, key_in(key_file, true));
  const std::uint64_t now_s = SystemClock().now_ms() / 1000;
  XL_TRY_ASSIGN(const std::string pem, crypto::make_self_signed_certificate(
                                           key.view(), options.names, now_s - clock_slack_s,
                                           now_s + static_cast<unsigned>(options.days) * day_s));
  XL_TRY(write_file_durably(file, view_of(pem)));
  XL_TRY_ASSIGN(const crypto::CertificateFacts facts, crypto::read_certificate(pem));
  show_result(file.string(), key_file.string(), crypto::fingerprint_text(facts.fingerprint),
              console);
  const std::string days = std::to_string(options.days);
  console.done("Made " + file.string() + ", which signs itself, for " + days + " days",
               "已生成自签名证书 " + file.string() + ",有效期 " + days + " 天");
  console.say(
      "  next: in node.toml, below [gateway]:\n    tls_certificate = \"" +
          fs::absolute(file).string() + "\"\n    tls_key = \"" + fs::absolute(key_file).string() +
          "\"\n  give certificate.pem to those who come (--ca certificate.pem); let them compare "
          "the fingerprint by voice",
      "  下一步:在 node.toml 的 [gateway] 下写入:\n    tls_certificate = \"" +
          fs::absolute(file).string() + "\"\n    tls_key = \"" + fs::absolute(key_file).string() +
          "\"\n  将 certificate.pem 交给访问者(--ca certificate.pem),并请其电话核对指纹");
  return static_cast<int>(ExitCode::done);
}

/// Makes a request for an authority, with the key that is there: a renewed certificate then fits
/// it.
Result<int> run_request(const CertificateOptions& options, const Console& console) {
  const fs::path folder(options.folder);
  const fs::path file = folder / "request.pem";
  const fs::path key_file = folder / "key.pem";
  XL_TRY_ASSIGN(const crypto::SecretBytes key, key_in(key_file, options.replace));
  XL_TRY_ASSIGN(const std::string pem, crypto::make_certificate_request(key.view(), options.names));
  XL_TRY(write_file_durably(file, view_of(pem)));
  show_result(file.string(), key_file.string(), {}, console);
  console.done("Made the request " + file.string(), "已生成证书申请 " + file.string());
  console.say(
      "  next: send it to your authority; what comes back, with its chain, is the file of "
      "gateway.tls_certificate; the key is " +
          key_file.string(),
      "  下一步:提交给证书机构;签回的证书(含证书链)即 gateway.tls_certificate 所指文件,密钥为 " +
          key_file.string());
  return static_cast<int>(ExitCode::done);
}

Result<int> run_certificate(const CertificateOptions& options, const Console& console) {
  XL_TRY(check_names(options.names));
  std::error_code failure;
  fs::create_directories(options.folder, failure);
  if (failure) return make_error(ErrorCode::file_unwritable, options.folder);
  return options.request ? run_request(options, console) : run_self_signed(options, console);
}

}  // namespace

void add_certificate_command(
    CLI::App* node, const std::function<void(std::function<int(const Console&)>)>& choose) {
  auto options = std::make_shared<CertificateOptions>();
  auto* certificate =
      node->add_subcommand("certificate", "make a key and a certificate for TLS, or a request");
  certificate->add_option("--folder", options->folder, "where they are written");
  certificate
      ->add_option("--name", options->names, "DNS name or IP address of the node; may be repeated")
      ->required();
  certificate->add_option("--days", options->days, "how long it holds")
      ->check(CLI::Range(1, days_max));
  certificate->add_flag("--request", options->request,
                        "a request for an authority instead of a certificate that signs itself");
  certificate->add_flag("--replace", options->replace, "put a new key in the place of the old");
  certificate->footer(
      "Examples:\n  xinglin node certificate --name node1.example.org --name 10.0.0.5\n"
      "  xinglin node certificate --folder /srv/xinglin/tls --name node1.example.org --days 30 "
      "--replace\n"
      "  xinglin node certificate --folder /srv/xinglin/tls --name node1.example.org --request\n"
      "A node that runs takes changed files within seconds.");
  certificate->callback([choose, options] {
    choose([options](const Console& console) {
      const Result<int> outcome = run_certificate(*options, console);
      return outcome.ok() ? *outcome : console.fail(outcome.error());
    });
  });
}

}  // namespace xl::node
