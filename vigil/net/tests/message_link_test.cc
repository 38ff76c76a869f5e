#include "vigil/net/message_link.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "vigil/base/mutex.h"

namespace vigil::net {
namespace {

// Collects events and lets a test wait for them.
struct Recorder {
  Mutex mutex;
  CondVar changed;
  std::vector<std::string> events GUARDED_BY(mutex);
  LinkId last_incoming GUARDED_BY(mutex) = 0;

  MessageHub::Events hooks() {
    return {.opened =
                [this](LinkId id, bool incoming) {
                  MutexLock lock(mutex);
                  if (incoming) last_incoming = id;
                  add(incoming ? "in" : "out");
                },
            .received =
                [this](LinkId, std::string_view message) {
                  MutexLock lock(mutex);
                  add("got " + std::to_string(message.size()) + " " + std::string(message.substr(0, 10)));
                },
            .closed =
                [this](LinkId, const Error& why) {
                  MutexLock lock(mutex);
                  add("closed " + why.message());
                }};
  }
  void add(std::string event) REQUIRES(mutex) {
    events.push_back(std::move(event));
    changed.notify_all();
  }
  std::string wait_for(std::size_t index) {
    MutexLock lock(mutex);
    while (events.size() <= index) changed.wait(mutex);
    return events[index];
  }
};

TEST(MessageHub, CarriesMessagesBothWaysAndTellsTheEnd) {
  Recorder server_log, client_log;
  auto server = MessageHub::start({}, server_log.hooks()).value();
  auto client = MessageHub::start({}, client_log.hooks()).value();
  const LinkId out = client->connect(server->address());
  EXPECT_TRUE(client->send(out, "early"));  // queued until it is open
  EXPECT_EQ(client_log.wait_for(0), "out");
  EXPECT_EQ(server_log.wait_for(0), "in");
  EXPECT_TRUE(client->send(out, ""));
  EXPECT_TRUE(client->send(out, std::string(300'000, 'x')));
  EXPECT_EQ(server_log.wait_for(1), "got 5 early");
  EXPECT_EQ(server_log.wait_for(2), "got 0 ");
  EXPECT_EQ(server_log.wait_for(3), "got 300000 xxxxxxxxxx");
  LinkId in = 0;
  {
    MutexLock lock(server_log.mutex);
    in = server_log.last_incoming;
  }
  EXPECT_TRUE(server->send(in, "back"));
  EXPECT_EQ(client_log.wait_for(1), "got 4 back");
  client->close(out);
  EXPECT_EQ(client_log.wait_for(2), "closed closed");
  EXPECT_EQ(server_log.wait_for(4), "closed closed by the peer");
  EXPECT_FALSE(client->send(out, "late"));
}

TEST(MessageHub, LimitsEndTheLink) {
  Recorder server_log, client_log;
  auto server = MessageHub::start({.max_message_bytes = 10}, server_log.hooks()).value();
  auto client = MessageHub::start({.max_queued_bytes = 100}, client_log.hooks()).value();
  const LinkId out = client->connect(server->address());
  EXPECT_FALSE(client->send(out, std::string(200, 'x')));
  EXPECT_TRUE(client->send(out, "this is longer"));
  EXPECT_EQ(server_log.wait_for(1), "closed a message of 14 bytes is longer than the limit");
  EXPECT_EQ(client_log.wait_for(1), "closed closed by the peer");
}

TEST(MessageHub, Failures) {
  EXPECT_FALSE(MessageHub::start({.listen = "nonsense"}, {}).has_value());
  Recorder log;
  auto hub = MessageHub::start({}, log.hooks()).value();
  EXPECT_FALSE(MessageHub::start({.listen = hub->address()}, {}).has_value());
  std::string gone;
  {
    auto other = MessageHub::start({}, {}).value();
    gone = other->address();
  }
  hub->connect(gone);
  EXPECT_EQ(log.wait_for(0), "closed Connection refused");
  hub->connect("1.2.3:x");
  EXPECT_EQ(log.wait_for(1), "closed invalid address \"1.2.3:x\", expected IP:port");
  hub->stop();
  hub->stop();
}

}  // namespace
}  // namespace vigil::net
