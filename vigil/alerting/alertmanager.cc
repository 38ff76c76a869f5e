#include "vigil/alerting/alertmanager.h"

#include <utility>

#include "vigil/alerting/dispatcher.h"

namespace vigil::alerting {

Result<std::unique_ptr<Alertmanager>> Alertmanager::open(Config config, AlertmanagerOptions options) {
  VIGIL_TRY(std::shared_ptr<Dispatcher> dispatcher, Dispatcher::open(std::move(config), std::move(options)));
  return std::unique_ptr<Alertmanager>(new Alertmanager(std::move(dispatcher)));
}

Alertmanager::Alertmanager(std::shared_ptr<Dispatcher> dispatcher) : dispatcher_(std::move(dispatcher)) {}
Alertmanager::~Alertmanager() { dispatcher_->close(); }

void Alertmanager::send(std::span<const Alert> alerts) { dispatcher_->send(alerts); }
Result<void> Alertmanager::apply(Config config) { return dispatcher_->apply(std::move(config)); }
void Alertmanager::stop() { dispatcher_->stop(); }

std::vector<GroupView> Alertmanager::groups() const { return dispatcher_->groups(); }
std::vector<AlertView> Alertmanager::alerts() const { return dispatcher_->alerts(); }
std::vector<NotificationView> Alertmanager::notifications() const { return dispatcher_->notifications(); }

}  // namespace vigil::alerting
