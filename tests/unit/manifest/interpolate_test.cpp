// Goal: variables are filled in exactly as Compose does it, and never twice.
// Method: a table of every form over unset, empty and set; then properties over random texts.
#include "runtime/manifest/interpolate.hpp"

#include "tests/catch.hpp"

#include <random>

using namespace davit;
using namespace davit::manifest;

namespace {

const string_map variables{{"FULL", "value"}, {"EMPTY", ""}, {"DOLLAR", "$FULL ${FULL} $$"}};

const std::string* find(const std::string& name) {
  const auto found = variables.find(name);
  return found == variables.end() ? nullptr : &found->second;
}

std::string fill(std::string_view text) {
  std::set<std::string> unset;
  const auto r = interpolate(text, find, unset);
  return r ? *r : "error: " + r.error().message;
}

bool fails(std::string_view text, const std::string& with = "invalid interpolation format") {
  return fill(text).rfind("error: " + with, 0) == 0;
}

} // namespace

TEST_CASE("every form over a variable that is set, empty, or not there") {
  struct row {
    const char* form; // with N for the name
    const char* set;
    const char* empty;
    const char* unset;
  };
  const row rows[] = {
    {"$N", "value", "", ""},
    {"${N}", "value", "", ""},
    {"${N:-d}", "value", "d", "d"},
    {"${N-d}", "value", "", "d"},
    {"${N:?why}", "value", "error", "error"},
    {"${N?why}", "value", "", "error"},
    {"${N:+x}", "x", "", ""},
    {"${N+x}", "x", "x", ""},
    {"a${N}b", "avalueb", "ab", "ab"},
    {"${N:-${N:-deep}}", "value", "deep", "deep"},
    {"${N:-{\"json\": 1}}", "value", "{\"json\": 1}", "{\"json\": 1}"},
    {"$$N $${N}", "$N ${N}", "$N ${N}", "$N ${N}"},
  };
  const auto with = [](std::string form, const std::string& name) {
    for (auto at = form.find('N'); at != std::string::npos; at = form.find('N', at + name.size()))
      form.replace(at, 1, name);
    return form;
  };
  for (const auto& r : rows) {
    CAPTURE(r.form);
    const auto check = [&](const std::string& name, std::string wanted) {
      if (wanted == "error")
        wanted = "error: required variable " + name + " is missing a value: why";
      if (std::string(r.form).rfind("$$", 0) == 0)
        wanted = "$" + name + " ${" + name + "}";
      CHECK(fill(with(r.form, name)) == wanted);
    };
    check("FULL", r.set);
    check("EMPTY", r.empty);
    check("UNSET", r.unset);
  }
}

TEST_CASE("a dollar sign before anything else is itself") {
  CHECK(fill("$1 a$ $(x) $} $-") == "$1 a$ $(x) $} $-");
  CHECK(fill("^REGEX$") == "^REGEX$");
}

TEST_CASE("templates that mean nothing are refused") {
  for (const auto* text : {"${}", "${ A}", "${1A}", "${A.B}", "${A:=x}", "${A:0:2}", "${#A}", "${A",
                           "${A!}", "${A }", "${A:"})
    CHECK(fails(text));
}

TEST_CASE("a value is never filled in again") { CHECK(fill("${DOLLAR}") == "$FULL ${FULL} $$"); }

TEST_CASE(
  "the message of a required variable is filled in, and the values of others are not told") {
  CHECK(fill("${UNSET:?set it near ${EMPTY:-here}}")
        == "error: required variable UNSET is missing a value: set it near here");
  CHECK(fill("${UNSET:?}") == "error: required variable UNSET is missing a value");
}

TEST_CASE("what is not set is named once for all values") {
  report out;
  const int file = out.add_file("f");
  node root;
  root.what = node::kind::sequence;
  for (int line = 1; line <= 3; ++line) {
    node item;
    item.what = node::kind::scalar;
    item.text = "${MISSING}$ALSO";
    item.at = {file, line, 1};
    root.items.push_back(item);
  }
  std::set<std::string> warned;
  interpolate_tree(root, find, warned, out);
  CHECK(warned == std::set<std::string>{"ALSO", "MISSING"});
  const auto findings = out.take();
  REQUIRE(findings.size() == 2);
  CHECK(findings[0].line == 1);
  CHECK(findings[0].level == severity::warning);
}

TEST_CASE("values that grow without end are refused") {
  const std::string big(1 << 20, 'x');
  std::set<std::string> unset;
  std::string text;
  for (int i = 0; i < 20; ++i)
    text += "$BIG";
  const auto r = interpolate(
    text, [&](const std::string&) { return &big; }, unset);
  CHECK_FALSE(r);
  std::string nested;
  for (int i = 0; i < 100; ++i)
    nested += "${U:-";
  nested += std::string(100, '}');
  CHECK(fails(nested, "variables nested too deeply"));
}

TEST_CASE("properties over random texts") {
  std::mt19937 random(11);
  const std::string alphabet = "${}:-?+AB_1 x$";
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    for (auto n = random() % 20; n > 0; --n)
      text += alphabet[random() % alphabet.size()];
    CAPTURE(text);
    // Doubling every dollar gives the text back, whatever it is.
    std::string escaped;
    for (const char c : text)
      escaped += c == '$' ? "$$" : std::string(1, c);
    REQUIRE(fill(escaped) == text);
    // A text without a dollar is left alone.
    if (text.find('$') == std::string::npos)
      REQUIRE(fill(text) == text);
    // A good text stays good in front of and behind plain text.
    const auto alone = fill(text);
    if (alone.rfind("error: ", 0) != 0)
      REQUIRE(fill("p " + text + " q") == "p " + alone + " q");
    else
      REQUIRE(fill("p " + text).rfind("error: ", 0) == 0);
  }
}
