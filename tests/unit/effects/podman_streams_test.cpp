// Goal: podman's streams are read right however the pieces fall: events, logs, pulls.
// Method: recorded and made streams, cut at every place.
#include "runtime/effects/podman_events.hpp"
#include "runtime/effects/podman_logs.hpp"
#include "runtime/effects/podman_pull.hpp"
#include "tests/catch.hpp"

#include <fstream>
#include <iterator>

using namespace davit;
using namespace davit::effects::podman;

namespace {

std::string recorded_events() {
  std::ifstream in(DAVIT_SOURCE_DIR "/tests/fixtures/podman/events.jsonl");
  REQUIRE(in);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string frame(char stream, const std::string& text) {
  std::string head{stream, 0, 0, 0};
  for (int shift = 24; shift >= 0; shift -= 8)
    head += static_cast<char>(text.size() >> static_cast<unsigned>(shift) & 255U);
  return head + text;
}

/// Feeds `text` in pieces of `size` and gathers what comes out.
template <class Reader> auto fed(Reader& reader, const std::string& text, std::size_t size) {
  decltype(reader.feed(text.data(), size)) all;
  for (std::size_t at = 0; at < text.size(); at += size) {
    auto out = reader.feed(text.data() + at, std::min(size, text.size() - at));
    all.insert(all.end(), out.begin(), out.end());
  }
  return all;
}

} // namespace

TEST_CASE("a container's own events are reasons to look; checks and cleanups are none") {
  const std::string id = "3a62749949d208f9f428b0210e55899be9d4bc341d458d705f37e98909b03e9a";
  auto text = recorded_events(); // create init start health_status exec_died kill died cleanup
  for (std::size_t size : {1, 7, 1000, 100'000}) {
    event_reader reader;
    auto touched = fed(reader, text, size);
    if (size < 1000)
      CHECK(touched == std::vector<std::string>{id, id, id}); // created, started, died
    else
      CHECK_FALSE(touched.empty()); // told once for what comes together
    CHECK(reader.latest_ns() == 1795346293556692731);
    CHECK(fed(reader, text, size).empty()); // what is told again is no news
  }
}

TEST_CASE("lines that are no events are passed over") {
  event_reader reader;
  auto touched = fed(reader,
                     "\n{}\nnonsense\n[1]\n{\"Type\":\"container\"}\n"
                     R"({"Type":"image","Action":"remove","id":"x","timeNano":1})"
                     "\n"
                     R"({"cause":"bad filter","response":500})"
                     "\n",
                     3);
  CHECK(touched.empty());
}

TEST_CASE("half a line of a broken stream does not spoil the next") {
  event_reader reader;
  auto line = recorded_events();
  line = line.substr(0, line.find('\n') + 1);
  fed(reader, line.substr(0, 40), 40);
  reader.restart();
  CHECK(fed(reader, line, 10).size() == 1);
}

TEST_CASE("frames are taken apart wherever they are cut") {
  std::string text = "two\nlines\n";
  auto stream = frame(1, "one\n") + frame(2, "") + frame(2, text) + frame(1, std::string(300, 'x'));
  for (std::size_t size = 1; size < stream.size(); ++size) {
    frame_reader reader;
    CHECK(fed(reader, stream, size) == "one\n" + text + std::string(300, 'x'));
  }
  frame_reader raw(true);
  CHECK(fed(raw, "as it is", 3) == "as it is");
}

TEST_CASE("a pull fails inside its 200") {
  pull_reader good;
  std::string lines = "{\"status\":\"Pulling fs layer\",\"progressDetail\":{},\"id\":\"1\"}\r\n"
                      "{\"status\":\"Download complete\",\"id\":\"1\"}\r\n";
  good.feed(lines.data(), lines.size());
  good.end();
  CHECK(good.trouble().empty());
  pull_reader bad;
  lines += R"({"errorDetail":{"message":"manifest unknown"},"error":"manifest unknown"})";
  bad.feed(lines.data(), lines.size());
  bad.end(); // without a newline
  CHECK(bad.trouble() == "manifest unknown");
}
