// What a wallet node leans on besides its peers: locks in etcd and rows in PostgreSQL.
//
// Not thread-safe: called from the node's own tasks.
#pragma once

#include <optional>

#include "packs/mpc/mpc_metrics.h"

namespace vigil::packs::mpc {

enum class Row {
  kTransaction,  // a new one
  kState,        // its end
  kAudit,        // who did what
};

class Surroundings {
 public:
  virtual ~Surroundings() = default;
  // The time until a lock is held. Nothing: etcd has no leader and gives none.
  virtual std::optional<Seconds> lock() = 0;
  // False: the database does not answer, and the row is lost.
  virtual bool store(Row row) = 0;
};

}  // namespace vigil::packs::mpc
