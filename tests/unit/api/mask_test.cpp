// Goal: no secret of a model is ever shown, and what is no secret stays readable.
// Method: names as they occur in real compose files, then a whole model searched for the
// planted secret.
#include "runtime/api/mask.hpp"
#include "runtime/record/model_json.hpp"
#include "tests/catch.hpp"

using namespace davit;

TEST_CASE("names that look like a secret") {
  for (const char* key : {"POSTGRES_PASSWORD",
                          "MYSQL_ROOT_PASSWORD",
                          "PASSWD",
                          "db.password",
                          "API_TOKEN",
                          "GITHUB_TOKEN",
                          "CLIENT_SECRET",
                          "SECRET_KEY_BASE",
                          "AWS_SECRET_ACCESS_KEY",
                          "APIKEY",
                          "api-key",
                          "SSH_KEYS",
                          "CREDENTIALS",
                          "BASIC_AUTH",
                          "AUTH",
                          "PASSPHRASE",
                          "DB_PASS",
                          "SMTP_PWD",
                          "PRIVATE_KEY",
                          "rpcauth_password",
                          "Authorization"})
    CHECK(api::is_secret_key(key));
  for (const char* key : {"PATH", "LANG", "TZ", "POSTGRES_USER", "AUTHOR", "KEYCLOAK_URL",
                          "KEYBOARD", "PASSENGER_PORT", "DATABASE_HOST", "NODE_ENV", ""})
    CHECK_FALSE(api::is_secret_key(key));
}

TEST_CASE("values as they may be shown") {
  CHECK(api::mask_value("DB_PASSWORD", "x") == api::mask);
  CHECK(api::mask_value("DB_PASSWORD", "") == "");
  CHECK(api::mask_value("DB_HOST", "db") == "db");
  CHECK(api::mask_value("DB_PASSWORD_FILE", "/run/secrets/db") == "/run/secrets/db");
  CHECK(api::mask_value("DB_PASSWORD_FILE", "hunter2") == api::mask);
  CHECK(api::mask_value("DATABASE_URL", "postgres://bob:hunter2@db:5432/x")
        == "postgres://bob:********@db:5432/x");
}

TEST_CASE("passwords inside addresses, however they are written") {
  CHECK(api::mask_addresses("no address") == "no address");
  CHECK(api::mask_addresses("http://host:80/path") == "http://host:80/path");
  CHECK(api::mask_addresses("https://bob@host/") == "https://bob@host/");
  CHECK(api::mask_addresses("a redis://:pw@r:6379/0 b amqp://u:p@q c")
        == "a redis://:********@r:6379/0 b amqp://u:********@q c");
  CHECK(api::mask_addresses("x://u:p@w/d@h") == "x://u:********@h");
  CHECK(api::mask_addresses("://") == "://");
}

TEST_CASE("command lines") {
  const std::vector<std::string> shown
    = api::mask_arguments({"serve", "--password=hunter2", "--token", "hunter2", "--port", "80",
                           "API_KEY=hunter2", "--auth", "--verbose", "curl http://a:hunter2@b/"});
  CHECK(shown
        == std::vector<std::string>{"serve", "--password=********", "--token", "********", "--port",
                                    "80", "API_KEY=********", "--auth", "--verbose",
                                    "curl http://a:********@b/"});
}

TEST_CASE("a shown model holds no planted secret anywhere, and the rest unchanged") {
  stack model;
  model.name = "shop";
  service& db = model.services["db"];
  db.name = "db";
  db.image = "postgres:16";
  db.environment = {{"POSTGRES_PASSWORD", "hunter2"}, {"LANG", "C"}};
  db.labels = {{"traefik.auth", "hunter2"}};
  db.annotations = {{"my.token", "hunter2"}};
  db.command = {"x", "--password", "hunter2"};
  db.entrypoint = {"PASSWORD=hunter2"};
  db.healthcheck.emplace().test = {"CMD", "curl", "http://u:hunter2@localhost"};
  db.logging.options = {{"splunk-token", "hunter2"}};
  model.volumes["nas"].driver_opts = {{"type", "cifs"}, {"o", "username=bob,password=hunter2,ro"}};
  model.networks["n"].driver_opts = {{"secret", "hunter2"}};
  model.configs["c"].content = "key: hunter2";
  const stack shown = api::mask_secrets(model);
  CHECK(record::encode(shown).find("hunter2") == std::string::npos);
  CHECK(shown.services.at("db").environment.at("LANG") == "C");
  CHECK(shown.volumes.at("nas").driver_opts.at("o") == "username=bob,password=********,ro");
  CHECK(shown.services.at("db").image == "postgres:16");
}
