#include "runtime/record/config_hash.hpp"

#include "runtime/record/model_shapes.hpp"
#include "runtime/record/text.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace davit::record {

namespace {

constexpr std::string_view v1 = "v1:";

std::string sha256_hex(const std::string& text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1)
    throw std::runtime_error("libcrypto cannot compute SHA-256");
  return to_hex({reinterpret_cast<const char*>(digest.data()), size});
}

/// What v1 hashes. Frozen: the golden test pins it, and the keys are the codec's, which are
/// frozen too.
std::string v1_text(service spec, const digest_map& digests) {
  for (auto* list : {&spec.cap_add, &spec.cap_drop, &spec.expose, &spec.group_add})
    std::sort(list->begin(), list->end());
  for (auto& [key, attachment] : spec.networks)
    std::sort(attachment.aliases.begin(), attachment.aliases.end());
  const auto grace = spec.davit.grace ? spec.davit.grace : spec.stop_grace_period;
  spec.depends_on.clear();
  spec.profiles.clear();
  spec.pull = pull_policy::missing;
  spec.davit = {};
  spec.stop_grace_period.reset();

  json document{{"service", write_value(spec)}};
  if (grace)
    document["grace_ms"] = grace->count();
  if (!digests.empty())
    document["digests"] = digests;
  return compact(document);
}

} // namespace

std::string config_hash(const service& resolved, const digest_map& secret_digests) {
  return std::string{v1} + sha256_hex(v1_text(resolved, secret_digests));
}

bool same_config(std::string_view stored_label, const service& resolved,
                 const digest_map& secret_digests) {
  return stored_label.starts_with(v1) && stored_label == config_hash(resolved, secret_digests);
}

std::string secret_digest(std::string_view key, std::string_view content) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (!HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
            reinterpret_cast<const unsigned char*>(content.data()), content.size(), digest.data(),
            &size))
    throw std::runtime_error("libcrypto cannot compute HMAC-SHA256");
  return to_hex({reinterpret_cast<const char*>(digest.data()), size});
}

} // namespace davit::record
