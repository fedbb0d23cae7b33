// Goal: each key of a service reaches the model in every form that Compose knows, and what
// cannot be meant is said with its line.
// Method: one service "s" with a few lines; the image stands in line 3, so those begin in 4.
#include "tests/unit/manifest/support.hpp"

using namespace davit;
using namespace davit::test;
using list = std::vector<std::string>;

TEST_CASE("command and entrypoint: words, lists, none, and the image's own") {
  CHECK(clean(load_service("command: sh -c 'echo \"a b\"'")).command
        == list{"sh", "-c", "echo \"a b\""});
  CHECK(clean(load_service("command: [\"a b\", c]")).command == list{"a b", "c"});
  CHECK(clean(load_service("command: []")).command == list{});
  CHECK(clean(load_service("command: \"\"")).command == list{});
  CHECK_FALSE(clean(load_service("command:")).command);
  CHECK(clean(load_service("entrypoint: /bin/x --y")).entrypoint == list{"/bin/x", "--y"});
  CHECK(has_error(load_service("command: [sleep, 5]"),
                  "compose.yaml:4:22: error: 'command' must be a string"));
}

TEST_CASE("environment: both forms, numbers spelt, nothing passed through") {
  project p(
    "services:\n  s:\n    image: i\n    environment:\n      A: x\n      B: 1.5\n      C: true\n"
    "      D:\n      E: yes\n      F: ${OUTER}\n      G: ''\n");
  p.in.environment = {{"D", "from outside"}, {"OUTER", "017"}};
  CHECK(clean(p.load()).environment
        == string_map{{"A", "x"},
                      {"B", "1.5"},
                      {"C", "true"},
                      {"D", "from outside"},
                      {"E", "yes"},
                      {"F", "017"},
                      {"G", ""}});
  CHECK(clean(load_service("environment: [A=1=2, B=, \"C= x\"]")).environment
        == string_map{{"A", "1=2"}, {"B", ""}, {"C", " x"}});
  const auto lost = load_service("environment:\n  - NOBODY");
  CHECK(has_warning(lost, "'NOBODY' is not set; the container does not get it"));
  CHECK(lost.model.services.at("s").environment.empty());
  CHECK(has_warning(
    load_service("environment:\n  V: 1.50"),
    "compose.yaml:5:10: warning: 'V' is a number here and reaches the container as 1.5"));
  CHECK(has_error(load_service("environment:\n  - A: x"), "must be a string"));
}

TEST_CASE("env files: in order, below environment, optional ones may be missing") {
  project p(
    "services:\n  s:\n    image: i\n    env_file:\n      - one.env\n      - path: sub/two.env\n"
    "      - {path: none.env, required: false}\n      - {path: raw.env, format: raw}\n"
    "    environment: {C: own}\n");
  p.files["/home/u/shop/one.env"] = "A=1\nB=1\nC=1\n";
  p.files["/home/u/shop/sub/two.env"] = "B=2$C\n";
  p.files["/home/u/shop/raw.env"] = "R=\"$C\"\n";
  CHECK(clean(p.load()).environment
        == string_map{{"A", "1"}, {"B", "2own"}, {"C", "own"}, {"R", "\"$C\""}});
  CHECK(has_error(load_service("env_file: gone.env"),
                  "compose.yaml:4:15: error: the env file cannot be read"));
  CHECK(has_error(load_service("env_file: [{path: x, format: toml}]"), "'toml' is not a format"));
}

TEST_CASE("ports: short, long, ranges, each once") {
  const auto s = clean(
    load_service("ports:\n  - 80\n  - \"80\"\n  - 127.0.0.1:8080:80/udp\n  - 9000-9001:9000-9001\n"
                 "  - {target: 53, published: 5353, protocol: udp, host_ip: \"::1\"}\n"
                 "  - {target: 443, published: \"8443\"}"));
  CHECK(s.ports
        == std::vector<port_mapping>{{"", 0, 80, "tcp"},
                                     {"127.0.0.1", 8080, 80, "udp"},
                                     {"", 9000, 9000, "tcp"},
                                     {"", 9001, 9001, "tcp"},
                                     {"::1", 5353, 53, "udp"},
                                     {"", 8443, 443, "tcp"}});
  CHECK(has_error(load_service("ports:\n  - {published: 80}"),
                  "compose.yaml:5:9: error: a port has no target"));
  CHECK(has_error(load_service("ports: 80"), "'ports' must be a list"));
  CHECK(has_error(load_service("ports: [\"x:80\"]"), "compose.yaml:4:13: error: 'ports'"));
  CHECK(has_warning(load_service("ports:\n  - \"8000-8010:80\""), "the first is taken"));
}

TEST_CASE("volumes: short and long, paths made absolute") {
  project p("services:\n  s:\n    image: i\n    volumes:\n      - data:/data\n      - "
            "./here:/h:ro,z\n      - ~/x:/x\n"
            "      - /anonymous\n      - ../up:/u/\n"
            "      - {type: bind, source: ./b, target: /b, read_only: true, bind: "
            "{create_host_path: false, propagation: rslave}}\n"
            "      - {type: tmpfs, target: /t, tmpfs: {size: 1m, mode: \"1777\"}}\n"
            "      - {type: volume, source: data, target: /d2, volume: {nocopy: true}}\n"
            "    tmpfs:\n      - /run:size=64m,mode=755,noexec\n      - /tmp\nvolumes: {data: }\n");
  p.in.environment = {{"HOME", "/home/u"}};
  const auto m = clean(p.load()).mounts;
  REQUIRE(m.size() == 10);
  CHECK((m[0].type == mount::kind::volume && m[0].source == "data" && m[0].target == "/data"));
  CHECK((m[1].type == mount::kind::bind && m[1].source == "/home/u/shop/here" && m[1].read_only));
  CHECK(m[1].options == list{"z"});
  CHECK(m[2].source == "/home/u/x");
  CHECK((m[3].type == mount::kind::volume && m[3].source.empty() && m[3].target == "/anonymous"));
  CHECK((m[4].source == "/home/u/up" && m[4].target == "/u"));
  CHECK((m[5].read_only && !m[5].create_host_path && m[5].options == list{"rslave"}));
  CHECK(
    (m[6].type == mount::kind::tmpfs && m[6].tmpfs_size == 1 << 20 && m[6].tmpfs_mode == 01777U));
  CHECK(m[7].options == list{"nocopy"});
  CHECK(
    (m[8].tmpfs_size == 64 << 20 && m[8].tmpfs_mode == 0755U && m[8].options == list{"noexec"}));
  CHECK(m[9].target == "/tmp");

  CHECK(has_error(load_service("volumes: [data:/d]"),
                  "the volume 'data' is not declared; add it to the top-level 'volumes'"));
  CHECK(has_error(load_service("volumes: [/a:relative]"), "is not an absolute path"));
  CHECK(has_error(load_service("volumes: [/a:/x, /b:/x/]"), "two mounts have the target '/x'"));
  CHECK(has_error(load_service("volumes: [{type: npipe, source: x, target: /y}]"),
                  "'npipe' is not a type of volume on Linux"));
  CHECK(has_error(load_service("volumes: [{source: x, target: /y}]"), "a volume has no type"));
  CHECK(has_warning(load_service("volumes: [/a:/b:cached]"), "'cached' means nothing on Linux"));
  CHECK(has_warning(load_service("volumes: [/a:/b:roz]"), "'roz' is not an option of a volume"));
}

TEST_CASE("depends_on: both forms, links and shared namespaces are edges") {
  const auto l = load(
    "services:\n  s:\n    image: i\n    depends_on:\n      a: {condition: service_healthy, "
    "restart: true}\n"
    "      b: {condition: service_completed_successfully, required: false}\n    pid: service:c\n"
    "  a: {image: i, healthcheck: {test: x}}\n  b: {image: i, depends_on: [c]}\n  c: {image: i}\n");
  const auto s = clean(l);
  CHECK(s.depends_on.at("a") == dependency{depend_on::healthy, true, true});
  CHECK(s.depends_on.at("b") == dependency{depend_on::completed, false, false});
  CHECK(s.depends_on.at("c") == dependency{depend_on::started, true, true});
  CHECK(l.model.services.at("b").depends_on.at("c") == dependency{});
  CHECK(has_error(load_service("depends_on: {a: {}}"), "the dependency 'a' has no condition"));
  CHECK(
    has_error(load_service("depends_on: {a: {condition: ready}}"), "'ready' is not a condition"));
  CHECK(has_error(load_service("depends_on: [a, a]"), "the dependency 'a' is here twice"));
  CHECK(has_error(
    load_service("depends_on:\n  - nobody"),
    "compose.yaml:5:9: error: 's' depends on the service 'nobody', which does not exist"));
  const auto linked = load("services:\n  s: {image: i, links: [\"a:db\"]}\n  a: {image: i}\n");
  CHECK(has_warning(linked, "'links' only orders the start"));
  CHECK(linked.model.services.at("s").depends_on.contains("a"));
}

TEST_CASE("healthcheck") {
  const auto h
    = clean(load_service(
              "healthcheck:\n  test: [CMD, x]\n  interval: 1m30s\n  timeout: 10s\n  retries: 3\n"
              "  start_period: 40s\n  start_interval: 5s"))
        .healthcheck;
  REQUIRE(h);
  CHECK(h->test == list{"CMD", "x"});
  CHECK(h->interval == 90s);
  CHECK(h->retries == 3U);
  CHECK(h->start_interval == 5s);
  CHECK(clean(load_service("healthcheck: {test: curl -f x}")).healthcheck->test
        == list{"CMD-SHELL", "curl -f x"});
  CHECK(clean(load_service("healthcheck: {test: [NONE]}")).healthcheck->disable);
  CHECK(clean(load_service("healthcheck: {disable: true}")).healthcheck->disable);
  CHECK(clean(load_service("healthcheck: {interval: 5s}")).healthcheck->test.empty());
  CHECK(has_error(load_service("healthcheck: {test: [curl, x]}"), "must begin with CMD"));
  CHECK(has_error(load_service("healthcheck: {test: [CMD]}"), "no command after CMD"));
  CHECK(has_error(load_service("healthcheck: {interval: 5}"),
                  "'interval' must be a duration such as 30s, and this is a number"));
  CHECK(has_error(load_service("healthcheck: {retries: -1}"), "out of range"));
}

TEST_CASE("restart, and deploy's restart_policy over it") {
  const auto rules
    = [](const std::string& lines) { return clean(load_service(lines)).davit.recovery; };
  CHECK(rules("").restart == restart_mode::no);
  CHECK(rules("restart: no").restart == restart_mode::no);
  CHECK(rules("restart: unless-stopped").restart == restart_mode::unless_stopped);
  CHECK(rules("restart: on-failure:5").max_retries == 5U);
  CHECK(rules("restart: always\ndeploy: {restart_policy: {condition: on-failure, max_attempts: 2}}")
          .max_retries
        == 2U);
  CHECK(rules("deploy: {restart_policy: {condition: any, max_attempts: 2}}").restart
        == restart_mode::always);
  CHECK(has_error(load_service("restart: false"),
                  "'restart' must be a string, and this is a boolean; put it in quotes"));
  CHECK(has_error(load_service("restart: sometimes"), "is not a restart policy"));
  CHECK(has_error(load_service("restart: always:3"), "is not a restart policy"));
}

TEST_CASE("networks: lists, mappings, the default, modes") {
  const auto l = load("services:\n  s:\n    image: i\n    networks:\n      back: {aliases: [db], "
                      "ipv4_address: 10.1.0.5}\n      front:\n"
                      "  t: {image: i}\n  u: {image: i, network_mode: host}\n"
                      "networks:\n  back: {ipam: {config: [{subnet: 10.1.0.0/16, gateway: "
                      "10.1.0.1}]}, internal: true}\n  front: {name: shared, external: true}\n");
  const auto s = clean(l);
  CHECK(s.networks.at("back") == network_attachment{{"db"}, "10.1.0.5", ""});
  CHECK(s.networks.contains("front"));
  CHECK(l.model.services.at("t").networks.contains("default"));
  CHECK(l.model.services.at("u").networks.empty());
  CHECK(l.model.networks.at("default").name == "shop_default");
  CHECK(l.model.networks.at("back").subnets.at(0).gateway == "10.1.0.1");
  CHECK(l.model.networks.at("back").internal);
  CHECK(l.model.networks.at("front").external);
  CHECK(l.model.networks.at("front").name == "shared");
  CHECK(has_error(load_service("networks: [nowhere]"),
                  "compose.yaml:4:16: error: the network 'nowhere' is not declared"));
  CHECK(has_error(load_service("network_mode: host\nnetworks: [default]"), "exclude each other"));
  CHECK(has_error(load_service("network_mode: mynet"), "'mynet' is not a network mode"));
  CHECK(has_error(load_service("network_mode: service:gone"),
                  "the service 'gone', which does not exist"));
  CHECK(has_error(load_service("networks:"), "'networks' must be a mapping"));
}

TEST_CASE("secrets and configs get their targets and modes") {
  project p("services:\n  s:\n    image: i\n    secrets:\n      - one\n      - {source: two, "
            "target: sub/2, uid: \"103\", mode: 0400}\n"
            "      - {source: two, target: /etc/two}\n    configs: [cfg]\n"
            "secrets:\n  one: {file: ./one.txt}\n  two: {environment: TWO}\nconfigs:\n  cfg: "
            "{content: \"x=${Y}\"}\n");
  p.files["/home/u/shop/one.txt"] = "x";
  p.in.environment = {{"TWO", "t"}, {"Y", "y"}};
  const auto l = p.load();
  const auto s = clean(l);
  CHECK(s.secrets.at(0) == file_grant{"one", "/run/secrets/one", "", "", 0444U});
  CHECK(s.secrets.at(1) == file_grant{"two", "/run/secrets/sub/2", "103", "", 0400U});
  CHECK(s.secrets.at(2).target == "/etc/two");
  CHECK(s.configs.at(0).target == "/cfg");
  CHECK(l.model.secrets.at("one").file == "/home/u/shop/one.txt");
  CHECK(l.model.secrets.at("two").environment == "TWO");
  CHECK(l.model.configs.at("cfg").content == "x=y");
  CHECK(l.environment.at("TWO") == "t");
  CHECK(has_error(load_service("secrets: [gone]"), "the secret 'gone' is not declared"));
  const auto bad
    = [](const std::string& top) { return load("services: {s: {image: i}}\n" + top + "\n"); };
  CHECK(has_error(bad("secrets: {a: {external: true}}"), "no store of secrets"));
  CHECK(has_error(bad("secrets: {a: {}}"), "compose.yaml:2:11: error: exactly one source"));
  CHECK(has_error(bad("secrets: {a: {content: x}}"), "unknown key 'content' in a secret"));
  CHECK(has_error(bad("configs: {a: {content: x, file: y}}"), "exactly one source"));
  CHECK(has_warning(bad("secrets: {a: {file: ./gone}}"), "'/home/u/shop/gone' is not there"));
  CHECK(has_warning(bad("secrets: {a: {environment: GONE}}"), "'GONE' is not set"));
}

TEST_CASE("limits, old keys and deploy together") {
  const auto r
    = clean(
        load_service(
          "mem_limit: 512m\npids_limit: 100\nshm_size: 64m\noom_score_adj: -500\ncpuset: \"0-1\"\n"
          "ulimits: {nproc: 100, nofile: {soft: 1, hard: 2}}\n"
          "deploy: {resources: {limits: {cpus: \"0.5\", memory: 512M}, reservations: {memory: "
          "100m}}}"))
        .resources;
  CHECK(r.memory == 512 << 20);
  CHECK(r.cpus == 0.5);
  CHECK(r.pids == 100);
  CHECK(r.memory_reservation == 100 << 20);
  CHECK(r.shm_size == 64 << 20);
  CHECK(r.ulimits.at("nproc") == ulimit{100, 100});
  CHECK(r.ulimits.at("nofile") == ulimit{1, 2});
  CHECK(has_error(load_service("cpus: 1\ndeploy: {resources: {limits: {cpus: 2}}}"),
                  "'deploy' and 'cpus' say different things"));
  CHECK(has_error(load_service("ulimits: {nofile: {soft: 1}}"), "needs both"));
  CHECK(has_error(load_service("mem_limit: lots"), "is not a size"));
  CHECK_FALSE(load_service("scale: 1\ndeploy: {replicas: 1}").refused());
  CHECK(has_error(load_service("deploy: {replicas: 3}"),
                  "one container of a service; 3 is not supported yet"));
  CHECK(has_error(load_service("scale: 0"), "0 is not supported yet"));
}

TEST_CASE("the small keys") {
  const auto s = clean(load_service(
    "container_name: my.c\nhostname: h\nuser: \"1000:1000\"\nworking_dir: /w\ninit: true\ntty: "
    "true\n"
    "stdin_open: true\nread_only: true\nprivileged: \"true\"\nplatform: linux/arm64\npull_policy: "
    "always\n"
    "stop_signal: SIGINT\nstop_grace_period: 1m\ncap_add: [NET_ADMIN]\ncap_drop: [ALL]\n"
    "security_opt: [\"no-new-privileges:true\"]\ngroup_add: [video, 44]\ndns: 1.1.1.1\ndns_search: "
    "[a, b]\n"
    "extra_hosts: [\"a:1.2.3.4\", \"b=::1\", \"c:[::2]\"]\nsysctls: {net.core.somaxconn: 1024}\n"
    "devices: [\"/dev/a:/dev/b:rw\", {source: /dev/c, target: /dev/d}]\nexpose: [80, \"90/udp\"]\n"
    "labels: [a=b, c]\nannotations: {x: y}\nlogging: {driver: json-file, options: {max-size: "
    "5m}}\nx-note: anything"));
  CHECK(s.container_name == "my.c");
  CHECK(s.user == "1000:1000");
  CHECK((s.init && s.tty && s.stdin_open && s.read_only && s.privileged));
  CHECK(s.pull == pull_policy::always);
  CHECK(s.stop_grace_period == 60s);
  CHECK(s.group_add == list{"video", "44"});
  CHECK(s.dns == list{"1.1.1.1"});
  CHECK(s.extra_hosts == list{"a:1.2.3.4", "b:::1", "c:::2"});
  CHECK(s.sysctls.at("net.core.somaxconn") == "1024");
  CHECK(s.devices == list{"/dev/a:/dev/b:rw", "/dev/c:/dev/d"});
  CHECK(s.expose == list{"80", "90/udp"});
  CHECK(s.labels == string_map{{"a", "b"}, {"c", ""}});
  CHECK(s.logging.driver == "k8s-file");
  CHECK(s.logging.options.at("max-size") == "5m");
  CHECK(has_warning(load_service("init: yes"), "it counts as true; write true"));
  CHECK(has_warning(load_service("logging: {driver: syslog}"), "no log driver 'syslog'"));
  CHECK(has_error(load_service("labels: {io.davit.stack: x}"), "is reserved"));
  CHECK(has_error(load_service("stop_signal: SIGNOPE"), "is not a signal"));
  CHECK(has_error(load_service("container_name: \"-x\""), "is not usable"));
}

TEST_CASE("build needs an image for now") {
  CHECK(has_warning(load_service("build: ."), "'build' is not done yet"));
  const auto bare = load("services:\n  s:\n    build: .\n");
  CHECK(has_error(bare, "compose.yaml:3:5: error: Davit does not build images yet"));
  CHECK(count(bare, manifest::severity::error, "") == 1);
  CHECK(has_error(load("services:\n  s: {command: x}\n"),
                  "compose.yaml:2:3: error: the service has no image"));
}

TEST_CASE("known keys that mean nothing are warned of, those that would matter refused") {
  for (const auto* key : {"attach", "blkio_config", "develop", "gpus", "runtime", "storage_opt"}) {
    CAPTURE(key);
    const auto l = load_service(std::string(key) + ": x");
    CHECK(has_warning(l, std::string("compose.yaml:4:5: warning: '") + key + "' has no effect"));
    CHECK_FALSE(l.refused());
  }
  for (const auto* key :
       {"extends", "volumes_from", "post_start", "pre_stop", "userns_mode", "label_file"})
    CHECK(has_error(load_service(std::string(key) + ": x"),
                    std::string("'") + key + "' is not supported yet"));
  for (const auto* key : {"models", "provider", "use_api_socket", "credential_spec", "isolation"})
    CHECK(has_error(load_service(std::string(key) + ": x"), "has no meaning for podman on Linux"));
}

TEST_CASE("an unknown key is refused and the nearest known one is named") {
  CHECK(has_error(
    load_service("enviroment: {}"),
    "compose.yaml:4:5: error: unknown key 'enviroment' in a service; did you mean 'environment'?"));
  CHECK(has_error(load_service("volume: []"), "did you mean 'volumes'?"));
  CHECK(has_error(load_service("dependson: []"), "did you mean 'depends_on'?"));
  CHECK(has_error(load_service("healthcheck: {tset: x}"), "did you mean 'test'?"));
  CHECK(has_error(load_service("quux: 1"), "unknown key 'quux' in a service; remove it"));
  CHECK(has_error(
    load("sevices: {}\n"),
    "compose.yaml:1:1: error: unknown key 'sevices' in a Compose file; did you mean 'services'?"));
}
