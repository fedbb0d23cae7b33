// Every field of the stack model and the key it has in JSON. Internal to record and api.
// Keys are for ever: stored revisions hold them. Add, never rename.
#pragma once

#include "runtime/model/stack.hpp"
#include "runtime/record/service_shapes.hpp"

namespace davit::record {

template <> struct shape<ipam_subnet> {
  template <class F> static void fields(F& f) {
    f("subnet", &ipam_subnet::subnet);
    f("gateway", &ipam_subnet::gateway);
    f("ip_range", &ipam_subnet::ip_range);
  }
};
template <> struct shape<network> {
  template <class F> static void fields(F& f) {
    f("name", &network::name);
    f("driver", &network::driver);
    f("driver_opts", &network::driver_opts);
    f("labels", &network::labels);
    f("subnets", &network::subnets);
    f("internal", &network::internal);
    f("enable_ipv6", &network::enable_ipv6);
    f("external", &network::external);
  }
};
template <> struct shape<volume> {
  template <class F> static void fields(F& f) {
    f("name", &volume::name);
    f("driver", &volume::driver);
    f("driver_opts", &volume::driver_opts);
    f("labels", &volume::labels);
    f("external", &volume::external);
  }
};
template <> struct shape<file_source> {
  template <class F> static void fields(F& f) {
    f("file", &file_source::file);
    f("environment", &file_source::environment);
    f("content", &file_source::content);
  }
};
template <> struct shape<stack> {
  template <class F> static void fields(F& f) {
    f("name", &stack::name);
    f("services", &stack::services);
    f("networks", &stack::networks);
    f("volumes", &stack::volumes);
    f("secrets", &stack::secrets);
    f("configs", &stack::configs);
    f("working_dir", &stack::working_dir);
    f("config_files", &stack::config_files);
  }
};

} // namespace davit::record
