// Goal: each of podman's refusals is told apart by what helps: another try, the operator, or a
// removal. A wrong class restarts for ever, or never.
// Method: the words that podman 4.3.1 answered in experiments.
#include "runtime/effects/podman_faults.hpp"
#include "tests/catch.hpp"

#include <nlohmann/json.hpp>

using namespace davit;
using namespace davit::effects::podman;

namespace {

struct row {
  verb of;
  int status;
  const char* cause;
  const char* message;
  errc code;
  char flag; ///< f fatal, n not started, g ghost, - none
};

void check(const fault& f, errc code, char flag) {
  CHECK(std::string(to_string(f.what.code)) == to_string(code));
  CHECK(f.fatal == (flag == 'f'));
  CHECK(f.not_started == (flag == 'n'));
  CHECK(f.ghost == (flag == 'g'));
}

} // namespace

TEST_CASE("podman's refusals are what they mean") {
  const row rows[] = {
    {verb::create, 500, "that name is already in use",
     "error creating container storage: the container name \"web1\" is already in use by 8d84: "
     "that name is already in use",
     errc::conflict, '-'},
    {verb::create, 500, "image not known", "nowhere:1: image not known", errc::not_found, '-'},
    {verb::create, 404, "no such image", "nowhere:1: image not known", errc::not_found, '-'},
    {verb::create, 500, "network not found", "unable to find network x: network not found",
     errc::not_found, '-'},
    {verb::create, 500, "no such file or directory", "statfs /gone: no such file or directory",
     errc::refused, '-'},
    {verb::create, 500, "no space left on device", "write /var/...: no space left on device",
     errc::no_space, '-'},
    {verb::create, 500, "no command or entrypoint provided, and no CMD or ENTRYPOINT from image",
     "", errc::invalid, 'f'},
    {verb::create, 500, "EOF", "decode(): EOF", errc::invalid, 'f'},
    {verb::create, 400, "bad", "bad", errc::invalid, 'f'},
    {verb::start, 404, "no such container", "no container with name or ID \"x\" found",
     errc::not_found, '-'},
    {verb::start, 500, "OCI runtime attempted to invoke a command that was not found",
     "runc: exec: \"nope\": executable file not found in $PATH", errc::invalid, 'f'},
    {verb::start, 500, "OCI permission denied", "runc: exec: \"/etc\": permission denied",
     errc::invalid, 'f'},
    {verb::start, 500, "address already in use",
     "cannot listen on the TCP port: listen tcp4 :18090: bind: address already in use",
     errc::conflict, '-'},
    {verb::start, 500, "netavark (exit code 1)",
     "IPAM error: requested ip address 10.1.0.9 is already allocated to container ID 8d84",
     errc::conflict, '-'},
    {verb::start, 500, "OCI runtime error", "runc: unable to set memory limit to 1000",
     errc::invalid, 'f'},
    {verb::start, 500, "OCI runtime error", "wrong rlimit value: RLIMIT_RLIMIT_NOFILE",
     errc::invalid, 'f'},
    {verb::start, 500, "OCI runtime error",
     "runc create failed: container with given ID already exists", errc::refused, 'g'},
    {verb::start, 500, "container state improper",
     "container 8d84 must be in Created or Stopped state to be started", errc::refused, 'n'},
    {verb::start, 500, "exit status 1", "OCI runtime error: runc: something new", errc::refused,
     '-'},
    {verb::signal, 500, "container state improper",
     "can only kill running containers. 8d84 is in state exited", errc::conflict, '-'},
    {verb::remove, 500, "container already exists", "container 8d84 has dependent containers",
     errc::conflict, '-'},
    {verb::remove, 500, "disk", "bolt_state.db: no space left on device", errc::no_space, '-'},
    {verb::rename, 409, "name in use", "name in use", errc::conflict, '-'},
    {verb::check, 409, "container state improper", "container 8d84 is not running", errc::refused,
     '-'},
    {verb::check, 409, "no", "container 8d84 has no defined healthcheck", errc::invalid, '-'},
    {verb::network, 409, "network already exists", "network name x already used", errc::conflict,
     '-'},
    {verb::network, 500, "network is being used", "\"x\" has associated containers with it",
     errc::conflict, '-'},
    {verb::volume, 500, "volume already exists", "", errc::conflict, '-'},
    {verb::look, 503, "", "", errc::busy, '-'},
  };
  for (const auto& r : rows) {
    INFO(r.cause << " / " << r.message);
    auto body = nlohmann::json{{"cause", r.cause}, {"message", r.message}, {"response", r.status}};
    auto f = read_fault(r.of, r.status, body.dump(), "container web");
    check(f, r.code, r.flag);
    CHECK(f.what.message.rfind("container web: ", 0) == 0);
  }
}

TEST_CASE("an answer that is not podman's is told by its status") {
  auto f = read_fault(verb::look, 502, "<html>", "ping");
  CHECK(f.what.code == errc::refused);
  CHECK(f.what.message.find("502") != std::string::npos);
}

TEST_CASE("a server that knows nothing of podman is no engine") {
  auto f = read_fault(verb::create, 404, R"({"error":"no such page"})", "container web");
  CHECK(f.what.code == errc::unreachable);
  CHECK(f.what.message.find("is not podman") != std::string::npos);
  CHECK(f.what.remedy.find("--podman") != std::string::npos);
  CHECK_FALSE(f.fatal);
}

TEST_CASE("a pull's failure is known as passing or lasting") {
  const struct {
    const char* words;
    errc code;
    bool fatal;
  } rows[] = {
    {"pinging container registry x: Get \"https://x/v2/\": dial tcp 10.0.0.1:443: connect: "
     "connection refused",
     errc::refused, false},
    {"read tcp 10.0.0.1: read: connection reset by peer", errc::refused, false},
    {"received unexpected HTTP status: 503 Service Unavailable", errc::refused, false},
    {"received unexpected HTTP status: 500 Internal Server Error", errc::refused, false},
    {"happened during read: unexpected EOF", errc::refused, false},
    {"Digest did not match, expected sha256:1, got sha256:2", errc::refused, false},
    {"dial tcp: lookup registry.example: Temporary failure in name resolution", errc::refused,
     false},
    {"toomanyrequests: You have reached your pull rate limit", errc::refused, false},
    {"writing blob: adding layer with blob: no space left on device): exit status 1",
     errc::no_space, false},
    {"reading manifest 1 in x/y: manifest unknown: manifest unknown", errc::not_found, true},
    {"reading manifest 1 in x/y: unauthorized", errc::denied, true},
    {"reading manifest 1 in x/y: denied: requested access to the resource is denied", errc::denied,
     true},
    {"x509: certificate signed by unknown authority", errc::refused, true},
    {"http: server gave HTTP response to HTTPS client", errc::refused, true},
    {"invalid reference format", errc::invalid, true},
    {"short-name \"zzz\" did not resolve to an alias", errc::invalid, true},
  };
  for (const auto& r : rows) {
    INFO(r.words);
    auto f = read_pull_fault(r.words, "x/y:1");
    CHECK(std::string(to_string(f.what.code)) == to_string(r.code));
    CHECK(f.fatal == r.fatal);
    CHECK(f.what.message.find("x/y:1") != std::string::npos);
  }
}

TEST_CASE("a very long answer is cut") {
  auto f = read_pull_fault(std::string(100'000, 'x'), "image");
  CHECK(f.what.message.size() < 1000);
}
