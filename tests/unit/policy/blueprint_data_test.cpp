// Goal: what lies in an anonymous volume survives its container; nothing else is carried over.
// Method: a plan, and looks at the container before it.
#include "runtime/policy/blueprint.hpp"

#include "tests/catch.hpp"

using namespace davit;

namespace {

const std::string anonymous(64, 'a');

blueprint plan_of_db() {
  blueprint plan;
  plan.labels = {{label::stack, "shop"}, {label::service, "db"}};
  return plan;
}

observation db_before(string_map volumes) {
  observation before;
  before.labels = plan_of_db().labels;
  before.volumes = std::move(volumes);
  return before;
}

} // namespace

TEST_CASE("a volume that the image declares is attached again") {
  auto next = policy::with_data_of(plan_of_db(), db_before({{"/data", anonymous}}));
  REQUIRE(next.spec.mounts.size() == 1);
  CHECK(next.spec.mounts[0].source == anonymous);
  CHECK(next.spec.mounts[0].target == "/data");
  CHECK_FALSE(next.spec.mounts[0].read_only);
}

TEST_CASE("an anonymous volume of the manifest gets its predecessor") {
  auto plan = plan_of_db();
  plan.spec.mounts.resize(1);
  plan.spec.mounts[0].target = "/data";
  auto next = policy::with_data_of(plan, db_before({{"/data", anonymous}}));
  REQUIRE(next.spec.mounts.size() == 1);
  CHECK(next.spec.mounts[0].source == anonymous);
}

TEST_CASE("what the manifest says of a place counts") {
  auto plan = plan_of_db();
  plan.spec.mounts.resize(1);
  plan.spec.mounts[0].target = "/data";
  plan.spec.mounts[0].source = "shop_data";
  CHECK(policy::with_data_of(plan, db_before({{"/data", anonymous}})).spec == plan.spec);
  plan.spec.mounts[0].type = mount::kind::tmpfs;
  plan.spec.mounts[0].source = "";
  CHECK(policy::with_data_of(plan, db_before({{"/data", anonymous}})).spec == plan.spec);
}

TEST_CASE("a named volume that left the manifest stays behind") {
  auto plan = plan_of_db();
  CHECK(policy::with_data_of(plan, db_before({{"/data", "shop_data"}})).spec == plan.spec);
}

TEST_CASE("nothing is taken from a container of somebody else") {
  auto plan = plan_of_db();
  auto before = db_before({{"/data", anonymous}});
  before.labels[label::service] = "web";
  CHECK(policy::with_data_of(plan, before).spec == plan.spec);
  before.labels.clear();
  CHECK(policy::with_data_of(plan, before).spec == plan.spec);
  CHECK(policy::with_data_of(plan, {}).spec == plan.spec);
}
