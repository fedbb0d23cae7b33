#include "actors/context.hpp"

#include "runtime/record/keys.hpp"
#include "runtime/record/records.hpp"

namespace davit::actors {

policy::clock_sample context::sample() const {
  auto read = clocks->read();
  return {read.boot_id, read.boot, read.wall, read.synchronised};
}

moment context::now() const {
  auto read = clocks->read();
  return {read.mono, read.boot,
          policy::advance(anchor_, {read.boot_id, read.boot, read.wall, read.synchronised}),
          read.wall};
}

ports::record_write context::clock_record() const {
  return {ports::family::meta, record::key::clock,
          record::encode(policy::move(anchor_, sample()))};
}

void context::tell(const std::string& stack, const std::string& service, const char* kind,
                   std::string text) const {
  feed->tell(clocks->read().wall, stack, service, kind, std::move(text));
}

} // namespace davit::actors
