#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "vigil/base/virtual_scheduler.h"
#include "vigil/sim/memory_network.h"
#include "vigil/sim/peer_mesh.h"
#include "vigil/sim/random.h"
#include "vigil/sim/scaled_time.h"
#include "vigil/sim/tasks.h"

namespace vigil::sim {
namespace {

TEST(Random, RepeatsAndDiffersByStream) {
  Random a(7, 1), b(7, 1), c(7, 2);
  double sum = 0;
  bool differs = false;
  for (int i = 0; i < 10'000; ++i) {
    const double value = a.unit();
    EXPECT_EQ(value, b.unit());
    differs = differs || value != c.unit();
    sum += a.exponential(3);
    b.exponential(3);
  }
  EXPECT_TRUE(differs);
  EXPECT_NEAR(sum / 10'000, 3, 0.15);
  EXPECT_EQ(Random(1).next(), Random(1).next());
}

TEST(ScaledTime, RunsFaster) {
  VirtualScheduler real(1'000'000);
  ScaledScheduler scaled(real, 10);
  std::vector<Timestamp> ran;
  scaled.run_at(scaled.clock().now() + 5000, [&] { ran.push_back(scaled.clock().now()); });
  const auto id = scaled.run_at(scaled.clock().now() + 6000, [&] { ran.push_back(-1); });
  scaled.run([&] { ran.push_back(0); });
  EXPECT_TRUE(scaled.cancel(id));
  real.advance(499);
  EXPECT_EQ(ran, std::vector<Timestamp>{0});
  real.advance(1);
  EXPECT_EQ(ran, (std::vector<Timestamp>{0, 1'005'000}));
}

TEST(TaskScope, TasksEndWithTheirOwner) {
  VirtualScheduler scheduler;
  int ran = 0;
  {
    TaskScope tasks(scheduler);
    tasks.run([&] { ++ran; });
    tasks.after(10, [&] { ++ran; });
    scheduler.advance(5);
  }
  scheduler.advance(100);
  EXPECT_EQ(ran, 1);
}

struct Log final : NetworkEvents {
  void peer_up(int peer) override { lines.push_back("up " + std::to_string(peer)); }
  void peer_down(int peer) override { lines.push_back("down " + std::to_string(peer)); }
  void received(int from, std::string_view text) override {
    lines.push_back(std::to_string(from) + ": " + std::string(text));
  }
  void network_error(NetworkError error) override { ++errors[static_cast<int>(error)]; }
  void round_trip(int, double seconds) override {
    ++round_trips;
    EXPECT_GE(seconds, 0);
  }
  void traffic(std::uint64_t rx, std::uint64_t tx) override {
    received_bytes += rx;
    sent_bytes += tx;
  }
  std::vector<std::string> lines;
  int errors[3] = {};
  int round_trips = 0;
  std::uint64_t received_bytes = 0, sent_bytes = 0;
};

using Lines = std::vector<std::string>;

TEST(MemoryNetwork, ConnectsDeliversAndLoses) {
  VirtualScheduler scheduler;
  MemoryNetwork network(scheduler, 5);
  Log one, two;
  network.join(1, one);
  network.join(2, two);
  scheduler.advance(10);
  network.endpoint(1).send(2, "a");
  scheduler.advance(4);
  EXPECT_EQ(two.lines, Lines{"up 1"});
  scheduler.advance(1);
  EXPECT_EQ(two.lines, (Lines{"up 1", "1: a"}));
  network.endpoint(1).send(2, "lost");
  network.leave(2);
  EXPECT_EQ(one.lines, (Lines{"up 2", "down 2"}));
  network.join(2, two);
  scheduler.advance(20);
  EXPECT_EQ(two.lines, (Lines{"up 1", "1: a", "up 1"}));
  network.endpoint(2).isolate(true);
  EXPECT_TRUE(network.endpoint(1).connected().empty());
  network.endpoint(2).isolate(false);
  scheduler.advance(20);
  EXPECT_EQ(network.endpoint(1).connected(), std::set<int>{2});
  network.block(2, 1, true);
  network.endpoint(2).isolate(false);
  scheduler.advance(20);
  EXPECT_TRUE(network.endpoint(1).connected().empty());
  network.block(1, 2, false);
  scheduler.advance(20);
  EXPECT_EQ(network.endpoint(1).connected(), std::set<int>{2});
}

// Waits for a condition that tasks on a real scheduler bring about.
template <class F>
bool eventually(Scheduler& scheduler, F condition) {
  struct Shared {
    Mutex mutex;
    CondVar changed;
    int polls = 0;
    bool done = false;
  };
  Shared shared;
  TaskScope tasks(scheduler);
  std::function<void()> poll = [&] {
    MutexLock lock(shared.mutex);
    shared.done = condition();
    if (++shared.polls < 1000 && !shared.done) tasks.after(10, [&] { poll(); });
    shared.changed.notify_all();
  };
  tasks.run([&] { poll(); });
  MutexLock lock(shared.mutex);
  while (!shared.done && shared.polls < 1000) shared.changed.wait(shared.mutex);
  return shared.done;
}

PeerMeshOptions mesh_options(int self) {
  PeerMeshOptions options;
  options.self = self;
  options.cluster = "test";
  options.tick = 10;
  options.ping_interval = 20;
  options.silence = 2000;
  options.greeting_timeout = 500;
  options.redial = 30;
  return options;
}

TEST(PeerMesh, ConnectsIsolatesAndComesBack) {
  const auto scheduler = make_thread_scheduler(1);
  Log one, two;
  auto first = PeerMesh::start(mesh_options(1), *scheduler, one).value();
  auto second = PeerMesh::start(mesh_options(2), *scheduler, two).value();
  TaskScope tasks(*scheduler);
  tasks.run([&] {
    first->set_peer(2, second->address());
    second->set_peer(1, first->address());
  });
  EXPECT_TRUE(eventually(*scheduler, [&] { return first->connected().size() + second->connected().size() == 2; }));
  tasks.run([&] { first->send(2, "hello"); });
  EXPECT_TRUE(eventually(*scheduler, [&] { return two.lines.size() >= 2 && two.lines[1] == "1: hello"; }));
  EXPECT_TRUE(eventually(*scheduler, [&] { return one.round_trips > 2; }));
  tasks.run([&] { first->isolate(true); });
  EXPECT_TRUE(eventually(*scheduler, [&] { return first->connected().empty() && second->connected().empty(); }));
  tasks.run([&] { first->isolate(false); });
  EXPECT_TRUE(eventually(*scheduler, [&] { return first->connected().size() + second->connected().size() == 2; }));
  EXPECT_GT(one.received_bytes, 0U);
  EXPECT_GT(one.sent_bytes, 0U);
}

TEST(PeerMesh, StrangersAreRefused) {
  const auto scheduler = make_thread_scheduler(1);
  Log one, two;
  auto first = PeerMesh::start(mesh_options(1), *scheduler, one).value();
  auto options = mesh_options(2);
  options.cluster = "another";
  auto second = PeerMesh::start(std::move(options), *scheduler, two).value();
  TaskScope tasks(*scheduler);
  tasks.run([&] {
    first->set_peer(2, "127.0.0.1:1");
    second->set_peer(1, first->address());
  });
  EXPECT_TRUE(eventually(*scheduler, [&] { return one.errors[2] > 0 && one.errors[0] > 0; }));
  EXPECT_TRUE(one.lines.empty());
}

}  // namespace
}  // namespace vigil::sim
