#include "vigil/net/web_security.h"

#include <crypt.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "vigil/base/clock.h"
#include "vigil/base/log.h"

namespace vigil::net {
namespace {

// exporter-toolkit remembers as many.
constexpr std::size_t kMaxOutcomes = 100;

// Of no password: what an unknown user is compared with, so that the time an answer
// takes does not tell which names exist.
constexpr std::string_view kNobodysHash = "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi";

struct Credentials {
  std::string user;
  std::string password;
};

std::optional<std::string> decode_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0 || text.size() > 4096) return std::nullopt;
  std::vector<unsigned char> out(text.size() / 4 * 3 + 1);
  const int size =
      EVP_DecodeBlock(out.data(), reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && text[text.size() - 1 - padding] == '=') ++padding;
  return std::string(reinterpret_cast<const char*>(out.data()), static_cast<std::size_t>(size) - padding);
}

std::optional<Credentials> parse_basic(std::string_view authorization) {
  if (authorization.size() < 6 || strncasecmp(authorization.data(), "basic ", 6) != 0) return std::nullopt;
  authorization.remove_prefix(6);
  while (authorization.starts_with(' ')) authorization.remove_prefix(1);
  const auto decoded = decode_base64(authorization);
  if (!decoded) return std::nullopt;
  const std::size_t colon = decoded->find(':');
  // A NUL would cut the password where bcrypt reads it.
  if (colon == std::string::npos || decoded->find('\0') != std::string::npos) return std::nullopt;
  return Credentials{decoded->substr(0, colon), decoded->substr(colon + 1)};
}

bool bcrypt_matches(const std::string& password, const std::string& hash) {
  auto data = std::make_unique<crypt_data>();
  const char* const made = crypt_r(password.c_str(), hash.c_str(), data.get());
  return made != nullptr && std::strlen(made) == hash.size() && CRYPTO_memcmp(made, hash.data(), hash.size()) == 0;
}

}  // namespace

std::size_t WebSecurity::DigestHash::operator()(const Digest& digest) const {
  std::size_t value = 0;
  std::memcpy(&value, digest.data(), sizeof(value));
  return value;
}

WebSecurity::WebSecurity(std::filesystem::path file, FileSystem& file_system, bool anonymous_loopback)
    : file_(std::move(file)), file_system_(file_system), anonymous_loopback_(anonymous_loopback) {
  VIGIL_CHECK(RAND_bytes(key_.data(), static_cast<int>(key_.size())) == 1);
}

Result<std::unique_ptr<WebSecurity>> WebSecurity::create(const std::filesystem::path& file, FileSystem& file_system,
                                                         bool anonymous_loopback) {
  std::unique_ptr<WebSecurity> security(new WebSecurity(file, file_system, anonymous_loopback));
  auto loaded = std::make_shared<Loaded>();
  if (!file.empty()) {
    VIGIL_TRY(loaded->config, WebConfig::load(file_system, file));
    if (loaded->config.tls) {
      VIGIL_TRY(loaded->tls, make_tls_context(*loaded->config.tls));
    }
  }
  MutexLock lock(security->mutex_);
  security->loaded_ = std::move(loaded);
  security->checked_ = Clock::system().steady();
  return security;
}

void WebSecurity::refresh() {
  if (file_.empty()) return;
  std::shared_ptr<const Loaded> current;
  {
    MutexLock lock(mutex_);
    const auto now = Clock::system().steady();
    if (now - checked_ < std::chrono::seconds(1)) return;
    checked_ = now;
    current = loaded_;
  }
  auto next = std::make_shared<Loaded>();
  const auto load = [&]() -> Result<bool> {
    VIGIL_TRY(next->config, WebConfig::load(file_system_, file_));
    if (next->config == current->config) return false;
    if (next->config.tls.has_value() != current->config.tls.has_value()) {
      return fail(ErrorCode::kInvalidArgument, "switching TLS on or off needs a restart");
    }
    if (next->config.tls) {
      VIGIL_TRY(next->tls, make_tls_context(*next->config.tls));
    }
    return true;
  };
  const Result<bool> changed = load();
  const std::string problem = changed ? "" : changed.error().message();
  MutexLock lock(mutex_);
  if (changed && *changed) {
    loaded_ = std::move(next);
    log::info("net", "web config reloaded", {{"file", file_.string()}});
  } else if (!changed && problem != last_problem_) {
    log::error("net", "web config not reloaded, the old one stays", {{"file", file_.string()}, {"error", problem}});
  }
  last_problem_ = problem;
}

std::shared_ptr<const WebSecurity::Loaded> WebSecurity::loaded() const {
  MutexLock lock(mutex_);
  return loaded_;
}

WebSecurity::Digest WebSecurity::digest(std::string_view hash, std::string_view user, std::string_view password) const {
  std::string text;
  for (const std::string_view part : {hash, user, password}) {
    text += std::to_string(part.size()) + ":";
    text += part;
  }
  Digest out{};
  unsigned int size = 0;
  HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()), reinterpret_cast<const unsigned char*>(text.data()),
       text.size(), out.data(), &size);
  OPENSSL_cleanse(text.data(), text.size());
  return out;
}

WebSecurity::Verdict WebSecurity::check(std::string_view authorization, bool from_loopback, std::string& user) {
  MutexLock lock(mutex_);
  const auto& users = loaded_->config.users;
  if (users.empty()) return Verdict::kAllow;
  if (authorization.empty()) return anonymous_loopback_ && from_loopback ? Verdict::kAllow : Verdict::kDeny;
  const auto given = parse_basic(authorization);
  if (!given) return Verdict::kDeny;
  const auto known = users.find(given->user);
  const std::string_view hash = known == users.end() ? kNobodysHash : std::string_view(known->second);
  const auto outcome = outcomes_.find(digest(hash, given->user, given->password));
  if (outcome == outcomes_.end()) return Verdict::kVerify;
  if (!outcome->second) return Verdict::kDeny;
  user = given->user;
  return Verdict::kAllow;
}

bool WebSecurity::verify(std::string_view authorization, std::string& user) {
  const auto given = parse_basic(authorization);
  if (!given) return false;
  const auto now_loaded = loaded();
  const auto known = now_loaded->config.users.find(given->user);
  const bool exists = known != now_loaded->config.users.end();
  const std::string hash = exists ? known->second : std::string(kNobodysHash);
  const bool good = bcrypt_matches(given->password, hash) && exists;

  MutexLock lock(mutex_);
  if (outcomes_.size() >= kMaxOutcomes) outcomes_.erase(outcomes_.begin());
  outcomes_[digest(hash, given->user, given->password)] = good;
  if (good) user = given->user;
  return good;
}

}  // namespace vigil::net
