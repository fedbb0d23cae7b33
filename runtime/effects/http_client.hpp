// The command line's end of the API: one request, one answer, or a stream to follow; every
// failure with what to do about it.
#pragma once

#include "runtime/effects/http_address.hpp"
#include "runtime/model/result.hpp"
#include "runtime/model/time.hpp"

#include <atomic>
#include <functional>
#include <string>
#include <string_view>

namespace davit::effects {

/// Sharing: one thread. Each request is a connection of its own.
class http_client {
public:
  explicit http_client(http_address at) : at_{std::move(at)} {}

  /// The body of a 2xx answer, or of the health of a host that is not well. A `busy` daemon is asked again, a few times, for it has done
  /// nothing yet.
  /// Errors: unreachable (nobody answers, or may be asked), timeout (the outcome is
  /// unknown), and whatever the daemon told.
  /// @param target path and query, percent-encoded.
  result<std::string> call(const std::string& method, const std::string& target,
                           const std::string& body = {}, milliseconds deadline = seconds{30});

  /// Hands on what arrives until the stream ends, `take` returns false, or `stop` becomes
  /// true. Errors: as above; unreachable also where the daemon breaks the stream off.
  result<void> follow(const std::string& target, const std::function<bool(std::string_view)>& take,
                      const std::atomic<bool>& stop);

  /// Whether the last request got an answer, a refusal included: the daemon is there.
  bool answered() const { return answered_; }

private:
  result<std::string> call_once(const std::string& method, const std::string& target,
                                const std::string& body, milliseconds deadline);
  error nobody_answers() const;

  http_address at_;
  bool answered_ = false;
};

/// A name as one segment of a path, or as a value of a query.
std::string percent_encode(std::string_view text);

} // namespace davit::effects
