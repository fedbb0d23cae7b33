// The command line's end of the API.
#include "runtime/effects/http_client.hpp"

#include "runtime/api/error_json.hpp"
#include "runtime/effects/http_socket.hpp"

#include <httplib.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <thread>

#include <sys/socket.h>
#include <sys/un.h>

namespace davit::effects {
namespace {

constexpr milliseconds connect_patience = 5s;
/// A stream may be silent for as long as nothing happens on the host.
constexpr auto stream_patience = std::chrono::hours{24};
constexpr int busy_tries = 5;
constexpr milliseconds busy_pause = 300ms;
constexpr milliseconds stop_look = 30ms;

std::unique_ptr<httplib::Client> connect_to(const http_address& at, milliseconds patience) {
  auto client = at.is_unix() ? std::make_unique<httplib::Client>(at.path, 80)
                             : std::make_unique<httplib::Client>(at.host, at.port);
  if (at.is_unix())
    client->set_address_family(AF_UNIX);
  client->set_default_headers({{"Host", "davit"}});
  client->set_tcp_nodelay(true);
  client->set_keep_alive(false);
  client->set_connection_timeout(connect_patience);
  client->set_read_timeout(patience);
  client->set_write_timeout(patience);
  return client;
}

httplib::Request make_request(const std::string& method, const std::string& target,
                              const std::string& body) {
  httplib::Request request;
  request.method = method;
  request.path = target;
  if (!body.empty())
    request.set_header("Content-Type", "application/json");
  if (method == "POST" && body.empty())
    request.set_header("Content-Length", "0");
  request.body = body;
  return request;
}

} // namespace

std::string percent_encode(std::string_view text) {
  constexpr const char* digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || std::string_view{"-._~"}.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += '%';
      out += digits[byte >> 4U];
      out += digits[byte & 15U];
    }
  }
  return out;
}

/// Asks the kernel why, since the HTTP library does not tell.
error http_client::nobody_answers() const {
  const std::string where = at_.url();
  if (!at_.is_unix())
    return {errc::unreachable, "no davitd answers at " + where,
            "Start it (systemctl start davitd), or name its address with --host."};
  const owned_fd knock{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, at_.path.c_str(), at_.path.size() + 1);
  const int fault
    = ::connect(knock.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0 ? 0 : errno;
  if (fault == EACCES || fault == EPERM)
    return {errc::unreachable, "no permission to ask davitd at " + where,
            "Use sudo, or join the group that owns the socket."};
  if (fault == ENOENT)
    return {errc::unreachable, "davitd is not running: there is no socket at " + where,
            "Start it (systemctl start davitd), or name its address with --host."};
  if (fault == ECONNREFUSED)
    return {errc::unreachable, "davitd is not running: nobody listens at " + where,
            "Start it (systemctl start davitd)."};
  return {errc::unreachable, "davitd does not answer at " + where,
          "See what it does: systemctl status davitd."};
}

result<std::string> http_client::call_once(const std::string& method, const std::string& target,
                                           const std::string& body, milliseconds deadline) {
  auto client = connect_to(at_, deadline);
  const auto begun = std::chrono::steady_clock::now();
  auto answer = client->send(make_request(method, target, body));
  answered_ = static_cast<bool>(answer);
  if (answer) {
    const bool good = answer->status >= 200 && answer->status < 300;
    if (good || (answer->status == 503 && !api::tells_error(answer->body)))
      return std::move(answer->body);
    return tl::unexpected<error>(api::decode_error(answer->status, answer->body));
  }
  if (answer.error() == httplib::Error::Connection)
    return tl::unexpected<error>(nobody_answers());
  if (std::chrono::steady_clock::now() - begun >= deadline)
    return fail(errc::timeout,
                "davitd did not answer within " + std::to_string(deadline.count() / 1000)
                  + " s; whether it did what was asked is unknown",
                "Look with davit status.");
  return fail(errc::unreachable, "davitd broke off the connection at " + at_.url(),
              "See whether it was stopped: systemctl status davitd.");
}

result<std::string> http_client::call(const std::string& method, const std::string& target,
                                      const std::string& body, milliseconds deadline) {
  for (int left = busy_tries; true; --left) {
    auto answer = call_once(method, target, body, deadline);
    if (answer || answer.error().code != errc::busy || left <= 1)
      return answer;
    std::this_thread::sleep_for(busy_pause);
  }
}

result<void> http_client::follow(const std::string& target,
                                 const std::function<bool(std::string_view)>& take,
                                 const std::atomic<bool>& stop) {
  auto client = connect_to(at_, stream_patience);
  auto request = make_request("GET", target, {});
  int status = 0;
  std::string refusal;
  bool enough = false;
  request.response_handler = [&](const httplib::Response& head) {
    status = head.status;
    return true;
  };
  request.content_receiver = [&](const char* data, std::size_t size, std::uint64_t, std::uint64_t) {
    if (status < 200 || status >= 300) {
      refusal.append(data, size);
      return true;
    }
    enough = !take({data, size});
    return !enough;
  };
  // stop() does nothing before the request has begun, so it is repeated until it was heard.
  std::atomic<bool> done{false};
  std::thread watcher{[&] {
    while (!done) {
      if (stop)
        client->stop();
      std::this_thread::sleep_for(stop_look);
    }
  }};
  const auto answer = client->send(request);
  done = true;
  watcher.join();
  answered_ = status >= 300;
  if (stop || enough)
    return {};
  if (status >= 300)
    return tl::unexpected<error>(api::decode_error(status, refusal));
  if (answer)
    return {};
  if (answer.error() == httplib::Error::Connection)
    return tl::unexpected<error>(nobody_answers());
  return fail(errc::unreachable, "davitd broke off the stream at " + at_.url(),
              "See whether it was stopped: systemctl status davitd.");
}

} // namespace davit::effects
