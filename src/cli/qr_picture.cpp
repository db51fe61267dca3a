// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "cli/qr_picture.h"

#include <qrencode.h>

#include <memory>

namespace xl::cli {

Result<std::string> qr_picture(std::string_view text) {
  constexpr int quiet_zone = 4;
  if (text.empty() || text.size() > qr_bytes_max) {
    return make_error(ErrorCode::usage_invalid,
                      "a QR code holds 2,953 bytes: name fewer custodians");
  }
  const std::unique_ptr<QRcode, decltype(&QRcode_free)> code(
      QRcode_encodeData(static_cast<int>(text.size()),
                        // The library takes bytes as unsigned ones.
                        reinterpret_cast<const unsigned char*>(text.data()), 0, QR_ECLEVEL_L),
      &QRcode_free);
  if (!code) return make_error(ErrorCode::usage_invalid, "no QR code can be made of this text");
  const std::string side = std::to_string(code->width + 2 * quiet_zone);
  std::string out = R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 )" + side + " " + side +
                    R"(" shape-rendering="crispEdges"><rect width="100%" height="100%" )"
                    R"(fill="#fff"/><path d=")";
  for (int y = 0; y < code->width; ++y) {
    for (int x = 0; x < code->width; ++x) {
      const bool dark = (code->data[y * code->width + x] & 1U) != 0;
      if (!dark) continue;
      out +=
          "M" + std::to_string(x + quiet_zone) + " " + std::to_string(y + quiet_zone) + "h1v1h-1z";
    }
  }
  return out + "\"/></svg>\n";
}

}  // namespace xl::cli
