// Goal: YAML becomes a tree with places, strict where a slip would be silent, and bounded
// where a file is hostile.
// Method: small texts for the rules; texts built to explode for the limits.
#include "runtime/manifest/yaml.hpp"

#include "tests/catch.hpp"

using namespace davit::manifest;

namespace {

struct parsed {
  std::vector<node> documents;
  std::vector<finding> findings;

  bool failed_with(const std::string& part) const {
    return documents.empty() && findings.size() == 1
           && to_string(findings[0]).find(part) != std::string::npos;
  }
};

parsed parse(const std::string& text) {
  report out;
  const int file = out.add_file("f.yaml");
  parsed p;
  p.documents = parse_yaml(text, file, out);
  p.findings = out.take();
  return p;
}

node one(const std::string& text) {
  auto p = parse(text);
  REQUIRE(p.findings.empty());
  REQUIRE(p.documents.size() == 1);
  return std::move(p.documents[0]);
}

std::string repeat(const std::string& text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i)
    out += text;
  return out;
}

} // namespace

TEST_CASE("values and keys know their line and column") {
  const auto n = one("# note\na:\n  - x\n  - b: 'y'\n");
  REQUIRE(n.entries.size() == 1);
  CHECK(n.entries[0].at == mark{0, 2, 1});
  const auto& list = n.entries[0].value;
  CHECK(list.items.at(0).at == mark{0, 3, 5});
  CHECK(list.items.at(1).entries.at(0).value.at == mark{0, 4, 8});
}

TEST_CASE("plain scalars are typed as Compose types them") {
  const auto type
    = [](const std::string& text) { return type_of(one("a: " + text).entries[0].value); };
  for (const auto* text : {"true", "False", "TRUE"})
    CHECK(type(text) == scalar_type::boolean);
  for (const auto* text : {"yes", "no", "on", "off", "y", "n", "2222:22", "1.2.3", "\"1\"",
                           "'true'", "0x", "1e", "2024-01-01", "08:00"})
    CHECK(type(text) == scalar_type::string);
  for (const auto* text : {"0", "-1", "0x10", "017", "0o17", "1_000"})
    CHECK(type(text) == scalar_type::integer);
  for (const auto* text : {"1.5", "1e3", ".5", "08", ".inf"})
    CHECK(type(text) == scalar_type::real);
  for (const auto* text : {"", "~", "null", "Null"})
    CHECK(type(text) == scalar_type::null);
}

TEST_CASE("numbers have one spelling") {
  const auto spell
    = [](const std::string& text) { return canonical(one("a: " + text).entries[0].value); };
  CHECK(spell("1.50") == "1.5");
  CHECK(spell("0x10") == "16");
  CHECK(spell("017") == "15");
  CHECK(spell("0o17") == "15");
  CHECK(spell("1e3") == "1000");
  CHECK(spell("1e21") == "1e+21");
  CHECK(spell("1_000") == "1000");
  CHECK(spell("-0") == "0");
  CHECK(spell("True") == "true");
  CHECK(spell("9223372036854775807") == "9223372036854775807");
  CHECK(spell("'1.50'") == "1.50");
}

TEST_CASE("merge keys: what is written wins, then the first that is named") {
  const auto n = one("x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz: {<<: [*x, *y], a: 0}\n");
  const auto& z = n.entries[2].value;
  CHECK(z.find("a")->text == "0");
  CHECK(z.find("b")->text == "1");
  CHECK(z.find("c")->text == "2");
  CHECK(parse("x: &x {a: 1}\nz:\n  <<: *x\n  <<: *x\n").failed_with("f.yaml:4:3: error: two '<<'"));
  CHECK(parse("z:\n  <<: 5\n").failed_with("'<<' takes a mapping"));
}

TEST_CASE("a duplicate key is refused and both lines are named") {
  CHECK(parse("a: 1\nb: 2\na: 3\n")
          .failed_with("f.yaml:3:1: error: the key 'a' is here twice, first in line 1"));
}

TEST_CASE("keys that are no strings are refused") {
  CHECK(parse("1: x\n").failed_with("a key must be a string"));
  CHECK(parse("[a]: x\n").failed_with("a key must be a string"));
  CHECK(parse("? {a: b}\n: x\n").failed_with("a key must be a string"));
}

TEST_CASE("several documents, empty ones left out") {
  CHECK(parse("a: 1\n---\nb: 2\n---\n").documents.size() == 2);
  CHECK(parse("").documents.empty());
  CHECK(parse("# only a comment\n").documents.empty());
}

TEST_CASE("what is not YAML is refused with its place") {
  CHECK(parse("a:\n\tb: 1\n").failed_with("f.yaml:2:"));
  CHECK(parse("a: [b, c\n").failed_with("not YAML"));
  CHECK(parse("a: *nobody\n").failed_with("f.yaml:1:"));
  CHECK(parse("a: &a [*a]\n").failed_with("the value that it stands in"));
}

TEST_CASE("what is not text is refused with its place") {
  CHECK(parse(std::string("a: b\nc\0d", 9)).failed_with("f.yaml:2:2: error: a NUL byte"));
  CHECK(parse("a: \xff\n").failed_with("f.yaml:1:4: error: this byte is not valid UTF-8"));
  CHECK(parse("a: \xed\xa0\x80\n").failed_with("not valid UTF-8"));
  CHECK(parse("a: \xc0\xaf\n").failed_with("not valid UTF-8"));
  CHECK(one("a: \u00e4\u20ac\U0001F600\n").entries[0].value.text == "\u00e4\u20ac\U0001F600");
  CHECK(one("\xef\xbb\xbf"
            "a: 1\n")
          .entries.size()
        == 1);
}

TEST_CASE("hostile files end in one error each") {
  CHECK(parse(std::string(yaml_limits::bytes + 1, '#')).failed_with("more than 4 MiB"));

  std::string block;
  for (int i = 0; i < 1000; ++i)
    block += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
  CHECK(parse(block).failed_with("nested deeper than 100"));
  CHECK(parse(repeat("[", 1000) + repeat("]", 1000)).failed_with("nested deeper than 100"));
  CHECK(parse(repeat("- ", 1000)).failed_with("nested deeper than 100"));
  CHECK(parse(std::string(yaml_limits::bytes, '[')).failed_with("too many brackets"));
  CHECK(parse("[" + repeat("a,", 1'000'000) + "a]").failed_with("too many brackets"));

  std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i)
    laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " ["
              + repeat("*a" + std::to_string(i - 1) + ",", 9) + "x]\n";
  CHECK(parse(laughs).failed_with("more than 250,000 values"));

  std::string tall = "a0: &a0 [x]\n";
  for (int i = 1; i < 500; ++i)
    tall += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " " + repeat("[", 60) + "*a"
            + std::to_string(i - 1) + repeat("]", 60) + "\n";
  CHECK(parse(tall).failed_with("nested deeper than 100"));

  const auto wide
    = "a: &a \"" + std::string(1 << 20, 'x') + "\"\nb: [" + repeat("*a,", 100) + "x]\n";
  CHECK(parse(wide).failed_with("16 MiB of text"));

  std::string anchors = "b: ";
  for (int i = 0; i < 95; ++i)
    anchors += "&n" + std::to_string(i) + " [";
  CHECK(parse(anchors + repeat("x,", 10'000) + "x" + repeat("]", 95) + "\n")
          .failed_with("inside anchors"));
}

TEST_CASE("a long block of text full of brackets is no attack") {
  const auto n = one("a: |\n" + repeat("  {\"k\": [1, 2, 3]}\n", 5000));
  CHECK(n.entries[0].value.text.size() == 5000 * 17);
}

TEST_CASE("a path is located as deep as it exists, dots in names included") {
  const auto n = one("services:\n  my.web:\n    ports:\n      - x\n    depends_on:\n      - db\n");
  CHECK(locate(n, "services.my.web.ports").line == 3);
  CHECK(locate(n, "services.my.web.depends_on.db").line == 6);
  CHECK(locate(n, "services.my.web.nothing.here").line == 2);
  CHECK(locate(n, "elsewhere").line == 1);
}
