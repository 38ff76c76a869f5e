// Puts the external labels on alerts, as Prometheus does before it sends them.
#pragma once

#include <span>
#include <vector>

#include "vigil/alert_api/alert.h"
#include "vigil/base/mutex.h"
#include "vigil/model/labels.h"

namespace vigil::engine {

// Thread-safe. `next` outlives it.
class LabelledSink final : public AlertSink {
 public:
  explicit LabelledSink(AlertSink& next) : next_(next) {}

  void set(Labels external_labels) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    external_labels_ = std::move(external_labels);
  }

  // A label that the alert has already wins.
  void send(std::span<const Alert> alerts) override EXCLUDES(mutex_) {
    Labels external;
    {
      MutexLock lock(mutex_);
      external = external_labels_;
    }
    if (external.empty()) return next_.send(alerts);
    std::vector<Alert> labelled(alerts.begin(), alerts.end());
    for (Alert& alert : labelled) {
      LabelsBuilder builder(alert.labels);
      for (const LabelView label : external) {
        if (builder.get(label.name).empty()) builder.set(label.name, label.value);
      }
      alert.labels = builder.build();
    }
    next_.send(labelled);
  }

 private:
  AlertSink& next_;
  Mutex mutex_;
  Labels external_labels_ GUARDED_BY(mutex_);
};

}  // namespace vigil::engine
