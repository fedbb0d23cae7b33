// Goal: the texts in records mean one thing each.
// Method: known pairs both ways, and near misses.
#include "runtime/record/text.hpp"
#include "tests/catch.hpp"

using namespace davit;
using namespace davit::record;
using namespace std::chrono_literals;

TEST_CASE("wall times are UTC to the millisecond") {
  CHECK(wall_text(wall_time{}) == "1970-01-01T00:00:00.000Z");
  const wall_time leap{1709210096789ms};
  CHECK(wall_text(leap) == "2024-02-29T12:34:56.789Z");
  CHECK(parse_wall("2024-02-29T12:34:56.789Z") == leap);
  CHECK(wall_text(wall_time{-1ms}) == "1969-12-31T23:59:59.999Z");
  CHECK(parse_wall("1969-12-31T23:59:59.999Z") == wall_time{-1ms});
  CHECK(wall_text(wall_time::max()) == "9999-12-31T23:59:59.999Z");
  CHECK(wall_text(wall_time::min()) == "0000-01-01T00:00:00.000Z");
}

TEST_CASE("what is nearly a wall time is none") {
  for (const char* bad :
       {"", "2024-02-29", "2023-02-29T00:00:00.000Z", "2024-13-01T00:00:00.000Z",
        "2024-01-01T24:00:00.000Z", "2024-01-01T00:60:00.000Z", "2024-01-01T00:00:60.000Z",
        "2024-01-01 00:00:00.000Z", "2024-01-01T00:00:00.000z", "+024-01-01T00:00:00.000Z"})
    CHECK_FALSE(parse_wall(bad));
}

TEST_CASE("durations are seconds where they can be") {
  CHECK(duration_text(0ms) == "0s");
  CHECK(duration_text(90s) == "90s");
  CHECK(duration_text(1500ms) == "1500ms");
  CHECK(parse_duration("1500ms") == 1500ms);
  CHECK(parse_duration("90s") == 90s);
  for (const char* bad : {"", "s", "5", "5m", "-5s", "+5s", " 5s", "5 s", "5ss",
                          "9223372036854775807s", "9223372036854775808ms"})
    CHECK_FALSE(parse_duration(bad));
}

TEST_CASE("UTF-8 is checked to the letter") {
  for (const char* good : {"", "ascii", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x90\xb3",
                           "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"})
    CHECK(is_utf8(good));
  // overlong, surrogate, above U+10FFFF, lone and missing continuation
  for (const char* bad :
       {"\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf", "\xed\xa0\x80",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\x80", "a\xc3", "\xe2\x82", "\xe2\x28\xa1"})
    CHECK_FALSE(is_utf8(bad));
}

TEST_CASE("hex goes both ways, lower case only") {
  CHECK(to_hex(std::string("\x00\xff\x10", 3)) == "00ff10");
  CHECK(from_hex("00ff10") == std::string("\x00\xff\x10", 3));
  CHECK(from_hex("") == "");
  CHECK_FALSE(from_hex("0"));
  CHECK_FALSE(from_hex("0G"));
  CHECK_FALSE(from_hex("FF"));
}
