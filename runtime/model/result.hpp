// How an expected failure travels: as a value that says what, and what to do about it.
#pragma once

#include <tl/expected.hpp>

#include <string>
#include <utility>

namespace davit {

/// Why something did not happen. One enum for the whole house; a port's header lists
/// which of these its methods may return.
enum class errc {
  invalid,     ///< the input is wrong: a manifest, a request, an argument
  not_found,   ///< what was named does not exist
  conflict,    ///< it exists already, or something else uses it
  busy,        ///< too many at once; the same call may pass later
  unreachable, ///< nobody answers at the other end: podman, the daemon, a socket
  timeout,     ///< no answer before the deadline: the outcome is unknown
  refused,     ///< the other side answered, and said no
  denied,      ///< permission
  no_space,    ///< the disk is full
  corrupt,     ///< stored data cannot be read as what it must be
  newer,       ///< stored data was written by a newer release
  io,          ///< any other failure of the operating system
};

constexpr const char* to_string(errc code) {
  switch (code) {
    case errc::invalid: return "invalid";
    case errc::not_found: return "not_found";
    case errc::conflict: return "conflict";
    case errc::busy: return "busy";
    case errc::unreachable: return "unreachable";
    case errc::timeout: return "timeout";
    case errc::refused: return "refused";
    case errc::denied: return "denied";
    case errc::no_space: return "no_space";
    case errc::corrupt: return "corrupt";
    case errc::newer: return "newer";
    case errc::io: return "io";
  }
  return "io";
}

struct error {
  errc code = errc::io;
  std::string message; ///< one sentence; names the place
  std::string remedy;  ///< one sentence, what to do; may be empty

  friend bool operator==(const error&, const error&) = default;
};

template <class T> using result = tl::expected<T, error>;

inline tl::unexpected<error> fail(errc code, std::string message, std::string remedy = {}) {
  return tl::unexpected<error>(error{code, std::move(message), std::move(remedy)});
}

} // namespace davit
