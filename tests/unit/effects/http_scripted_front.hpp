// A front end that answers by script: what a test says for a method and path, and a record of
// what was asked. Serves the tests of the HTTP server and of the command line.
#pragma once

#include "runtime/api/error_json.hpp"
#include "runtime/ports/front_end.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace davit::test {

/// A stream that a test feeds.
class fed_stream final : public ports::byte_stream {
public:
  void feed(std::string piece) {
    const std::lock_guard lock{guard_};
    pieces_.push_back(std::move(piece));
    changed_.notify_all();
  }
  void end() {
    const std::lock_guard lock{guard_};
    ended_ = true;
    changed_.notify_all();
  }
  std::optional<std::string> next(milliseconds patience) override {
    std::unique_lock lock{guard_};
    changed_.wait_for(lock, patience, [this] { return ended_ || !pieces_.empty(); });
    if (pieces_.empty())
      return ended_ ? std::nullopt : std::optional<std::string>{""};
    auto piece = std::move(pieces_.front());
    pieces_.pop_front();
    return piece;
  }

private:
  std::mutex guard_;
  std::condition_variable changed_;
  std::deque<std::string> pieces_;
  bool ended_ = false;
};

class scripted_front final : public ports::front_end {
public:
  using answer = std::function<ports::api_response(const ports::api_request&)>;

  /// `key` is "GET /v1/health"; the last script for a key counts.
  void on(const std::string& key, answer how) {
    const std::lock_guard lock{guard_};
    script_[key] = std::move(how);
  }
  void say(const std::string& key, std::string body, int status = 200) {
    on(key, [body = std::move(body), status](const ports::api_request&) {
      ports::api_response told;
      told.status = status;
      told.body = body;
      return told;
    });
  }
  void refuse(const std::string& key, const error& why) {
    say(key, api::encode(why), api::http_status(why.code));
  }

  ports::api_response handle(const ports::api_request& request) override {
    answer how;
    {
      const std::lock_guard lock{guard_};
      asked_.push_back(request);
      const auto found = script_.find(request.method + " " + request.path);
      if (found != script_.end())
        how = found->second;
    }
    if (how)
      return how(request);
    ports::api_response none;
    none.status = 404;
    none.body = api::encode(error{errc::not_found, "not in the script: " + request.path, {}});
    return none;
  }

  std::vector<ports::api_request> asked() const {
    const std::lock_guard lock{guard_};
    return asked_;
  }

private:
  mutable std::mutex guard_;
  std::map<std::string, answer> script_;
  std::vector<ports::api_request> asked_;
};

} // namespace davit::test
