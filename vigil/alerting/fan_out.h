// One sink made of several.
#pragma once

#include <span>
#include <utility>
#include <vector>

#include "vigil/alert_api/alert.h"

namespace vigil::alerting {

// Thread-safe if its sinks are; they outlive it.
class FanOut final : public AlertSink {
 public:
  explicit FanOut(std::vector<AlertSink*> sinks) : sinks_(std::move(sinks)) {}

  void send(std::span<const Alert> alerts) override {
    for (AlertSink* sink : sinks_) sink->send(alerts);
  }

 private:
  const std::vector<AlertSink*> sinks_;
};

}  // namespace vigil::alerting
