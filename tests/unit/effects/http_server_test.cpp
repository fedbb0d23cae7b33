// Goal: whatever clients do, each gets a clear answer, the daemon goes on serving, and it can
// stop at once.
// Method: the real server over real sockets with a scripted front end; raw bytes where a
// decent client would not do what is tested; every wait is for a condition.
#include "runtime/effects/http_client.hpp"
#include "runtime/effects/http_server.hpp"
#include "runtime/effects/http_socket.hpp"
#include "tests/catch.hpp"
#include "tests/unit/effects/http_scripted_front.hpp"

#include <atomic>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

using namespace davit;
using namespace davit::effects;
using davit::test::fed_stream;
using davit::test::scripted_front;

namespace {

struct served {
  std::filesystem::path folder;
  std::string path;
  std::shared_ptr<scripted_front> front = std::make_shared<scripted_front>();
  std::unique_ptr<http_server> server;

  explicit served(http_limits limits = {}) {
    char name[] = "/tmp/davit-http-XXXXXX";
    folder = ::mkdtemp(name);
    path = (folder / "davit.sock").string();
    front->say("GET /v1/health", R"({"ok":true})");
    start(limits);
  }
  ~served() {
    server.reset();
    std::filesystem::remove_all(folder);
  }
  void start(http_limits limits = {}) {
    auto begun = http_server::start("unix://" + path, front, limits);
    REQUIRE(begun);
    server = std::move(*begun);
  }
  http_client client() const { return http_client{*parse_http_address("unix://" + path)}; }
  bool healthy() const { return client().call("GET", "/v1/health").has_value(); }
};

/// A client without manners.
struct raw {
  owned_fd fd;
  explicit raw(const std::string& path) : fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    std::strcpy(to.sun_path, path.c_str());
    REQUIRE(::connect(fd.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) == 0);
    const timeval patience{10, 0};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  void send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const auto n = ::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0)
        return;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
  }
  /// Until the server closes, or `enough` is in it.
  std::string receive(std::string_view enough = {}) const {
    std::string all;
    char buffer[4096];
    while (enough.empty() || all.find(enough) == std::string::npos) {
      const auto n = ::recv(fd.get(), buffer, sizeof buffer, 0);
      if (n <= 0)
        break;
      all.append(buffer, static_cast<std::size_t>(n));
    }
    return all;
  }
};

std::string close_get(const std::string& target) {
  return "GET " + target + " HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n";
}

bool within(milliseconds patience, const std::function<bool()>& holds) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > until)
      return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

} // namespace

TEST_CASE("a request reaches the front end whole, with who asks") {
  served s;
  s.front->say("POST /v1/stacks/a b", R"({"operation":"1"})", 202);
  const auto body = s.client().call("POST", "/v1/stacks/a%20b?wait=true&x=%2F", R"({"model":{}})");
  REQUIRE(body);
  CHECK(*body == R"({"operation":"1"})");
  const auto asked = s.front->asked();
  REQUIRE(asked.size() == 1);
  CHECK(asked[0].method == "POST");
  CHECK(asked[0].path == "/v1/stacks/a b");
  CHECK(asked[0].query == std::map<std::string, std::string>{{"wait", "true"}, {"x", "/"}});
  CHECK(asked[0].body == R"({"model":{}})");
  CHECK(asked[0].from.uid == static_cast<std::int64_t>(::getuid()));
  CHECK(asked[0].from.pid == static_cast<std::int64_t>(::getpid()));
}

TEST_CASE("a loopback port serves as well, and no other address does") {
  auto front = std::make_shared<scripted_front>();
  front->say("GET /v1/health", "{}");
  for (const char* url : {"http://127.0.0.1:0", "http://[::1]:0"}) {
    auto server = http_server::start(url, front);
    if (!server && std::string{url}.find("::1") != std::string::npos)
      continue; // a host without IPv6
    REQUIRE(server);
    CHECK((*server)->url().find(":0") == std::string::npos);
    http_client client{*parse_http_address((*server)->url())};
    CHECK(client.call("GET", "/v1/health").value() == "{}");
    CHECK(front->asked().back().from.uid == -1);
  }
  for (const char* url : {"http://0.0.0.0:80", "http://192.168.1.1:80", "tcp://x", "unix://rel",
                          "http://127.0.0.1", "http://127.0.0.1:99999", "", "unix://"}) {
    const auto refused = http_server::start(url, front);
    REQUIRE(!refused);
    CHECK(refused.error().code == errc::invalid);
    CHECK(!refused.error().remedy.empty());
  }
}

TEST_CASE("200 clients at once are all served") {
  served s;
  std::atomic<int> good{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < 200; ++i)
    clients.emplace_back([&] {
      if (s.healthy())
        ++good;
    });
  for (auto& one : clients)
    one.join();
  CHECK(good == 200);
}

TEST_CASE("beyond the limit a client hears 503 with Retry-After, and later is served") {
  http_limits limits;
  limits.connections = 2;
  served s{limits};
  raw first{s.path};
  raw second{s.path};
  // An answer proves that the connection has its place.
  for (const raw* one : {&first, &second}) {
    one->send("GET /v1/health HTTP/1.1\r\nHost: d\r\n\r\n");
    CHECK(one->receive("{\"ok\":true}").find("200") != std::string::npos);
  }
  raw third{s.path};
  third.send(close_get("/v1/health"));
  const auto answer = third.receive();
  CHECK(answer.starts_with("HTTP/1.1 503"));
  CHECK(answer.find("Retry-After: 1") != std::string::npos);
  CHECK(answer.find(R"("code":"busy")") != std::string::npos);
  CHECK(s.server->counts().refused >= 1);
  first.fd.reset();
  CHECK(within(5s, [&] { return s.healthy(); }));
}

TEST_CASE("a body over the limit is 413, announced or chunked, and the daemon serves on") {
  http_limits limits;
  limits.body_bytes = 100'000;
  served s{limits};
  s.front->say("POST /v1/plan", "{}");
  const std::string big(200'000, 'x');
  SECTION("announced") {
    raw client{s.path};
    client.send("POST /v1/plan HTTP/1.1\r\nHost: d\r\nContent-Length: 200000\r\n\r\n" + big);
    const auto answer = client.receive();
    CHECK(answer.starts_with("HTTP/1.1 413"));
    CHECK(answer.find("100000 bytes") != std::string::npos);
  }
  SECTION("announced as more than any number holds") {
    raw client{s.path};
    client.send("POST /v1/plan HTTP/1.1\r\nHost: d\r\n"
                "Content-Length: 99999999999999999999999\r\n\r\nabc");
    CHECK(client.receive().starts_with("HTTP/1.1 413"));
  }
  SECTION("chunked") {
    raw client{s.path};
    client.send("POST /v1/plan HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\n"
                "30D40\r\n"
                + big + "\r\n0\r\n\r\n");
    CHECK(client.receive().starts_with("HTTP/1.1 413"));
  }
  SECTION("of just the limit") {
    CHECK(s.client().call("POST", "/v1/plan", big.substr(0, 100'000)));
    return;
  }
  CHECK(s.front->asked().empty());
  CHECK(s.healthy());
}

TEST_CASE("a POST without a body is answered at once") {
  served s;
  s.front->say("POST /v1/stacks/a/stop", R"({"operation":"7"})", 202);
  raw client{s.path};
  client.send("POST /v1/stacks/a/stop HTTP/1.1\r\nHost: d\r\n\r\n");
  CHECK(client.receive("\"7\"").find("202") != std::string::npos);
}

TEST_CASE("what is not HTTP, or no proper request, is a JSON error") {
  served s;
  s.front->say("POST /v1/plan", "{}");
  const auto answer_to = [&](const std::string& bytes) {
    raw client{s.path};
    client.send(bytes);
    ::shutdown(client.fd.get(), SHUT_WR);
    return client.receive();
  };
  for (const std::string& bytes :
       {std::string{"hello\r\n\r\n"}, std::string{"GET /v1/health\r\n\r\n"},
        std::string("\x16\x03\x01\x02\x00\r\n\r\n", 9), std::string{"EAT / HTTP/1.1\r\n\r\n"}}) {
    const auto answer = answer_to(bytes);
    CHECK(answer.starts_with("HTTP/1.1 400"));
    CHECK(answer.find(R"({"error":{"code":"invalid")") != std::string::npos);
  }
  CHECK(answer_to("GET /" + std::string(9000, 'a') + " HTTP/1.1\r\n\r\n").find("414")
        != std::string::npos);
  // A long but legal path, which a backtracking router would not survive.
  CHECK(answer_to("POST /" + std::string(8000, 'a')
                  + " HTTP/1.1\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
          .starts_with("HTTP/1.1 404"));
  CHECK(answer_to("POST /v1/plan HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
          .starts_with("HTTP/1.1 400"));
  CHECK(answer_to("PUT /v1/health HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc")
          .starts_with("HTTP/1.1 404"));
  CHECK(s.healthy());
}

TEST_CASE("a head without end is cut off and costs no memory") {
  http_limits limits;
  limits.head_bytes = 8192;
  served s{limits};
  raw client{s.path};
  client.send("GET /v1/health HTTP/1.1\r\n");
  for (int i = 0; i < 2000; ++i)
    client.send("X-Filler: " + std::string(100, 'a') + "\r\n");
  CHECK(client.receive().starts_with("HTTP/1.1 400"));
  CHECK(s.front->asked().empty());
  CHECK(s.healthy());
}

TEST_CASE("an exception in the front end is a counted 500, without its text") {
  served s;
  s.front->on("GET /v1/status", [](const ports::api_request&) -> ports::api_response {
    throw std::runtime_error{"password is hunter2"};
  });
  s.front->on("GET /v1/events", [](const ports::api_request&) -> ports::api_response { throw 7; });
  for (const char* target : {"/v1/status", "/v1/events"}) {
    const auto answer = s.client().call("GET", target);
    REQUIRE(!answer);
    CHECK(answer.error().message.find("hunter2") == std::string::npos);
    CHECK(answer.error().message.find("failed inside") != std::string::npos);
  }
  CHECK(s.server->counts().faults == 2);
  CHECK(s.healthy());
}

TEST_CASE("a stream delivers each piece as it comes, and ends") {
  served s;
  auto source = std::make_shared<fed_stream>();
  s.front->on("GET /v1/events", [&](const ports::api_request&) {
    ports::api_response told;
    told.content_type = "text/event-stream";
    told.stream = source;
    return told;
  });
  std::vector<std::string> heard;
  const std::atomic<bool> never{false};
  source->feed("one");
  const auto ended = s.client().follow(
    "/v1/events",
    [&](std::string_view piece) {
      heard.emplace_back(piece);
      if (heard.size() == 1)
        source->feed("two"); // only once the first has arrived
      else
        source->end();
      return true;
    },
    never);
  CHECK(ended);
  CHECK(heard == std::vector<std::string>{"one", "two"});
}

TEST_CASE("a stream ends when its client leaves") {
  served s;
  std::weak_ptr<fed_stream> alive;
  s.front->on("GET /v1/events", [&](const ports::api_request&) {
    auto source = std::make_shared<fed_stream>();
    source->feed("hello");
    alive = source;
    ports::api_response told;
    told.stream = std::move(source);
    return told;
  });
  {
    raw client{s.path};
    client.send(close_get("/v1/events"));
    client.receive("hello");
    CHECK(!alive.expired());
  }
  CHECK(within(10s, [&] { return alive.expired(); }));
}

TEST_CASE("streams have places of their own: status answers while all of them are taken") {
  http_limits limits;
  limits.streams = 1;
  served s{limits};
  s.front->on("GET /v1/events", [](const ports::api_request&) {
    ports::api_response told;
    auto source = std::make_shared<fed_stream>();
    source->feed("hello");
    told.stream = source;
    return told;
  });
  raw first{s.path};
  first.send(close_get("/v1/events"));
  first.receive("hello");
  raw second{s.path};
  second.send(close_get("/v1/events"));
  const auto answer = second.receive();
  CHECK(answer.starts_with("HTTP/1.1 503"));
  CHECK(answer.find("Retry-After") != std::string::npos);
  CHECK(s.healthy());
}

TEST_CASE("a stream that throws is cut off and counted") {
  struct broken final : ports::byte_stream {
    std::optional<std::string> next(milliseconds) override { throw std::runtime_error{"x"}; }
  };
  served s;
  s.front->on("GET /v1/events", [](const ports::api_request&) {
    ports::api_response told;
    told.stream = std::make_shared<broken>();
    return told;
  });
  const std::atomic<bool> never{false};
  const auto ended = s.client().follow(
    "/v1/events", [](std::string_view) { return true; }, never);
  REQUIRE(!ended);
  CHECK(ended.error().code == errc::unreachable);
  CHECK(s.server->counts().faults == 1);
  CHECK(s.healthy());
}

TEST_CASE("the server stops with idle, half-sent and streaming clients, and leaves no socket") {
  served s;
  s.front->on("GET /v1/events", [](const ports::api_request&) {
    ports::api_response told;
    auto source = std::make_shared<fed_stream>();
    source->feed("hello");
    told.stream = source;
    return told;
  });
  raw idle{s.path};
  idle.send("GET /v1/health HTTP/1.1\r\n\r\n");
  idle.receive("true}");
  raw half{s.path};
  half.send("POST /v1/plan HTTP/1.1\r\nContent-Le");
  raw silent{s.path};
  raw streaming{s.path};
  streaming.send(close_get("/v1/events"));
  streaming.receive("hello");
  CHECK(s.server->stop()); // true: within its patience of 0.8 s all were finished
  CHECK(!std::filesystem::exists(s.path));
  CHECK(s.client().call("GET", "/v1/health").error().code == errc::unreachable);
  CHECK(s.server->stop()); // again: nothing
}

TEST_CASE("stop does not wait for ever for a front end, and a late answer does no harm") {
  served s;
  std::mutex guard;
  std::condition_variable changed;
  bool inside = false;
  bool leave = false;
  s.front->on("GET /v1/status", [&](const ports::api_request&) {
    std::unique_lock lock{guard};
    inside = true;
    changed.notify_all();
    changed.wait(lock, [&] { return leave; });
    return ports::api_response{};
  });
  raw client{s.path};
  client.send(close_get("/v1/status"));
  {
    std::unique_lock lock{guard};
    REQUIRE(changed.wait_for(lock, 10s, [&] { return inside; }));
  }
  CHECK_FALSE(s.server->stop(50ms));
  s.server.reset();
  {
    const std::lock_guard lock{guard};
    leave = true;
    changed.notify_all();
  }
  CHECK(client.receive().empty());
  // The connection's thread lets go of the front end when it has ended.
  CHECK(within(10s, [&] { return s.front.use_count() == 1; }));
}

TEST_CASE("the socket: who may use it, and who listens already") {
  served s;
  struct stat seen {};
  REQUIRE(::stat(s.path.c_str(), &seen) == 0);
  CHECK((seen.st_mode & 07777) == 0660);

  SECTION("a second daemon is told who listens, and the first serves on") {
    const auto second = http_server::start("unix://" + s.path, s.front);
    REQUIRE(!second);
    CHECK(second.error().code == errc::conflict);
    CHECK(second.error().message.find("pid " + std::to_string(::getpid())) != std::string::npos);
    CHECK(s.healthy());
  }
  SECTION("a dead daemon's socket is replaced") {
    s.server.reset();
    {
      const owned_fd dead{::socket(AF_UNIX, SOCK_STREAM, 0)};
      sockaddr_un to{};
      to.sun_family = AF_UNIX;
      std::strcpy(to.sun_path, s.path.c_str());
      REQUIRE(::bind(dead.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) == 0);
    }
    REQUIRE(std::filesystem::exists(s.path));
    s.start();
    CHECK(s.healthy());
  }
  SECTION("a file that is no socket is left alone") {
    s.server.reset();
    std::ofstream{s.path} << "precious";
    const auto refused = http_server::start("unix://" + s.path, s.front);
    REQUIRE(!refused);
    CHECK(refused.error().code == errc::conflict);
    CHECK(std::filesystem::file_size(s.path) == 8);
  }
  SECTION("missing folders are made") {
    s.server.reset();
    s.path = (s.folder / "a" / "b" / "davit.sock").string();
    s.start();
    CHECK(s.healthy());
  }
}

TEST_CASE("a socket that was taken over is not removed by the first owner") {
  served s;
  std::filesystem::remove(s.path);
  auto second = http_server::start("unix://" + s.path, s.front);
  REQUIRE(second);
  s.server->stop();
  CHECK(s.healthy());
}

TEST_CASE("the client says why nobody answers") {
  http_client nowhere{*parse_http_address("unix:///tmp/davit-http-none/davit.sock")};
  const auto answer = nowhere.call("GET", "/v1/health");
  REQUIRE(!answer);
  CHECK(answer.error().code == errc::unreachable);
  CHECK(answer.error().message.find("not running") != std::string::npos);
  CHECK(!answer.error().remedy.empty());
}

TEST_CASE("the client asks a busy daemon again, and tells what the daemon told") {
  served s;
  std::atomic<int> asked{0};
  s.front->on("GET /v1/status", [&](const ports::api_request&) {
    ports::api_response told;
    told.status = ++asked < 3 ? 503 : 200;
    told.body = told.status == 503 ? api::encode(error{errc::busy, "busy", ""}) : "{}";
    return told;
  });
  CHECK(s.client().call("GET", "/v1/status").value() == "{}");
  CHECK(asked == 3);
  const error why{errc::conflict, "port 80 is taken", "Choose another."};
  s.front->refuse("GET /v1/status", why);
  CHECK(s.client().call("GET", "/v1/status").error() == why);
}

TEST_CASE("the client gives up at its deadline and leaves a stream when told") {
  served s;
  auto source = std::make_shared<fed_stream>();
  s.front->on("GET /v1/events", [&](const ports::api_request&) {
    ports::api_response told;
    told.stream = source;
    return told;
  });
  source->feed("hello");
  std::atomic<bool> stop{false};
  const auto ended = s.client().follow(
    "/v1/events",
    [&](std::string_view) {
      stop = true; // and no more is ever sent
      return true;
    },
    stop);
  CHECK(ended);

  std::atomic<bool> leave{false};
  s.front->on("GET /v1/status", [&](const ports::api_request&) {
    within(20s, [&] { return leave.load(); });
    return ports::api_response{};
  });
  CHECK(s.client().call("GET", "/v1/status", {}, 100ms).error().code == errc::timeout);
  leave = true;
}
