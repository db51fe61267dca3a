// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/http/connection.h"

namespace xl::gateway::http {

void Connection::read(boost::asio::mutable_buffer into, Completion done) {
  if (tls_) {
    tls_->async_read_some(into, std::move(done));
  } else {
    tcp_.async_read_some(into, std::move(done));
  }
}

void Connection::write(boost::asio::const_buffer from, Completion done) {
  if (tls_) {
    tls_->async_write_some(from, std::move(done));
  } else {
    tcp_.async_write_some(from, std::move(done));
  }
}

}  // namespace xl::gateway::http
