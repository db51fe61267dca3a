// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "crypto/passphrase_prompt.h"

#include <termios.h>
#include <unistd.h>

#include <cstdio>

#include "crypto/kdf.h"

namespace xl::crypto {
namespace {

/// Switches the echo of a terminal off as long as it lives.
class NoEcho {
 public:
  NoEcho() {
    known_ = ::tcgetattr(STDIN_FILENO, &before_) == 0;
    if (!known_) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
  }
  ~NoEcho() {
    if (known_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;

 private:
  termios before_{};
  bool known_ = false;
};

}  // namespace

bool may_prompt() { return ::isatty(STDIN_FILENO) == 1; }

Result<SecretBytes> prompt_passphrase(std::string_view question) {
  // Before the question: what is typed at once would be shown, and then be lost with the switch.
  const NoEcho quiet;
  std::fwrite(question.data(), 1, question.size(), stderr);
  std::fflush(stderr);
  SecretBytes line(passphrase_bytes_max);
  std::size_t size = 0;
  for (char c = 0; ::read(STDIN_FILENO, &c, 1) == 1 && c != '\n' && size < line.size();) {
    line.mutable_view()[size++] = static_cast<std::uint8_t>(c);
  }
  std::fputc('\n', stderr);
  auto out = SecretBytes::copy_of(line.view().first(size));
  if (out.empty()) return make_error(ErrorCode::passphrase_wrong, "nothing was typed");
  return out;
}

}  // namespace xl::crypto
