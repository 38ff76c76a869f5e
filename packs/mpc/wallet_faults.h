// What can go wrong with one node of the simulated wallet.
#pragma once

#include <array>
#include <string_view>

namespace vigil::packs::mpc {

struct WalletFaults {
  bool double_vote = false;      // votes twice, differently
  bool slow_signatures = false;  // six seconds more per round
  bool pool_depleted = false;    // loses its presignatures and makes none
  bool pool_low = false;         // keeps two presignatures instead of its usual number
  bool no_peers = false;         // cut off from the network
  bool silent_voter = false;     // takes part in everything but votes
  bool signing_refused = false;  // its signer is locked and gives no share
  bool invalid_shares = false;   // its shares do not verify
  bool lost_proposals = false;   // every fifth of its proposals reaches nobody
  bool nonce_reuse = false;      // asks for shares with a presignature that was used
  bool backup_fails = false;     // new key shares are not backed up
  bool backup_outdated = false;  // the backups are those of two days ago, and take nothing new
  bool busy_cpu = false;         // something else in the process spins
};

struct NamedWalletFault {
  std::string_view name;
  bool WalletFaults::* flag;
};

inline constexpr std::array kWalletFaults{
    NamedWalletFault{"double_vote", &WalletFaults::double_vote},
    NamedWalletFault{"slow_signatures", &WalletFaults::slow_signatures},
    NamedWalletFault{"pool_depleted", &WalletFaults::pool_depleted},
    NamedWalletFault{"pool_low", &WalletFaults::pool_low},
    NamedWalletFault{"no_peers", &WalletFaults::no_peers},
    NamedWalletFault{"silent_voter", &WalletFaults::silent_voter},
    NamedWalletFault{"signing_refused", &WalletFaults::signing_refused},
    NamedWalletFault{"invalid_shares", &WalletFaults::invalid_shares},
    NamedWalletFault{"lost_proposals", &WalletFaults::lost_proposals},
    NamedWalletFault{"nonce_reuse", &WalletFaults::nonce_reuse},
    NamedWalletFault{"backup_fails", &WalletFaults::backup_fails},
    NamedWalletFault{"backup_outdated", &WalletFaults::backup_outdated},
    NamedWalletFault{"busy_cpu", &WalletFaults::busy_cpu},
};

}  // namespace vigil::packs::mpc
