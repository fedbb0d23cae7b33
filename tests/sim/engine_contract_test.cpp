// Goal: the podman that the simulation storms against keeps the very promises that the real
// one is held to; else a green simulation would prove nothing about podman.
// Method: the contract suite of tests/contract over the model, in virtual time.
#include "tests/contract/engine_contract.hpp"
#include "tests/sim/model_engine.hpp"

using namespace davit;
using namespace davit::contract;

namespace {

class model_world final : public world {
public:
  model_world() : model_(1, {}), engine_(model_) { model_.put_image(image()); }

  ports::engine& engine() override { return engine_; }
  std::string image() override { return "localhost/davit-demo:1"; }
  void give(habit h, blueprint& what) override {
    what.spec.image = image();
    sim::app app;
    app.term_code = 7;
    switch (h) {
      case habit::obeys:
      case habit::unhealed: break;
      case habit::ignores: app.ignores_term = true; break;
      case habit::fails:
        app.uptime_min = app.uptime_max = 20ms;
        app.exit_codes = {3};
        break;
      case habit::missing: app.refused = "command not found"; break;
      case habit::well: app.healthy_after = 0ms; break;
      case habit::ill: app.healthy_after = std::chrono::hours(1); break;
      case habit::hangs: app.check_takes = 30s; break;
    }
    if (h == habit::well || h == habit::ill || h == habit::hangs) {
      healthcheck check;
      check.test = {"CMD-SHELL", "check"};
      what.spec.healthcheck = check;
    }
    model_.script(what.spec.name, app);
  }
  void rest() override { engine_.rest(1ms); }
  void kill_process(const observation& of) override { model_.kill_process(of.name, 137); }
  void kill_monitor(const observation& of) override { model_.kill_conmon(of.name); }

private:
  sim::podman_model model_;
  sim::model_engine engine_;
};

} // namespace

TEST_CASE("the model keeps the engine's promises") {
  model_world w;
  engine_contract(w);
}
