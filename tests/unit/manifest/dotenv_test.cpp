// Goal: a file of variables means what it means to Compose.
// Method: the forms in a table, then precedence and bad input.
#include "runtime/manifest/dotenv.hpp"

#include "tests/catch.hpp"

using namespace davit;
using namespace davit::manifest;

namespace {

const string_map outer{{"HOME", "/home/u"}};
const lookup from_outer = [](const std::string& name) -> const std::string* {
  const auto found = outer.find(name);
  return found == outer.end() ? nullptr : &found->second;
};

string_map read(std::string_view text, const string_map& before = {}) {
  const auto r = parse_env_file(text, from_outer, before);
  if (!r)
    return {{"error", r.error().message}};
  string_map out;
  for (const auto& [key, value] : *r)
    out[key] = value;
  return out;
}

} // namespace

TEST_CASE("the forms of a line") {
  CHECK(read("A=1\nB: 2\nexport C=3\n\n# note\n D = 4 \n")
        == string_map{{"A", "1"}, {"B", "2"}, {"C", "3"}, {"D", "4"}});
  CHECK(
    read("A='lit $HOME \\n'\nB=\"a\\tb $HOME\"\nC=$HOME/x # note\nD=a#b\n")
    == string_map{{"A", "lit $HOME \\n"}, {"B", "a\tb /home/u"}, {"C", "/home/u/x"}, {"D", "a#b"}});
  CHECK(read("A=\"one\ntwo\"\nB=3") == string_map{{"A", "one\ntwo"}, {"B", "3"}});
  CHECK(read("A='it\\'s'\nB=\"say \\\"x\\\" \\$HOME\"")
        == string_map{{"A", "it's"}, {"B", "say \"x\" $HOME"}});
  CHECK(read("A=\r\nB=2\r\n") == string_map{{"A", ""}, {"B", "2"}});
  CHECK(read("\xef\xbb\xbf"
             "A=1")
        == string_map{{"A", "1"}});
  CHECK(read("A=${MISSING:-d}${MISSING}") == string_map{{"A", "d"}});
  CHECK(read("KEY.WITH-ALL[0]=x") == string_map{{"KEY.WITH-ALL[0]", "x"}});
}

TEST_CASE("a name alone is inherited, or left out") {
  CHECK(read("HOME\nNOBODY\nA=1\n") == string_map{{"HOME", "/home/u"}, {"A", "1"}});
}

TEST_CASE("the environment wins, then this file, then the files before") {
  CHECK(read("HOME=/x\nA=$HOME\nB=1\nC=$B$OLD\n", {{"B", "0"}, {"OLD", "9"}})
        == string_map{{"HOME", "/x"}, {"A", "/home/u"}, {"B", "1"}, {"C", "19"}});
}

TEST_CASE("bad lines are named, their content is not told") {
  for (const auto* text : {"A=1\nhunter2 is=secret\n", "A=1\nA$x=secret\n", "\nB=\"secret\n",
                           "\nB='secret", "\nB=\"x\" secret\n", "\nB=${secret:?}\n"}) {
    CAPTURE(text);
    const auto r = parse_env_file(text, from_outer);
    REQUIRE_FALSE(r);
    CHECK(r.error().message.rfind("line 2: ", 0) == 0);
    if (std::string_view(text).find(":?") == std::string_view::npos)
      CHECK(r.error().message.find("secret") == std::string::npos);
  }
}

TEST_CASE("variables that double themselves are refused") {
  std::string text = "A0=" + std::string(1000, 'x') + "\n";
  for (int i = 1; i < 60; ++i) {
    const auto last = "${A" + std::to_string(i - 1) + "}";
    text += "A" + std::to_string(i) + "=" + last + last + "\n";
  }
  CHECK_FALSE(parse_env_file(text, from_outer));
}

TEST_CASE("raw files keep everything") {
  const auto r = parse_raw_env_file("A=\"$HOME\" # x\n# note\nHOME\n", from_outer);
  REQUIRE(r);
  REQUIRE(r->size() == 2);
  CHECK((*r)[0].second == "\"$HOME\" # x");
  CHECK((*r)[1].second == "/home/u");
}
