// Goal: whatever happens to a call, the reply says what is known: done, not done, or nobody
// knows. A real podman shows these moments only by luck.
// Method: a scripted server on a Unix socket plays podman: it hangs, dies, lies and answers
// late. What it is asked is compared as well.
#include "runtime/effects/podman_client.hpp"
#include "runtime/effects/podman_events.hpp"
#include "tests/catch.hpp"

#include <httplib.h>
#include <nlohmann/json.hpp>

#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <functional>
#include <thread>

using namespace davit;
using nlohmann::json;

namespace {

const std::string id(64, 'c');
constexpr const char* base = "/v4.0.0/libpod";

/// Answers by the path after the API's prefix; what is not scripted is 404.
class fake_podman {
public:
  using handler = std::function<void(const httplib::Request&, httplib::Response&)>;

  fake_podman() {
    std::signal(SIGPIPE, SIG_IGN);
    static std::atomic<int> count{0};
    path = (std::filesystem::temp_directory_path()
            / ("davit-fake-" + std::to_string(::getpid()) + "-" + std::to_string(++count)))
             .string();
    server_.set_address_family(AF_UNIX);
    server_.set_keep_alive_max_count(1);
    auto all = [this](const httplib::Request& q, httplib::Response& r) {
      auto target = q.path.rfind(base, 0) == 0 ? q.path.substr(std::strlen(base)) : q.path;
      handler h;
      {
        std::lock_guard lock(mutex_);
        asked_.push_back(q.method + " " + target);
        auto found = script_.find(q.method + " " + target);
        if (found != script_.end())
          h = found->second;
      }
      if (h)
        return h(q, r);
      r.status = 404;
      r.set_content(R"({"cause":"no such container","message":"none","response":404})",
                    "application/json");
    };
    server_.Get(".*", all);
    server_.Post(".*", all);
    server_.Delete(".*", all);
    REQUIRE(server_.bind_to_port(path, 80));
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) // a stop() before that would be lost
      std::this_thread::yield();
  }
  ~fake_podman() {
    {
      std::lock_guard lock(mutex_);
      leaving_ = true;
      changed_.notify_all();
    }
    server_.stop();
    thread_.join();
    std::filesystem::remove(path);
  }

  void on(const std::string& what, handler h) {
    std::lock_guard lock(mutex_);
    script_[what] = std::move(h);
  }
  void on(const std::string& what, int status, const std::string& body = {}) {
    on(what, [=](const httplib::Request&, httplib::Response& r) {
      r.status = status;
      r.set_content(body, "application/json");
    });
  }
  /// Takes the call and does not answer while the test runs.
  void hang(const std::string& what) {
    on(what, [this](const httplib::Request&, httplib::Response& r) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return leaving_; });
      r.status = 500;
    });
  }
  std::vector<std::string> asked() {
    std::lock_guard lock(mutex_);
    return asked_;
  }

  std::string path;

private:
  httplib::Server server_;
  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, handler> script_;
  std::vector<std::string> asked_;
  bool leaving_ = false;
};

/// An inspect of a container whose process is `pid`; 1 is alive and never a container's.
std::string inspect(const std::string& status, int pid) {
  return json{{"Id", id},
              {"Name", "web"},
              {"State", {{"Status", status}, {"Pid", pid}, {"StartedAt", "2026-11-22T10:00:00Z"}}}}
    .dump();
}

const std::string container = "/containers/" + id;

} // namespace

TEST_CASE("where nobody listens nothing was done") {
  effects::podman_engine engine("/nonexistent/podman.sock");
  for (const ports::engine_request& r :
       {ports::engine_request{ports::ping{}}, ports::engine_request{ports::start_container{id}},
        ports::engine_request{ports::inspect_container{id}},
        ports::engine_request{ports::remove_network{"n"}}}) {
    auto reply = engine.perform(r, 5s);
    REQUIRE(reply.failure);
    CHECK(reply.failure->code == errc::unreachable);
    CHECK_FALSE(reply.failure->remedy.empty());
    CHECK_FALSE(reply.seen);
  }
  auto stream = engine.logs(id, {});
  REQUIRE_FALSE(stream);
  CHECK(stream.error().code == errc::unreachable);
}

TEST_CASE("an address that is no Unix socket is refused") {
  CHECK(effects::podman::socket_path("unix:///run/podman/podman.sock")
        == std::string("/run/podman/podman.sock"));
  for (const char* wrong : {"", "tcp://1.2.3.4:1", "unix://", "unix://relative", "/run/p.sock"})
    CHECK(effects::podman::socket_path(wrong).error().code == errc::invalid);
}

TEST_CASE("a mutation without an answer is unknown, and the look tells what is seen") {
  fake_podman podman;
  effects::podman_engine engine(podman.path);
  podman.hang("POST " + container + "/start");
  SECTION("the look is answered") {
    podman.on("GET " + container + "/json", 200, inspect("created", 0));
    auto reply = engine.perform(ports::start_container{id}, 400ms);
    REQUIRE(reply.failure);
    CHECK(reply.failure->code == errc::timeout);
    REQUIRE(reply.seen);
    CHECK(reply.seen->status == engine_status::created);
    CHECK_FALSE(reply.not_started);
  }
  SECTION("the look hangs as well") {
    podman.hang("GET " + container + "/json");
    auto begun = std::chrono::steady_clock::now();
    auto reply = engine.perform(ports::start_container{id}, 400ms);
    REQUIRE(reply.failure);
    CHECK(reply.failure->code == errc::timeout);
    CHECK_FALSE(reply.seen);
    CHECK(std::chrono::steady_clock::now() - begun >= 300ms); // it did wait
  }
}

TEST_CASE("a 304 counts only where the kernel knows the process") {
  fake_podman podman;
  effects::podman_engine engine(podman.path);
  podman.on("POST " + container + "/start", 304);
  podman.on("GET " + container + "/json", 200, inspect("running", 1)); // not a process of it
  auto reply = engine.perform(ports::start_container{id}, 5s);
  CHECK(reply.failure);
  CHECK(reply.not_started);
  CHECK_FALSE(reply.ghost);
}

TEST_CASE("the leftovers of a torn start are told as ghosts") {
  fake_podman podman;
  effects::podman_engine engine(podman.path);
  podman.on("POST " + container + "/start", 500,
            R"({"cause":"exit status 1","message":"runc start: exit status 1","response":500})");
  podman.on("GET " + container + "/json", 200, inspect("initialized", 0));
  CHECK(engine.perform(ports::start_container{id}, 5s).ghost);
  podman.on("GET " + container + "/json", 200, inspect("created", 0));
  CHECK_FALSE(engine.perform(ports::start_container{id}, 5s).ghost);
}

TEST_CASE("a removal whose exit nobody will write is tried a second time") {
  fake_podman podman;
  effects::podman_engine engine(podman.path);
  std::atomic<int> tries{0};
  std::string query;
  podman.on("DELETE " + container, [&](const httplib::Request& q, httplib::Response& r) {
    query = q.get_param_value("force") + q.get_param_value("timeout") + q.get_param_value("v")
            + (q.has_param("depend") ? "depend" : "");
    r.status = ++tries == 1 ? 500 : 200;
    r.set_content(R"({"cause":"timed out waiting for file","message":"","response":500})",
                  "application/json");
  });
  podman.on("GET " + container + "/json", [&](const httplib::Request&, httplib::Response& r) {
    if (tries < 2)
      r.set_content(inspect("stopped", 0), "application/json");
    else
      r.status = 404;
  });
  auto reply = engine.perform(ports::remove_container{id, 1200ms, false}, 5s);
  CHECK_FALSE(reply.failure);
  REQUIRE(reply.seen);
  CHECK(reply.seen->status == engine_status::absent);
  CHECK(tries == 2);
  CHECK(query == "true2true"); // the grace in whole seconds, upwards; never depend
}

TEST_CASE("a removal that fails inside its 200 has failed") {
  fake_podman podman;
  effects::podman_engine engine(podman.path);
  podman.on("DELETE " + container, 200,
            R"([{"Id":"c","Err":"container has dependent containers"}])");
  podman.on("GET " + container + "/json", 200, inspect("running", 0));
  auto reply = engine.perform(ports::remove_container{id, 0ms, true}, 5s);
  REQUIRE(reply.failure);
  CHECK(reply.failure->code == errc::conflict);
}

TEST_CASE("a name's or an id's beginning names nobody") {
  fake_podman podman;
  effects::podman_engine engine(podman.path);
  podman.on("GET /containers/cccc/json", 200, inspect("running", 0));
  auto reply = engine.perform(ports::inspect_container{"cccc"}, 5s);
  CHECK_FALSE(reply.failure);
  REQUIRE(reply.seen);
  CHECK(reply.seen->status == engine_status::absent);
  // and neither removes a network or a volume
  podman.on("GET /networks/sh/json", 200, R"({"name":"shop"})");
  podman.on("GET /volumes/sh/json", 200, R"({"Name":"shop"})");
  CHECK_FALSE(engine.perform(ports::remove_network{"sh"}, 5s).failure);
  CHECK_FALSE(engine.perform(ports::remove_volume{"sh"}, 5s).failure);
  for (const auto& call : podman.asked())
    CHECK(call.rfind("DELETE", 0) != 0);
}

TEST_CASE("an image's own check loses podman's timer and keeps its interval") {
  fake_podman podman;
  effects::podman_engine engine(podman.path);
  std::vector<json> bodies;
  podman.on("POST /containers/create", [&](const httplib::Request& q, httplib::Response& r) {
    bodies.push_back(json::parse(q.body));
    r.status = 201;
    r.set_content(json{{"Id", id}, {"Warnings", json::array()}}.dump(), "application/json");
  });
  podman.on("DELETE " + container, 200, "[]");
  podman.on("GET " + container + "/json", [&](const httplib::Request&, httplib::Response& r) {
    auto body = json::parse(inspect("created", 0));
    body["Config"]["Healthcheck"] = {{"Test", {"CMD", "check"}}, {"Timeout", 2'000'000'000}};
    if (bodies.size() < 2)
      body["Config"]["Healthcheck"]["Interval"] = 7'000'000'000;
    else
      body["Config"]["Annotations"] = bodies.back()["annotations"];
    r.set_content(body.dump(), "application/json");
  });
  blueprint b;
  b.name = "web";
  b.spec.image = "x/y:1";
  auto reply = engine.perform(ports::create_container{b}, 5s);
  CHECK_FALSE(reply.failure);
  REQUIRE(bodies.size() == 2);
  CHECK(bodies[1]["healthconfig"]["Test"] == json{"CMD", "check"});
  CHECK(bodies[1]["healthconfig"]["Interval"] == 0);
  REQUIRE(reply.seen);
  CHECK(reply.seen->check.interval == 7s);
}

TEST_CASE("a socket that is not podman's is called so") {
  fake_podman podman;
  effects::podman_engine engine(podman.path);
  podman.on("GET " + container + "/json", 200, "<html>hello</html>");
  auto reply = engine.perform(ports::inspect_container{id}, 5s);
  REQUIRE(reply.failure);
  CHECK(reply.failure->code == errc::refused);
  CHECK(reply.failure->remedy.find("podman") != std::string::npos);
}

TEST_CASE("a pull that makes no progress is cut, one that does is not") {
  fake_podman podman;
  effects::podman_engine engine(podman.path);
  std::atomic<bool> pulled{false};
  podman.on("GET /images/reg.example/x:1/json", [&](const httplib::Request&, httplib::Response& r) {
    r.status = pulled ? 200 : 404;
    r.set_content(pulled ? R"({"Id":"abc"})" : R"({"cause":"image not known"})",
                  "application/json");
  });
  SECTION("silence") {
    podman.hang("POST /v1.41/images/create");
    auto reply = engine.perform(ports::pull_image{"reg.example/x:1", 100ms}, 60s);
    REQUIRE(reply.failure);
    CHECK(reply.failure->code == errc::timeout);
    CHECK_FALSE(reply.fatal);
  }
  SECTION("progress") {
    podman.on("POST /v1.41/images/create", [&](const httplib::Request& q, httplib::Response& r) {
      CHECK(q.get_param_value("fromImage") == "reg.example/x:1");
      CHECK(q.get_param_value("platform") == "linux/arm64");
      pulled = true;
      r.set_content("{\"status\":\"Download complete\"}\n", "application/json");
    });
    auto reply
      = engine.perform(ports::pull_image{"reg.example/x:1", 10s, false, "linux/arm64"}, 60s);
    CHECK_FALSE(reply.failure);
    CHECK(reply.image_id == "abc");
  }
}

TEST_CASE("the event stream comes back after a break, says so, and ends when it is told to") {
  struct listener final : ports::event_sink {
    void touched(const std::string& which) override { note("touched " + which); }
    void gap() override { note("gap"); }
    void reachable(bool yes) override { note(yes ? "reachable" : "unreachable"); }
    void note(std::string text) {
      std::lock_guard lock(mutex);
      all.push_back(std::move(text));
      changed.notify_all();
    }
    void wait(const std::vector<std::string>& what) {
      std::unique_lock lock(mutex);
      CHECK(changed.wait_for(lock, 20s, [&] { return all.size() >= what.size(); }));
      CHECK(all == what);
    }
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<std::string> all;
  } heard;
  auto event = [](const char* who, std::int64_t ns) {
    return json{{"Type", "container"}, {"Action", "died"}, {"id", who}, {"timeNano", ns}}.dump()
           + "\n";
  };
  auto first = event("a", 1'500'000'000);
  auto second = event("b", 2'500'000'000);
  std::atomic<int> streams{0};
  std::string since;
  auto podman = std::make_unique<fake_podman>();
  podman->on("GET /events", [&](const httplib::Request& q, httplib::Response& r) {
    if (++streams == 1) {
      r.set_content(first, "application/json"); // and the stream breaks
      return;
    }
    since = q.get_param_value("since");
    r.set_chunked_content_provider(
      "application/json", [&, told = false](std::size_t, httplib::DataSink& sink) mutable {
        if (!std::exchange(told, true))
          return sink.write((first + second).data(), (first + second).size());
        std::this_thread::sleep_for(1ms);
        return sink.is_writable();
      });
  });
  auto events = std::make_unique<effects::podman_events>(podman->path, heard);
  heard.wait({"reachable", "touched a", "gap", "touched b"}); // a is not told again
  CHECK(since == "1");
  events.reset();
  podman.reset();
  CHECK(heard.all.size() == 4);
}
