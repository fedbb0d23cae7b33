// Keeps secrets out of everything that is printed, logged or answered.
//
// Two ways to recognise one: the name of what holds it (an environment key, an option), and
// a password inside an address (scheme://user:password@host). To mask too much is a nuisance,
// to mask too little a leak; where in doubt, a value is masked.
#pragma once

#include "runtime/model/stack.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace davit::api {

/// What stands in a secret's place.
inline constexpr const char* mask = "********";

/// PASSWORD, PASSWD, PASSPHRASE, TOKEN, SECRET, CREDENTIAL or PRIVATE anywhere in the name;
/// AUTH or PWD as a word of it; a word that ends in PASS, KEY or KEYS. In any case.
bool is_secret_key(std::string_view key);

/// A value as it may be shown under its key. The path in a POSTGRES_PASSWORD_FILE stays.
std::string mask_value(std::string_view key, std::string_view value);

/// `text` without the passwords of the addresses in it.
std::string mask_addresses(std::string_view text);

/// A command line as it may be shown: --password=X, --password X, PASSWORD=X, addresses.
std::vector<std::string> mask_arguments(const std::vector<std::string>& arguments);

/// A copy of the model that may be shown: environment, labels, annotations, commands, health
/// checks, driver and logging options, and the content of configs.
stack mask_secrets(const stack& model);

} // namespace davit::api
