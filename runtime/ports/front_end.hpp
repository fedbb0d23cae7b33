// A request in, a response or a stream out. What carries it (HTTP on a Unix socket) is an
// effect; what answers it asks the actors.
#pragma once

#include "runtime/ports/engine.hpp"

#include <map>
#include <memory>
#include <string>

namespace davit::ports {

struct peer {
  std::int64_t uid = -1; ///< -1: unknown
  std::int64_t pid = -1;
};

struct api_request {
  std::string method; ///< GET, POST, DELETE
  std::string path;   ///< without the query, percent-decoded
  std::map<std::string, std::string> query;
  std::string body;
  peer from;
};

struct api_response {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::map<std::string, std::string> headers;
  std::shared_ptr<byte_stream> stream; ///< instead of body
};

/// Sharing: any number of threads. Never throws; always answers within 30 s, streams aside.
struct front_end {
  virtual ~front_end() = default;
  virtual api_response handle(const api_request& request) = 0;
};

} // namespace davit::ports
