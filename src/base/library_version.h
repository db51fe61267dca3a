// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string>

namespace xl {

/// A library that the program uses: what it was compiled against, and what is loaded now.
struct LibraryVersion {
  std::string name;
  std::string built;    ///< `3.0.17`
  std::string running;  ///< empty: the library does not tell
};

}  // namespace xl
