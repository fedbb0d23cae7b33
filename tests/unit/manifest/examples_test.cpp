// Goal: the examples that people copy are accepted, and mean what their comments say.
// Method: load the real files from the source tree.
#include "runtime/policy/grace_table.hpp"
#include "runtime/policy/graph.hpp"

#include "tests/unit/manifest/support.hpp"

using namespace davit;
using namespace davit::test;

namespace {

const std::string folder = std::string(DAVIT_SOURCE_DIR) + "/manifests/examples/";

manifest::loaded example(const std::string& name, string_map environment = {}) {
  manifest::inputs in;
  in.files = {folder + name};
  in.working_dir = "/";
  in.environment = std::move(environment);
  in.read = [](const std::string& path) -> result<std::string> {
    std::ifstream file(path);
    if (!file)
      return fail(errc::not_found, path + " does not exist");
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  };
  in.exists = [](const std::string& path) { return std::ifstream(path).good(); };
  return manifest::load(in);
}

} // namespace

TEST_CASE("the guest book loads without a word and starts in its order") {
  const auto l = example("guestbook.yaml");
  INFO(all_findings(l));
  CHECK(l.findings.empty());
  const auto& st = l.model;
  CHECK(st.name == "guestbook");
  CHECK(policy::start_order(st) == std::vector<std::string>{"db", "migrate", "api", "web"});
  const auto& db = st.services.at("db");
  CHECK(db.image == "localhost/davit-demo:1");
  CHECK(
    db.healthcheck->test
    == std::vector<std::string>{"CMD-SHELL", "wget -q -O /dev/null http://127.0.0.1:5432/ready"});
  CHECK(db.healthcheck->interval == 1s);
  CHECK(db.davit.post_start_window == 2s);
  CHECK(db.davit.recovery.restart == restart_mode::unless_stopped);
  REQUIRE(db.secrets.size() == 1);
  CHECK(db.secrets[0].target == "/run/secrets/db_password");
  CHECK(st.secrets.at("db_password").file == folder + "guestbook.password");
  CHECK(db.command->at(2).find("wait $!") != std::string::npos);
  CHECK(st.services.at("migrate").davit.recovery.restart == restart_mode::no);
  const auto& api = st.services.at("api");
  CHECK(api.depends_on.at("db").condition == depend_on::healthy);
  CHECK(api.depends_on.at("migrate").condition == depend_on::completed);
  const auto& web = st.services.at("web");
  REQUIRE(web.ports.size() == 1);
  CHECK(web.ports[0] == port_mapping{"127.0.0.1", 8080, 80, "tcp"});
  CHECK(web.networks.size() == 2);
  CHECK(web.mounts.at(0).read_only);
  CHECK(st.volumes.at("entries").name == "guestbook_entries");
  CHECK(st.networks.at("back").name == "guestbook_back");
  CHECK_FALSE(st.networks.contains("default"));
}

TEST_CASE("the Bitcoin node gets its graces, its probe and its own recovery") {
  const auto l = example("bitcoin.yaml");
  INFO(all_findings(l));
  CHECK_FALSE(l.refused());
  const auto& node = l.model.services.at("bitcoind");
  CHECK(node.davit.critical);
  CHECK(node.davit.recovery.budget.restarts == 6);
  CHECK(node.davit.recovery.breaker.max == 30min);
  REQUIRE(node.davit.probe);
  CHECK(node.davit.probe->path == "/rest/chaininfo.json");
  CHECK(node.command->at(2) == "-dbcache=450");
  CHECK(l.model.services.at("lnd").command->size() == 8);
  CHECK(l.model.services.at("lnd").davit.ready_log == "Opened wallet");
  CHECK(policy::full_stop_time(l.model) == 930s);
}

TEST_CASE("the kiosk's player is critical and its server limited") {
  const auto l = example("kiosk.yaml", {{"WAYLAND_DISPLAY", "wayland-0"}});
  INFO(all_findings(l));
  CHECK(l.findings.empty());
  const auto& player = l.model.services.at("player");
  CHECK(player.davit.critical);
  CHECK(player.davit.recovery.backoff.initial == 500ms);
  CHECK(player.environment.at("WAYLAND_DISPLAY") == "wayland-0");
  CHECK(player.logging.driver == "journald");
  const auto& server = l.model.services.at("server");
  CHECK(server.resources.memory == 64 * 1024 * 1024);
  CHECK(server.configs.at(0).target == "/etc/nginx/conf.d/default.conf");
  CHECK(l.model.configs.at("nginx").content->find("$uri") != std::string::npos);
  CHECK(l.model.services.at("fetch").davit.recovery.max_retries == 5U);
}
