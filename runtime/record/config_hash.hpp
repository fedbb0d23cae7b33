// The versioned hash of what a container is created from: the label by which a fresh look
// tells whether the container that runs is the one that is wanted.
//
// A release must not restart the world: an algorithm, once released, is never changed. A new
// one gets a new version, and a stored hash is compared under its own.
#pragma once

#include "runtime/model/service.hpp"

#include <map>
#include <string>
#include <string_view>

namespace davit::record {

/// By name of the secret or config: secret_digest of its content. All of them count, so give
/// those of this service's grants only.
using digest_map = std::map<std::string, std::string>;

/// "v1:" and 64 hex digits, of `resolved` in the newest version.
///
/// Counts: all that enters the create body (the grace too, as x-davit.grace or else
/// stop_grace_period, because stop_timeout is fixed at creation). Does not count: depends_on,
/// profiles, pull policy, and every other x-davit rule. Fields at their default do not count,
/// so that a field added to the model later changes no hash. Lists that are sets (cap_add,
/// cap_drop, expose, group_add, aliases) count sorted.
std::string config_hash(const service& resolved, const digest_map& secret_digests);

/// Compares under the version that the label names. False for an empty label and for a
/// version this release does not know: such a container cannot be vouched for.
bool same_config(std::string_view stored_label, const service& resolved,
                 const digest_map& secret_digests);

/// HMAC-SHA256 in hex: tells a changed content apart without giving a guesser anything to
/// test against. `key`: at least 16 random bytes, kept in the store's meta family.
std::string secret_digest(std::string_view key, std::string_view content);

} // namespace davit::record
