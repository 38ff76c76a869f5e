// Who may talk to a server: the loaded web configuration, checks of basic auth,
// and reloading when a file changes. Internal to net.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "vigil/base/error.h"
#include "vigil/base/file_system.h"
#include "vigil/base/mutex.h"
#include "vigil/net/tls_context.h"
#include "vigil/net/web_config.h"

namespace vigil::net {

// Thread-safe.
class WebSecurity {
 public:
  struct Loaded {
    WebConfig config;
    TlsContext tls;  // null: plain HTTP
  };
  enum class Verdict { kAllow, kDeny, kVerify };

  // An empty `file` lets everyone in.
  static Result<std::unique_ptr<WebSecurity>> create(const std::filesystem::path& file, FileSystem& file_system,
                                                     bool anonymous_loopback);

  // Reads the files again if a second has passed since the last time.
  void refresh();
  std::shared_ptr<const Loaded> loaded() const;

  // Decides from the Authorization header, without spending CPU: kVerify asks for a
  // verify() on a thread that may. `user` is set with kAllow if credentials were given.
  Verdict check(std::string_view authorization, bool from_loopback, std::string& user);
  // Compares with the bcrypt hash (about 50 ms at cost 10) and remembers the outcome.
  bool verify(std::string_view authorization, std::string& user);

 private:
  using Digest = std::array<unsigned char, 32>;
  struct DigestHash {
    std::size_t operator()(const Digest& digest) const;
  };

  WebSecurity(std::filesystem::path file, FileSystem& file_system, bool anonymous_loopback);
  // HMAC of stored hash, user and password under a key of this process: what is kept instead of a password.
  Digest digest(std::string_view hash, std::string_view user, std::string_view password) const;

  const std::filesystem::path file_;
  FileSystem& file_system_;
  const bool anonymous_loopback_;
  std::array<unsigned char, 32> key_{};

  mutable Mutex mutex_;
  std::shared_ptr<const Loaded> loaded_ GUARDED_BY(mutex_);
  std::chrono::nanoseconds checked_ GUARDED_BY(mutex_){0};
  std::string last_problem_ GUARDED_BY(mutex_);
  std::unordered_map<Digest, bool, DigestHash> outcomes_ GUARDED_BY(mutex_);
};

}  // namespace vigil::net
