// Goal: the container that is created is the service that was asked for, under podman's names,
// and carries what a later daemon needs to recognise it.
// Method: a stack that names everything, resolved; each field that changes, and that others stay.
#include "runtime/policy/blueprint.hpp"
#include "tests/catch.hpp"

using namespace davit;
using namespace davit::policy;
using namespace std::chrono_literals;

namespace {

const blueprint_context context{"000001", "op-1", "h0", "davit.slice", "/var/lib/davit/secrets",
                                ""};

stack shop() {
  stack st;
  st.name = "shop";
  st.working_dir = "/srv/shop";
  st.config_files = {"/srv/shop/compose.yaml", "/srv/shop/override.yaml"};
  st.networks["default"].name = "shop_default";
  st.networks["outer"].name = "lan";
  st.volumes["data"].name = "shop_data";
  st.volumes["bare"];
  auto& db = st.services["db"];
  db.name = "db";
  db.image = "postgres:16";
  return st;
}

blueprint made(const stack& st, const blueprint_context& with = context) {
  return make_blueprint(st, st.services.at("db"), with);
}

} // namespace

TEST_CASE("a container gets its name, grace and place from the model") {
  auto st = shop();
  auto got = made(st);
  CHECK(got.name == "shop-db-1");
  CHECK(got.grace == 120s); // the table knows databases
  CHECK(got.cgroup_parent == "davit.slice");
  st.services.at("db").container_name = "my-db";
  st.services.at("db").davit.grace = 5s;
  got = made(st);
  CHECK(got.name == "my-db");
  CHECK(got.grace == 5s);
}

TEST_CASE("labels say whose it is, for a later daemon and for other tools") {
  auto st = shop();
  auto& db = st.services.at("db");
  db.labels = {{"team", "blue"}, {"io.davit.stack", "forged"}};
  CHECK(made(st).labels
        == string_map{{"team", "blue"},
                      {"io.davit.stack", "shop"},
                      {"io.davit.service", "db"},
                      {"io.davit.revision", "000001"},
                      {"io.davit.operation", "op-1"},
                      {"io.davit.host", "h0"},
                      {"com.docker.compose.project", "shop"},
                      {"com.docker.compose.service", "db"},
                      {"com.docker.compose.container-number", "1"},
                      {"com.docker.compose.oneoff", "False"},
                      {"com.docker.compose.project.working_dir", "/srv/shop"},
                      {"com.docker.compose.project.config_files",
                       "/srv/shop/compose.yaml,/srv/shop/override.yaml"}});
  auto alone = context; // what a restart creates belongs to no operation
  alone.operation.clear();
  CHECK_FALSE(made(st, alone).labels.contains(label::operation));
}

TEST_CASE("networks are attached by podman's names, reachable as the service") {
  auto st = shop();
  auto& db = st.services.at("db");
  db.networks["default"] = {};
  db.networks["outer"] = {{"postgres"}, "10.0.0.5", ""};
  auto networks = made(st).spec.networks;
  REQUIRE(networks.size() == 2);
  CHECK(networks.at("shop_default").aliases == std::vector<std::string>{"db"});
  CHECK(networks.at("lan").aliases == std::vector<std::string>{"db", "postgres"});
  CHECK(networks.at("lan").ipv4 == "10.0.0.5");
}

TEST_CASE("volumes are mounted by podman's names, anything else as it stands") {
  auto st = shop();
  auto& db = st.services.at("db");
  db.mounts.resize(5);
  db.mounts[0].source = "data";
  db.mounts[1].source = "bare"; // declared without a name
  db.mounts[2].source = "";     // anonymous
  db.mounts[3].type = mount::kind::bind;
  db.mounts[3].source = "data"; // a path that looks like a key
  db.mounts[4].type = mount::kind::tmpfs;
  auto mounts = made(st).spec.mounts;
  REQUIRE(mounts.size() == 5);
  CHECK(mounts[0].source == "shop_data");
  CHECK(mounts[1].source == "bare");
  CHECK(mounts[2].source.empty());
  CHECK(mounts[3].source == "data");
}

TEST_CASE("secrets and configs become read-only files, and none is made where it is missing") {
  auto st = shop();
  auto& db = st.services.at("db");
  db.secrets.push_back({"password", "/run/secrets/password", "", "", {}});
  db.configs.push_back({"conf", "/etc/db.conf", "", "", {}});
  CHECK(granted(db) == std::vector<std::string>{"password", "config.conf"});
  auto spec = made(st).spec;
  CHECK(spec.secrets.empty());
  CHECK(spec.configs.empty());
  REQUIRE(spec.mounts.size() == 2);
  CHECK(spec.mounts[0].source == "/var/lib/davit/secrets/shop/password");
  CHECK(spec.mounts[0].target == "/run/secrets/password");
  CHECK(spec.mounts[1].source == "/var/lib/davit/secrets/shop/config.conf");
  CHECK(spec.mounts[1].target == "/etc/db.conf");
  for (auto& m : spec.mounts) {
    CHECK(m.type == mount::kind::bind);
    CHECK(m.read_only);
    CHECK_FALSE(m.create_host_path);
  }
}

TEST_CASE("a config from a file of the user's is bound from there, and a secret never is") {
  auto st = shop();
  auto& db = st.services.at("db");
  st.configs["conf"].file = "/srv/shop/db.conf";
  st.configs["inline"].content = "x";
  st.secrets["conf"].file = "/srv/shop/secret";
  db.secrets.push_back({"conf", "/run/secrets/conf", "", "", {}});
  db.configs.push_back({"conf", "/etc/db.conf", "", "", {}});
  db.configs.push_back({"inline", "/etc/inline", "", "", {}});
  auto mounts = made(st).spec.mounts;
  REQUIRE(mounts.size() == 3);
  CHECK(mounts[0].source == "/var/lib/davit/secrets/shop/conf"); // no clash of the two names
  CHECK(mounts[1].source == "/srv/shop/db.conf");
  CHECK(mounts[2].source == "/var/lib/davit/secrets/shop/config.inline");
}

TEST_CASE("a shared namespace is named by the container that owns it now") {
  auto st = shop();
  auto& db = st.services.at("db");
  db.network_mode = "service:vpn";
  db.ipc = "host";
  db.pid = "service:vpn";
  CHECK(made(st).spec.network_mode == "service:vpn"); // nobody owns it yet
  CHECK_FALSE(made(st).labels.contains(label::bound_id));
  auto with = context;
  with.bound_id = "c7";
  auto got = made(st, with);
  CHECK(got.spec.network_mode == "container:c7");
  CHECK(got.spec.ipc == "host");
  CHECK(got.spec.pid == "container:c7");
  CHECK(got.labels.at(label::bound_id) == "c7");
}
