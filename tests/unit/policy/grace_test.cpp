// Goal: no service is killed before it could have ended by itself.
// Method: the order of the four sources, and image references as people write them.
#include "runtime/policy/grace_table.hpp"

#include "tests/catch.hpp"

using namespace davit;

TEST_CASE("the image's name is found in every form of a reference") {
  CHECK(policy::image_base_name("postgres") == "postgres");
  CHECK(policy::image_base_name("postgres:16-alpine") == "postgres");
  CHECK(policy::image_base_name("docker.io/library/postgres:16@sha256:abcd") == "postgres");
  CHECK(policy::image_base_name("localhost:5000/Team/LND@sha256:abcd") == "lnd");
  CHECK(policy::image_base_name("registry:5000/redis") == "redis");
  CHECK(policy::image_base_name("").empty());
}

TEST_CASE("the table knows what must not be killed early") {
  CHECK(policy::table_grace("btcpayserver/bitcoin:26.0") == 600s);
  CHECK(policy::table_grace("docker.io/lightninglabs/lnd:v0.17") == 330s);
  CHECK(policy::table_grace("getumbrel/electrs:v0.10.2") == 300s);
  CHECK(policy::table_grace("mariadb:11") == 120s);
  CHECK(policy::table_grace("nicolasdorier/btcpayserver") == 60s);
  CHECK_FALSE(policy::table_grace("nginx"));
  CHECK_FALSE(policy::table_grace("postgres-exporter"));
}

TEST_CASE("x-davit comes before Compose, Compose before the table, the table before the default") {
  service s;
  s.image = "nginx";
  CHECK(policy::stop_grace(s) == default_grace);
  s.image = "postgres:16";
  CHECK(policy::stop_grace(s) == 120s);
  s.stop_grace_period = 45s;
  CHECK(policy::stop_grace(s) == 45s);
  s.davit.grace = 600s;
  CHECK(policy::stop_grace(s) == 600s);
  s.davit.grace = 0s;
  CHECK(policy::stop_grace(s) == 0s);
}

TEST_CASE("a full stop takes the longest chain, not the longest grace") {
  stack st;
  const auto add = [&](const char* name, milliseconds grace, std::vector<std::string> to) {
    auto& s = st.services[name];
    s.davit.grace = grace;
    for (auto& dependency : to)
      s.depends_on[dependency] = {};
  };
  CHECK(policy::full_stop_time(st) == 0s);
  add("bitcoind", 600s, {});
  add("lnd", 330s, {"bitcoind"});
  add("rtl", 30s, {"lnd"});
  add("web", 900s, {});
  CHECK(policy::full_stop_time(st) == 960s);
  add("odd", milliseconds::max(), {"rtl"});
  CHECK(policy::full_stop_time(st) > 0s);
}
