// The reference loop of HS-166: what one replica of four computes per block of
// HotStuff-2, without network and disk. Metrics that cost little beside this cost
// nothing beside a real replica.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace vigil::bench {

class ConsensusLoop {
 public:
  ConsensusLoop();
  ~ConsensusLoop();
  ConsensusLoop(const ConsensusLoop&) = delete;
  ConsensusLoop& operator=(const ConsensusLoop&) = delete;

  // Verifies the Ed25519 votes of the three others, and hashes 500 transactions of 200
  // bytes with SHA-256.
  void block();

 private:
  struct OpenSsl;
  static constexpr std::size_t kVotes = 3;
  static constexpr std::size_t kTransactions = 500;
  static constexpr std::size_t kTransactionBytes = 200;
  using Digest = std::array<unsigned char, 32>;

  const std::unique_ptr<OpenSsl> openssl_;
  std::string transactions_;
  std::vector<Digest> digests_;
};

}  // namespace vigil::bench
