// A program of ours that ends when we end.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "vigil/base/error.h"

namespace vigil::app {

class ChildProcess {
 public:
  // Runs this same binary with other arguments. Call it before threads are started:
  // the child is told of the death of the thread that made it.
  static Result<std::unique_ptr<ChildProcess>> start(const std::vector<std::string>& arguments);
  ~ChildProcess();  // SIGTERM, and waits
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

 private:
  explicit ChildProcess(pid_t pid) : pid_(pid) {}
  pid_t pid_;
};

}  // namespace vigil::app
