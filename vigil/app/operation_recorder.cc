#include "vigil/app/operation_recorder.h"

#include <algorithm>
#include <array>
#include <utility>

#include "packs/mpc/mpc_metrics.h"
#include "packs/zk/zk_metrics.h"

namespace vigil::app {
namespace {

namespace zk = packs::zk;
namespace mpc = packs::mpc;

constexpr std::array<std::string_view, 5> kSystems = {"zk", "mpc", "zerostate", "l2", "hotstuff2"};
constexpr std::array<std::string_view, 4> kZkOperations = {"proof_generation", "verification", "circuit_compilation",
                                                           "witness_generation"};
constexpr std::array<std::string_view, 2> kMpcOperations = {"signature", "dkg"};

// The enumerator whose label is `text`.
template <class Enum, std::size_t N>
std::optional<Enum> parse(std::string_view text, const std::array<Enum, N>& all) {
  const auto found = std::ranges::find_if(all, [&](Enum value) { return to_string(value) == text; });
  return found == all.end() ? std::nullopt : std::optional(*found);
}

std::optional<zk::ProofType> proof_type(std::string_view text) {
  using enum zk::ProofType;
  return parse(text, std::array{kGroth16, kPlonk, kStark});
}

class ZkRecorder final : public OperationRecorder {
 public:
  ZkRecorder(metrics::Registry& registry, zk::SecurityLevel level) : metrics_(registry), level_(level) {}

  Result<bool> record(const Observation& seen) override {
    const zk::Seconds duration(seen.seconds);
    if (seen.memory_bytes && std::ranges::find(zk::catalog::kOperations, seen.op) != zk::catalog::kOperations.end()) {
      metrics_.record_memory_usage(seen.op, *seen.memory_bytes);
    }
    if (seen.op == "proof_generation") {
      metrics_.record_proof_generation(duration, seen.success, seen.proof_type, level_);
      if (seen.success && seen.proof_bytes) metrics_.record_proof_size(seen.proof_type, *seen.proof_bytes);
      if (seen.success && seen.constraints) metrics_.record_proof_constraints(seen.proof_type, *seen.constraints);
    } else if (seen.op == "verification") {
      metrics_.record_verification(duration, seen.success, seen.proof_type, level_,
                                   seen.crashed ? zk::RejectionReason::kError : zk::RejectionReason::kInvalidProof);
    } else if (seen.op == "circuit_compilation") {
      // A failure counts as an error by itself.
      metrics_.record_circuit_compilation(duration, seen.constraints.value_or(0), seen.success);
      return true;
    } else if (seen.op == "witness_generation") {
      const auto type = proof_type(seen.proof_type);
      if (!type) return fail(ErrorCode::kInvalidArgument, "unknown proof type \"" + seen.proof_type + "\"");
      metrics_.record_witness_generation(duration, *type);
    } else if (seen.op == "error") {
      VIGIL_TRY_VOID(metrics_.record_error("other", "error", seen.message));
      return true;
    } else {
      return false;
    }
    // A proof that is refused is an answer; everything else that fails is an error.
    if (!seen.success && (seen.op != "verification" || seen.crashed)) {
      VIGIL_TRY_VOID(metrics_.record_error(seen.op, "error", seen.message));
    }
    return true;
  }

  void started(const std::string& operation) override {
    using enum zk::Operation;
    const auto known = parse(operation, std::array{kProofGeneration, kVerification, kCircuitCompilation});
    if (known) running_.emplace(metrics_.start_operation(*known));
  }
  void ended() override { running_.reset(); }

 private:
  zk::ZkMetrics metrics_;
  const zk::SecurityLevel level_;
  std::optional<zk::RunningOperation> running_;
};

class MpcRecorder final : public OperationRecorder {
 public:
  MpcRecorder(metrics::Registry& registry, std::string node) : metrics_(registry), node_(std::move(node)) {}

  Result<bool> record(const Observation& seen) override {
    const mpc::Seconds duration(seen.seconds);
    const std::string_view result = seen.success ? "success" : "failure";
    if (seen.op == "signature") {
      VIGIL_TRY_VOID(metrics_.record_signature(node_, seen.protocol, result, duration));
      for (const int culprit : seen.culprits) {
        if (seen.violation.empty()) break;
        VIGIL_TRY_VOID(metrics_.record_byzantine_violation(node_, seen.violation, std::to_string(culprit)));
      }
      if (!seen.success) {
        const char* const reason = seen.violation == "invalid_signature" ? "invalid_share" : "abort";
        VIGIL_TRY_VOID(metrics_.record_signature_failure(seen.protocol, reason));
      }
    } else if (seen.op == "presignature") {
      for (const int node : seen.nodes) {
        VIGIL_TRY_VOID(metrics_.record_presignatures_generated(std::to_string(node), seen.protocol, 1, duration));
      }
    } else if (seen.op == "dkg") {
      VIGIL_TRY_VOID(metrics_.record_dkg(node_, seen.protocol, result, duration));
    } else if (seen.op == "dkg_round1" || seen.op == "dkg_round2") {
      rounds_before_ = (seen.op == "dkg_round1" ? mpc::Seconds(0) : rounds_before_) + duration;
    } else if (seen.op == "dkg_round3") {
      VIGIL_TRY_VOID(metrics_.record_dkg(node_, seen.protocol, result, rounds_before_ + duration));
    } else {
      return false;
    }
    return true;
  }

  void started(const std::string&) override {}
  void ended() override {}

 private:
  mpc::MpcMetrics metrics_;
  const std::string node_;
  mpc::Seconds rounds_before_{};
};

}  // namespace

std::span<const std::string_view> systems() { return kSystems; }

std::span<const std::string_view> operations(std::string_view system) {
  if (system == "zk") return kZkOperations;
  if (system == "mpc") return kMpcOperations;
  return {};
}

Result<std::unique_ptr<OperationRecorder>> make_operation_recorder(metrics::Registry& registry,
                                                                   const RunSettings& settings) {
  if (settings.system == "zk") {
    using enum zk::SecurityLevel;
    const auto level = parse(settings.security_level, std::array{kBit128, kBit192, kBit256});
    if (!level) {
      return fail(ErrorCode::kInvalidArgument,
                  "--security-level " + settings.security_level + ": expected 128, 192 or 256");
    }
    return std::make_unique<ZkRecorder>(registry, *level);
  }
  if (settings.system == "mpc") {
    const auto& protocols = mpc::catalog::kProtocols.values;
    if (std::ranges::find(protocols, settings.protocol) == protocols.end()) {
      return fail(ErrorCode::kInvalidArgument, "--protocol " + settings.protocol + ": expected cggmp24 or frost");
    }
    return std::make_unique<MpcRecorder>(registry, settings.node);
  }
  return nullptr;
}

}  // namespace vigil::app
