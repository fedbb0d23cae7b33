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
  return {ports::family::meta, record::key::clock, record::encode(policy::move(anchor_, sample()))};
}

ports::record_write context::audit(const moment& at, const std::string& author, const char* what,
                                   const std::string& stack, const std::string& service,
                                   const std::string& text) const {
  return {
    ports::family::audit, record::key::audit(at.ledger, ++audit_rows),
    record::encode(record::audit_row{at.ledger, at.wall, author, what, stack, service, text})};
}

void context::tell(const std::string& stack, const std::string& service, const char* kind,
                   std::string text) const {
  feed->tell(clocks->read().wall, stack, service, kind, std::move(text));
}

} // namespace davit::actors
