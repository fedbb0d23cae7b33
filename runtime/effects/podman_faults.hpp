// What podman's refusals mean. Nearly all of them are HTTP 500, so the words decide.
#pragma once

#include "runtime/model/result.hpp"

#include <string>

namespace davit::effects::podman {

enum class verb { create, start, signal, remove, rename, look, check, pull, network, volume };

/// The three flags are those of ports::engine_reply.
struct fault {
  error what;
  bool not_started = false;
  bool ghost = false;
  bool fatal = false;
};

/// An answer that is no success: its status, and the body `{"cause", "message", "response"}`.
/// `subject` is what it was about, for the message: "container web", "image nginx". A 4xx
/// without that body is not podman's: unreachable.
fault read_fault(verb of, int status, const std::string& body, const std::string& subject);

/// A pull's own words for its failure, which come inside a 200. What may pass by itself (a
/// registry that is down, a torn transfer) is not fatal; what cannot (no such image, no
/// permission, a certificate) is.
fault read_pull_fault(const std::string& words, const std::string& reference);

} // namespace davit::effects::podman
