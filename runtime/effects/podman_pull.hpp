// Pulling one image: the one call of podman's that may take half an hour and fails inside a 200.
#pragma once

#include "runtime/effects/podman_faults.hpp"
#include "runtime/effects/podman_http.hpp"
#include "runtime/ports/engine.hpp"

namespace davit::effects::podman {

/// One try. Done: every layer is there. Cutting the connection, which a stall and the
/// deadline do, makes podman drop what it has, so nothing is left behind.
tl::expected<void, fault> pull(const http& via, const ports::pull_image& what,
                               milliseconds deadline);

/// Reads the lines of a pull's answer.
class pull_reader {
public:
  void feed(const char* data, std::size_t size);
  void end();                                             ///< the last line may lack its newline
  const std::string& trouble() const { return trouble_; } ///< podman's words; empty: none

private:
  void line();
  std::string line_;
  std::string trouble_;
};

} // namespace davit::effects::podman
