// An Alertmanager in virtual time, with a disk that can fail and a receiver that remembers.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "vigil/alerting/alertmanager.h"
#include "vigil/base/memory_file_system.h"
#include "vigil/base/virtual_scheduler.h"
#include "vigil/net/fake_http.h"

namespace vigil::alerting {

constexpr Timestamp kStart = 1'800'000'000'000;
constexpr std::string_view kUrl = "http://hook/x";

struct Seen {
  Duration at = 0;  // since kStart
  int answered = 200;
  std::string url;
  std::string what;   // "firing a=firing b=resolved": the message's status, then instance=status
  std::string group;  // alertname of the group
  std::string reason;
};

inline Alert make_alert(std::string_view name, std::string_view instance, Timestamp starts, Timestamp ends) {
  return {.labels = {{"alertname", name}, {"instance", instance}},
          .annotations = {},
          .starts_at = starts,
          .ends_at = ends,
          .generator_url = {}};
}

class Harness {
 public:
  static Config config(Duration wait, Duration interval, Duration repeat) {
    Config config;
    config.route = {.receiver = "std",
                    .group_by = {"alertname"},
                    .group_by_all = false,
                    .group_wait = wait,
                    .group_interval = interval,
                    .repeat_interval = repeat};
    WebhookConfig webhook;
    webhook.url = kUrl;
    config.receivers = {{.name = "std", .webhooks = {webhook}}};
    return config;
  }

  explicit Harness(Config config = Harness::config(2000, 4000, 10'000)) : config_(std::move(config)) {
    client.on("http://hook/*", [this](const net::ClientRequest& request) { return receive(request); });
    open();
  }

  void open() {
    auto opened = Alertmanager::open(config_, {.directory = "/data/alerting",
                                               .files = &disk,
                                               .client = client,
                                               .scheduler = scheduler,
                                               .external_url = "http://vigil:9090",
                                               .compact_bytes = compact_bytes});
    ASSERT_TRUE(opened) << opened.error().message();
    alertmanager = std::move(*opened);
  }
  // As kill -9 does: what is not on disk is lost.
  void kill() { alertmanager.reset(); }

  Duration now() const { return const_cast<VirtualScheduler&>(scheduler).clock().now() - kStart; }
  void at(Duration time, std::function<void()> task) { scheduler.run_at(kStart + time, std::move(task)); }
  void run_until(Duration time) { scheduler.advance_to(kStart + time); }

  // As timing.py posts: firing alerts keep their start and end in 20 s, resolved ones end now.
  void fire(std::string_view name, std::string_view instance = "a", Duration start = -1) {
    const std::string key = std::string(name) + "/" + std::string(instance);
    starts_.try_emplace(key, kStart + (start == -1 ? now() : start));
    send(make_alert(name, instance, starts_[key], kStart + now() + lifetime));
  }
  void resolve(std::string_view name, std::string_view instance = "a") {
    const std::string key = std::string(name) + "/" + std::string(instance);
    const auto known = starts_.find(key);
    const Timestamp start = known == starts_.end() ? kStart + now() : known->second;
    if (known != starts_.end()) starts_.erase(known);
    send(make_alert(name, instance, start, kStart + now()));
  }
  void send(const Alert& alert) {
    if (alertmanager != nullptr) alertmanager->send({&alert, 1});
  }

  // "1.999 firing a=firing" lines of one group, times in seconds.
  std::vector<std::string> timeline(std::string_view group = {}) const {
    std::vector<std::string> lines;
    for (const Seen& one : seen) {
      if (!group.empty() && one.group != group) continue;
      std::string time = std::to_string(one.at / 1000);
      if (one.at % 1000 != 0) time += "." + std::to_string(one.at % 1000 / 100);
      lines.push_back(time + " " + (one.answered == 200 ? "" : std::to_string(one.answered) + " ") + one.what);
    }
    return lines;
  }

  VirtualScheduler scheduler{kStart};
  MemoryFileSystem disk;
  net::FakeHttpClient client{&scheduler};
  std::uint64_t compact_bytes = 4 << 20;
  Duration lifetime = 20'000;
  std::vector<Seen> seen;
  // The answer to a request; the default is 200.
  std::function<Result<net::ClientResponse>(const Seen&)> answer;
  std::unique_ptr<Alertmanager> alertmanager;

 private:
  Result<net::ClientResponse> receive(const net::ClientRequest& request) {
    const auto body = nlohmann::json::parse(request.body);
    Seen one{
        .at = now(), .url = request.url, .what = body["status"], .group = {}, .reason = body["notification_reason"]};
    if (body["groupLabels"].contains("alertname")) one.group = body["groupLabels"]["alertname"];
    for (const auto& alert : body["alerts"]) {
      one.what += " " + alert["labels"]["instance"].get<std::string>() + "=" + alert["status"].get<std::string>();
    }
    net::ClientResponse response;
    response.status = 200;
    Result<net::ClientResponse> result = response;
    if (answer) result = answer(one);
    one.answered = result ? result->status : 0;
    seen.push_back(one);
    return result;
  }

  Config config_;
  std::map<std::string, Timestamp> starts_;
};

}  // namespace vigil::alerting
