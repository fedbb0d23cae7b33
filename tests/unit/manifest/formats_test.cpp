// Goal: durations, sizes, ports, volumes and command lines are read as people write them.
// Method: tables of good and bad, and round trips.
#include "runtime/manifest/formats.hpp"

#include "tests/catch.hpp"

using namespace davit;
using namespace davit::manifest;

TEST_CASE("durations") {
  const std::pair<const char*, milliseconds> good[] = {
    {"10s", 10s}, {"1m30s", 90s},    {"1h", 1h},  {"1.5s", 1500ms}, {"500ms", 500ms},
    {"0", 0ms},   {"0s", 0ms},       {"2d", 48h}, {"1w", 168h},     {"30s1m", 90s},
    {"1us", 1ms}, {"1\u00b5s", 1ms}, {"+5s", 5s}, {".5h", 30min},   {"-0s", 0ms},
  };
  for (const auto& [text, wanted] : good) {
    CAPTURE(text);
    const auto d = parse_duration(text);
    REQUIRE(d);
    CHECK(*d == wanted);
  }
  for (const auto* text : {"", "10", "s", "10 s", "1S", "5 minutes", "-5s", "1.s.",
                           "99999999999999999h", "1..5s", "1h-1m"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_duration(text));
  }
}

TEST_CASE("sizes") {
  const std::pair<const char*, std::int64_t> good[] = {
    {"0", 0},       {"100", 100},      {"1k", 1024},          {"1kb", 1024},
    {"1KiB", 1024}, {"64M", 67108864}, {"2gb", 2147483648},   {"1.5 k", 1536},
    {"10b", 10},    {"-1", -1},        {"1t", 1099511627776},
  };
  for (const auto& [text, wanted] : good) {
    CAPTURE(text);
    const auto b = parse_bytes(text);
    REQUIRE(b);
    CHECK(*b == wanted);
  }
  for (const auto* text : {"", "k", "invalid", "1kk", "1  k", "1e3", "99999999999p", "1 kbit"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_bytes(text));
  }
}

TEST_CASE("ports") {
  const auto ports = [](std::string_view text) {
    std::string note;
    const auto r = parse_ports(text, note);
    return r ? *r : std::vector<port_mapping>{};
  };
  CHECK(ports("80") == std::vector<port_mapping>{{"", 0, 80, "tcp"}});
  CHECK(ports("8080:80/udp") == std::vector<port_mapping>{{"", 8080, 80, "udp"}});
  CHECK(ports("127.0.0.1:8080:80") == std::vector<port_mapping>{{"127.0.0.1", 8080, 80, "tcp"}});
  CHECK(ports("127.0.0.1::80") == std::vector<port_mapping>{{"127.0.0.1", 0, 80, "tcp"}});
  CHECK(ports("[::1]:8080:80") == std::vector<port_mapping>{{"::1", 8080, 80, "tcp"}});
  CHECK(ports("::1:8080:80") == std::vector<port_mapping>{{"::1", 8080, 80, "tcp"}});
  CHECK(ports(":80") == ports("80"));
  CHECK(ports("8000-8002:9000-9002").size() == 3);
  CHECK(ports("8000-8002:9000-9002").at(2) == port_mapping{"", 8002, 9002, "tcp"});
  CHECK(ports("9000-9001")
        == std::vector<port_mapping>{{"", 0, 9000, "tcp"}, {"", 0, 9001, "tcp"}});
  std::string note;
  REQUIRE(parse_ports("8000-8010:80", note));
  CHECK(note.find("the first is taken") != std::string::npos);
  for (const auto* text :
       {"", "x", "80:", "70000", "8080:70000", "80/icmp", "127.0.1:80:80", "host:80:80",
        "8000-8002:9000-9001", "90-80", "1-2-3", "0", "80:0", "-1:80", "+80"}) {
    CAPTURE(text);
    CHECK(ports(text).empty());
  }
}

TEST_CASE("volumes") {
  const auto v = parse_volume("data:/var/lib/data:ro,z");
  REQUIRE(v);
  CHECK(v->source == "data");
  CHECK(v->target == "/var/lib/data");
  CHECK(v->options == std::vector<std::string>{"ro", "z"});
  CHECK(parse_volume("/anonymous")->source.empty());
  CHECK(parse_volume("/a:/b/${X:-y}")->target == "/b/${X:-y}");
  for (const auto* text : {"", ":/a", "a:", "a::ro", "a:/b:ro:x"})
    CHECK_FALSE(parse_volume(text));
  CHECK(looks_like_path("./a"));
  CHECK(looks_like_path("~/a"));
  CHECK_FALSE(looks_like_path("data"));
}

TEST_CASE("paths") {
  CHECK(resolve_path("/p", "a/./b/../c", "/h") == "/p/a/c");
  CHECK(resolve_path("/p", "../../..", "/h") == "/");
  CHECK(resolve_path("/p", "/x//y/", "/h") == "/x/y");
  CHECK(resolve_path("/p", "~/x", "/h") == "/h/x");
  CHECK(resolve_path("/p", "~x", "/h") == "/p/~x");
}

TEST_CASE("shell words") {
  const auto words = [](std::string_view text) {
    const auto r = shell_words(text);
    return r ? *r : std::vector<std::string>{"error"};
  };
  using list = std::vector<std::string>;
  CHECK(words("  a  b\tc\n") == list{"a", "b", "c"});
  CHECK(words("sh -c 'echo \"x y\" | cat'") == list{"sh", "-c", "echo \"x y\" | cat"});
  CHECK(words("a\\ b \"c \\\"d\\\" \\n\" ''") == list{"a b", "c \"d\" \\n", ""});
  CHECK(words("a'b'\"c\"d") == list{"abcd"});
  CHECK(words("x && y; z") == list{"x", "&&", "y;", "z"});
  CHECK(words("") == list{});
  CHECK(words("'open") == list{"error"});
  CHECK(words("\"open") == list{"error"});
}

TEST_CASE("any words survive being quoted and read again") {
  const std::string alphabet = "a '\"\\\t$|";
  unsigned state = 3;
  const auto next = [&] { return state = state * 1664525U + 1013904223U, state >> 16U; };
  for (int round = 0; round < 2000; ++round) {
    std::vector<std::string> wanted;
    std::string line;
    for (auto n = next() % 5; n > 0; --n) {
      std::string word;
      for (auto m = next() % 8; m > 0; --m)
        word += alphabet[next() % alphabet.size()];
      line += " '";
      for (const char c : word)
        line += c == '\'' ? "'\\''" : std::string(1, c);
      line += "'";
      wanted.push_back(word);
    }
    REQUIRE(shell_words(line) == wanted);
  }
}

TEST_CASE("file modes") {
  CHECK(parse_mode("0440") == 0440U);
  CHECK(parse_mode("440") == 0440U);
  CHECK(parse_mode("0o440") == 0440U);
  for (const auto* text : {"", "8", "rw", "10000", "-1"})
    CHECK_FALSE(parse_mode(text));
}
