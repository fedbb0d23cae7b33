// Goal: what is written to disk or sent to the daemon is what comes back, whatever the model;
// and nothing that is not a model is taken for one.
// Method: round trips of full and random models; a count of members against the codec's list,
// so that a forgotten field fails; then bad documents, each of which must name its place.
#include "runtime/record/model_json.hpp"
#include "tests/catch.hpp"
#include "tests/unit/record/models.hpp"

using namespace davit;
using namespace davit::record;
using namespace davit::record::testing;

namespace {

std::string complaint(const std::string& text) {
  auto got = decode_stack(text);
  if (got)
    return "accepted";
  CHECK(got.error().code == errc::invalid);
  return got.error().message;
}

std::string in_service(const std::string& body) {
  return R"({"services":{"db":{"name":"db",)" + body + "}}}";
}

} // namespace

TEST_CASE("the codec knows every member of every type of the model") {
  CHECK(fields_in_shape<stack>() == members<stack>());
  CHECK(fields_in_shape<service>() == members<service>());
  CHECK(fields_in_shape<davit_rules>() == members<davit_rules>());
  CHECK(fields_in_shape<recovery_rules>() == members<recovery_rules>());
  CHECK(fields_in_shape<backoff_rules>() == members<backoff_rules>());
  CHECK(fields_in_shape<budget_rules>() == members<budget_rules>());
  CHECK(fields_in_shape<ceiling_rules>() == members<ceiling_rules>());
  CHECK(fields_in_shape<breaker_rules>() == members<breaker_rules>());
  CHECK(fields_in_shape<probe_spec>() == members<probe_spec>());
  CHECK(fields_in_shape<pull_rules>() == members<pull_rules>());
  CHECK(fields_in_shape<dependency>() == members<dependency>());
  CHECK(fields_in_shape<port_mapping>() == members<port_mapping>());
  CHECK(fields_in_shape<mount>() == members<mount>());
  CHECK(fields_in_shape<network_attachment>() == members<network_attachment>());
  CHECK(fields_in_shape<file_grant>() == members<file_grant>());
  CHECK(fields_in_shape<healthcheck>() == members<healthcheck>());
  CHECK(fields_in_shape<ulimit>() == members<ulimit>());
  CHECK(fields_in_shape<resources>() == members<resources>());
  CHECK(fields_in_shape<logging>() == members<logging>());
  CHECK(fields_in_shape<ipam_subnet>() == members<ipam_subnet>());
  CHECK(fields_in_shape<network>() == members<network>());
  CHECK(fields_in_shape<volume>() == members<volume>());
  CHECK(fields_in_shape<file_source>() == members<file_source>());
}

TEST_CASE("a model with every field set survives the round trip") {
  const auto model = random_stack(1, true);
  auto back = decode_stack(encode(model));
  REQUIRE(back);
  CHECK(*back == model);
}

TEST_CASE("random models survive the round trip, and one model has one text") {
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    INFO("seed " << seed);
    const auto model = random_stack(seed);
    const auto text = encode(model);
    auto back = decode_stack(text);
    REQUIRE(back);
    REQUIRE(*back == model);
    REQUIRE(encode(*back) == text);
  }
}

TEST_CASE("bytes that are no UTF-8 are kept, as hex") {
  stack model;
  model.services["db"].name = "db";
  model.services["db"].environment["RAW"] = std::string("a\xff\x00z", 4);
  const auto text = encode(model);
  CHECK(text.find(R"("hex": "61ff007a")") != std::string::npos);
  auto back = decode_stack(text);
  REQUIRE(back);
  CHECK(*back == model);
}

TEST_CASE("the text is readable: defaults are left out, times have units") {
  stack model;
  model.name = "shop";
  auto& db = model.services["db"];
  db.name = "db";
  db.image = "postgres:16";
  db.ports.push_back({"", 5432, 5432, "tcp"});
  db.stop_grace_period = std::chrono::milliseconds{90'000};
  db.davit.recovery.restart = restart_mode::unless_stopped;
  db.davit.recovery.backoff.initial = std::chrono::milliseconds{1500};
  CHECK(encode(model) == R"({
  "name": "shop",
  "services": {
    "db": {
      "image": "postgres:16",
      "name": "db",
      "ports": [
        {
          "container_port": 5432,
          "host_port": 5432
        }
      ],
      "stop_grace_period": "90s",
      "x-davit": {
        "recovery": {
          "backoff": {
            "initial": "1500ms"
          },
          "restart": "unless-stopped"
        }
      }
    }
  }
}
)");
}

TEST_CASE("an absent command is not an empty one") {
  stack model;
  model.services["a"].name = "a";
  model.services["b"].name = "b";
  model.services["b"].command.emplace();
  auto back = decode_stack(encode(model));
  REQUIRE(back);
  CHECK_FALSE(back->services["a"].command);
  REQUIRE(back->services["b"].command);
  CHECK(back->services["b"].command->empty());
}

TEST_CASE("a bad document is refused with its place") {
  CHECK(complaint("") == "stack: not valid JSON at byte 1");
  CHECK(complaint("[]") == "stack: the document: expected an object, found a list");
  CHECK(complaint(R"({"nme":"x"})") == "stack: nme: is not a known key");
  CHECK(complaint(R"({"name":null})") == "stack: name: expected a string, found null");
  CHECK(complaint(in_service(R"("image":7)"))
        == "stack: services.db.image: expected a string, found a whole number");
  CHECK(complaint(in_service(R"("ports":[{},{"host_port":65536}])"))
        == "stack: services.db.ports[1].host_port: expected a whole number from 0 to 65535, "
           "found a whole number");
  CHECK(complaint(in_service(R"("ports":[{"host_port":-1}])")).find("host_port: expected a whole")
        != std::string::npos);
  CHECK(complaint(in_service(R"("ports":[{"host_port":80.0}])")).find("found a fraction")
        != std::string::npos);
  CHECK(complaint(in_service(R"("tty":1)"))
        == "stack: services.db.tty: expected true or false, found a whole number");
  CHECK(complaint(in_service(R"("command":"sh")"))
        == "stack: services.db.command: expected a list, found a string");
  CHECK(complaint(in_service(R"("pull_policy":"maybe")"))
        == "stack: services.db.pull_policy: expected one of missing, always, never, build");
  CHECK(complaint(in_service(R"("resources":{"cpus":1e999})")) != "accepted");
  for (const char* bad : {R"("5")", "5", R"("-5s")", R"("5m")", R"("1.5s")", R"("s")", R"("5s ")",
                          R"("99999999999999999s")", R"("999999999999s")"})
    CHECK(complaint(in_service(R"("stop_grace_period":)" + std::string{bad}))
            .find("services.db.stop_grace_period: expected a duration")
          != std::string::npos);
}

TEST_CASE("a service whose name is not its key is refused") {
  CHECK(complaint(R"({"services":{"db":{"name":"web"}}})")
        == "stack: services.db.name: is not the service's key");
}

TEST_CASE("a key given twice is refused, for it would hide one of the two") {
  CHECK(complaint(R"({"name":"a","name":"b"})")
        == "stack: the JSON has the key name twice in one object");
  CHECK(decode_stack(R"({"secrets":{"a":{"file":"/x"},"b":{"file":"/x"}}})"));
}

TEST_CASE("absurd sizes are refused") {
  CHECK(complaint(std::string(1'000'000, '[')).find("nested") != std::string::npos);
  std::string many = R"("expose":[")";
  for (std::size_t i = 0; i < max_entries; ++i)
    many += R"(x",")";
  CHECK(complaint(in_service(many + R"("])")).find("services.db.expose: has more than 10000")
        != std::string::npos);
  CHECK(complaint(in_service(R"("image":")" + std::string(max_string + 1, 'x') + "\""))
          .find("services.db.image: is longer than")
        != std::string::npos);
  CHECK(parse(std::string(101, ' '), 100).error().message
        == "the JSON has 101 bytes; at most 100 are read");
}

TEST_CASE("a complaint never quotes a value, and shortens a key") {
  const auto wrong = complaint(in_service(R"("environment":{"TOKEN":["hunter2"]})"));
  CHECK(wrong.find("services.db.environment.TOKEN") != std::string::npos);
  CHECK(wrong.find("hunter2") == std::string::npos);
  CHECK(complaint(R"({"name":"hunter2)").find("hunter2") == std::string::npos);
  CHECK(complaint(R"({")" + std::string(5000, 'k') + R"(":1})").size() < 200);
  CHECK(complaint("{\"a\\nb\":1}") == "stack: a?b: is not a known key");
}

TEST_CASE("every prefix and every flipped byte of a document is answered, never thrown") {
  const auto text = encode(random_stack(3, true));
  for (std::size_t i = 0; i < text.size(); i += 7) {
    CHECK_FALSE(decode_stack(text.substr(0, i)));
    auto flipped = text;
    flipped[i] = static_cast<char>(flipped[i] ^ 0x15);
    (void)decode_stack(flipped);
  }
}
