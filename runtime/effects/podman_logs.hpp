// A container's log as podman streams it: frames of stdout and stderr, taken apart.
#pragma once

#include "runtime/effects/podman_http.hpp"
#include "runtime/ports/engine.hpp"

#include <cstdint>

namespace davit::effects::podman {

/// Takes podman's stream apart: one byte for the stream (1, 2), three zeroes, four bytes of
/// length (big endian), then the text. Feed it pieces of any size.
class frame_reader {
public:
  /// The text that is whole by now. A stream of a terminal has no frames: pass `raw`.
  explicit frame_reader(bool raw = false) : raw_{raw} {}
  std::string feed(const char* data, std::size_t size);

private:
  bool raw_;
  std::string head_;
  std::size_t left_ = 0;
};

/// Follows a path's body on a thread of its own; the thread ends with the stream object.
/// Returns once podman has answered. Errors: not_found, unreachable, timeout, refused.
result<std::shared_ptr<ports::byte_stream>> open_stream(const http& via, const std::string& path,
                                                        frame_reader frames, bool endless,
                                                        const std::string& subject);

} // namespace davit::effects::podman
