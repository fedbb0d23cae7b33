// Goal: the real podman, through our client, keeps the promises of the engine port.
// Method: the common suite, then what only a real podman can show: settings that reach the
// container, logs, events, and a socket where nobody answers.
#include "tests/contract/engine_podman.hpp"

TEST_CASE("podman keeps the engine's promises: making") {
  davit::contract::podman_world w;
  davit::contract::containers_are_made(w);
}

TEST_CASE("podman keeps the engine's promises: starting") {
  davit::contract::podman_world w;
  davit::contract::containers_are_started(w);
}

TEST_CASE("podman keeps the engine's promises: ending") {
  davit::contract::podman_world w;
  davit::contract::containers_are_ended(w);
}

TEST_CASE("podman keeps the engine's promises: checks") {
  davit::contract::podman_world w;
  davit::contract::checks_are_run(w);
}

TEST_CASE("podman keeps the engine's promises: images") {
  davit::contract::podman_world w;
  davit::contract::images_are_found(w);
}

TEST_CASE("podman keeps the engine's promises: networks and volumes") {
  davit::contract::podman_world w;
  davit::contract::networks_and_volumes_are_made(w);
}
