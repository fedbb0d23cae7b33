// Goal: the ledger clock neither runs backwards nor invents time.
// Method: pairs of samples at the boundaries: same boot, other boot, wall clock right or not.
#include "runtime/policy/ledger_clock.hpp"
#include "tests/catch.hpp"

using namespace davit;
using namespace davit::policy;
using namespace std::chrono_literals;

namespace {

constexpr wall_time noon{milliseconds{1'800'000'000'000}};
constexpr ledger_time base{5'000ms};

clock_sample sample(const char* boot_id, nanoseconds boot, wall_time wall, bool synchronised) {
  return {boot_id, boot_time{boot}, wall, synchronised};
}

const clock_anchor anchor{sample("a", 100s, noon, true), base};

} // namespace

TEST_CASE("within a boot only the boot clock counts") {
  CHECK(advance(anchor, sample("a", 100s, noon, true)) == base);
  CHECK(advance(anchor, sample("a", 100s + 999999ns, noon, true)) == base);
  CHECK(advance(anchor, sample("a", 100s + 1ms, noon, true)) == base + 1ms);
  // A wall clock that is set, forwards or backwards, changes nothing.
  CHECK(advance(anchor, sample("a", 160s, noon + 24h, true)) == base + 60s);
  CHECK(advance(anchor, sample("a", 160s, noon - 24h, false)) == base + 60s);
}

TEST_CASE("a boot clock that seems to run backwards stands still") {
  CHECK(advance(anchor, sample("a", 99s, noon, true)) == base);
  CHECK(advance(anchor, sample("a", 0s, noon + 1h, true)) == base);
}

TEST_CASE("across boots the wall clock counts where it was right at both ends") {
  CHECK(advance(anchor, sample("b", 3s, noon + 1h, true)) == base + 1h);
  CHECK(advance(anchor, sample("b", 3s, noon + 1ms, true)) == base + 1ms);
  CHECK(advance(anchor, sample("b", 3s, noon, true)) == base);
  CHECK(advance(anchor, sample("b", 3s, noon - 1h, true)) == base);
}

TEST_CASE("across boots nothing passed where the wall clock was wrong at either end") {
  CHECK(advance(anchor, sample("b", 300s, noon + 1h, false)) == base);
  auto unset = anchor;
  unset.at.synchronised = false;
  CHECK(advance(unset, sample("b", 300s, noon + 1h, true)) == base);
  CHECK(advance(unset, sample("b", 300s, noon + 1h, false)) == base);
}

TEST_CASE("an unknown boot id counts as another boot") {
  auto unknown = anchor;
  unknown.at.boot_id.clear();
  CHECK(advance(unknown, sample("", 900s, noon + 7s, true)) == base + 7s);
  CHECK(advance(unknown, sample("", 900s, noon + 7s, false)) == base);
  CHECK(advance(anchor, sample("", 900s, noon + 7s, true)) == base + 7s);
}

TEST_CASE("moving the anchor keeps the count, and the next boot starts from it") {
  const auto later = move(anchor, sample("b", 3s, noon + 1h, true));
  CHECK(later.ledger == base + 1h);
  CHECK(advance(later, sample("b", 13s, noon + 1h, true)) == base + 1h + 10s);
  // A clock corrected after the boot does not add the time that the boot did not count.
  const auto unset = move(anchor, sample("b", 3s, wall_time{}, false));
  CHECK(advance(unset, sample("b", 13s, noon + 9h, true)) == base + 10s);
}

TEST_CASE("absurd samples saturate") {
  const clock_anchor early{sample("a", nanoseconds::min(), wall_time::min(), true),
                           ledger_time{milliseconds{1}}};
  CHECK(advance(early, sample("b", 0s, wall_time::max(), true)) == ledger_time::max());
  CHECK(advance(early, sample("a", nanoseconds::max(), noon, true)) > early.ledger);
  const clock_anchor last{sample("a", 0s, noon, true), ledger_time::max()};
  CHECK(advance(last, sample("a", 10s, noon, true)) == ledger_time::max());
}
