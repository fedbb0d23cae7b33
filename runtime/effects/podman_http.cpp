// cpp-httplib on a Unix socket.
#include "runtime/effects/podman_http.hpp"

#include <httplib.h>

#include <algorithm>

namespace davit::effects::podman {

namespace {

constexpr milliseconds connect_within{2000};
/// An inspect of a container with many mounts has 30 kB; no answer that is kept whole is larger.
constexpr std::size_t largest_body = 64U << 20U;

template <class Set> void in_parts(milliseconds span, Set set) {
  auto whole = std::chrono::duration_cast<seconds>(span);
  set(whole.count(), std::chrono::microseconds(span - whole).count());
}

answer::fate fate_of(httplib::Error error) {
  switch (error) {
    case httplib::Error::Success: return answer::fate::answered;
    case httplib::Error::Connection:
    case httplib::Error::ConnectionTimeout: return answer::fate::unreachable;
    default: return answer::fate::lost;
  }
}

} // namespace

result<std::string> socket_path(const std::string& url) {
  constexpr std::string_view scheme = "unix://";
  if (url.rfind(scheme, 0) != 0 || url.size() <= scheme.size() || url[scheme.size()] != '/')
    return fail(errc::invalid, "podman's address " + url + " is no Unix socket",
                "write it as unix:///run/podman/podman.sock");
  return url.substr(scheme.size());
}

std::unique_ptr<httplib::Client> http::client(milliseconds silence) const {
  auto made = std::make_unique<httplib::Client>(socket_, 80);
  made->set_address_family(AF_UNIX);
  made->set_default_headers({{"Host", "d"}}); // Go refuses a path as a host
  made->set_url_encode(false);
  made->set_keep_alive(false);
  silence = std::max(silence, milliseconds{1});
  in_parts(std::min(silence, connect_within),
           [&](time_t s, time_t us) { made->set_connection_timeout(s, us); });
  in_parts(silence, [&](time_t s, time_t us) { made->set_read_timeout(s, us); });
  in_parts(silence, [&](time_t s, time_t us) { made->set_write_timeout(s, us); });
  return made;
}

answer http::call(const char* method, const std::string& path, const std::string& body,
                  milliseconds deadline) const {
  auto end = std::chrono::steady_clock::now() + deadline;
  answer a;
  std::string whole;
  httplib::Request request;
  request.method = method;
  request.path = path;
  request.body = body;
  request.headers = {{"Content-Length", std::to_string(body.size())}};
  if (!body.empty())
    request.headers.emplace("Content-Type", "application/json");
  // The read timeout starts anew with every piece; this holds the whole to the deadline.
  request.content_receiver = [&](const char* data, std::size_t size, std::uint64_t, std::uint64_t) {
    whole.append(data, size);
    return whole.size() <= largest_body && std::chrono::steady_clock::now() < end;
  };
  auto reply = client(deadline)->send(request);
  a.what = fate_of(reply.error());
  if (reply) {
    a.status = reply->status;
    a.body = std::move(whole);
  }
  return a;
}

answer http::stream(const char* method, const std::string& path, milliseconds silence,
                    milliseconds deadline, const receiver& into) const {
  return stream_on(*client(std::min(silence, deadline)), method, path, deadline, into);
}

answer http::stream_on(httplib::Client& client, const char* method, const std::string& path,
                       milliseconds deadline, const receiver& into) {
  auto end = std::chrono::steady_clock::now() + deadline;
  answer a;
  httplib::Request request;
  request.method = method;
  request.path = path;
  request.headers = {{"Content-Length", "0"}};
  request.response_handler = [&](const httplib::Response& response) {
    a.status = response.status;
    return true;
  };
  request.content_receiver = [&](const char* data, std::size_t size, std::uint64_t, std::uint64_t) {
    if (std::chrono::steady_clock::now() >= end)
      return false;
    if (a.status >= 200 && a.status < 300)
      return into(data, size);
    a.body.append(data, size);
    return a.body.size() <= largest_body;
  };
  auto reply = client.send(request);
  a.what = fate_of(reply.error());
  return a;
}

} // namespace davit::effects::podman
