#include "bench/client/consensus_loop.h"

#include <openssl/evp.h>

#include <cstdio>
#include <cstdlib>

namespace vigil::bench {
namespace {

void check(bool ok, const char* what) {
  if (ok) return;
  std::fprintf(stderr, "OpenSSL: %s failed\n", what);
  std::exit(1);
}

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using Context = std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX_free>>;
using Hash = std::unique_ptr<EVP_MD, Deleter<EVP_MD_free>>;

struct Vote {
  Key key;
  std::array<unsigned char, 64> signature{};
};

}  // namespace

struct ConsensusLoop::OpenSsl {
  Hash sha256{EVP_MD_fetch(nullptr, "SHA256", nullptr)};
  Context context{EVP_MD_CTX_new()};
  Digest voted{};  // what the votes sign
  std::array<Vote, kVotes> votes;
};

ConsensusLoop::ConsensusLoop() : openssl_(std::make_unique<OpenSsl>()), digests_(kTransactions) {
  for (std::size_t i = 0; i < kTransactions * kTransactionBytes; ++i) {
    transactions_ += static_cast<char>((i * 2654435761U) >> 24);
  }
  OpenSsl& ssl = *openssl_;
  for (std::size_t i = 0; i < kVotes; ++i) {
    Digest seed{};
    seed.fill(static_cast<unsigned char>(i + 1));
    Vote& vote = ssl.votes[i];
    vote.key.reset(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()));
    check(vote.key != nullptr, "making a key");
    std::size_t size = vote.signature.size();
    check(EVP_DigestSignInit(ssl.context.get(), nullptr, nullptr, nullptr, vote.key.get()) == 1, "signing");
    check(EVP_DigestSign(ssl.context.get(), vote.signature.data(), &size, ssl.voted.data(), ssl.voted.size()) == 1,
          "signing");
    EVP_MD_CTX_reset(ssl.context.get());
  }
}

ConsensusLoop::~ConsensusLoop() = default;

void ConsensusLoop::block() {
  OpenSsl& ssl = *openssl_;
  EVP_MD_CTX* const context = ssl.context.get();
  const auto* bytes = reinterpret_cast<const unsigned char*>(transactions_.data());
  for (Digest& digest : digests_) {
    check(EVP_DigestInit_ex2(context, ssl.sha256.get(), nullptr) == 1, "SHA-256");
    check(EVP_DigestUpdate(context, bytes, kTransactionBytes) == 1, "SHA-256");
    check(EVP_DigestFinal_ex(context, digest.data(), nullptr) == 1, "SHA-256");
    bytes += kTransactionBytes;
  }
  for (const Vote& vote : ssl.votes) {
    EVP_MD_CTX_reset(context);
    check(EVP_DigestVerifyInit(context, nullptr, nullptr, nullptr, vote.key.get()) == 1, "verifying");
    check(EVP_DigestVerify(context, vote.signature.data(), vote.signature.size(), ssl.voted.data(), ssl.voted.size()) ==
              1,
          "verifying");
  }
  EVP_MD_CTX_reset(context);
}

}  // namespace vigil::bench
