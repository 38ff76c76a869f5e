#include "vigil/base/scheduler.h"

#include <atomic>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "vigil/base/virtual_scheduler.h"

namespace vigil {
namespace {

TEST(VirtualScheduler, RunsInOrderOfDueTime) {
  VirtualScheduler scheduler(1000);
  std::string log;
  scheduler.run_at(1030, [&] { log += 'c'; });
  scheduler.run_at(1010, [&] { log += 'a'; });
  scheduler.run_at(1010, [&] { log += 'b'; });
  scheduler.run_at(500, [&] { log += '0'; });  // past: now
  EXPECT_EQ(scheduler.pending(), 4U);
  EXPECT_EQ(log, "");
  scheduler.run_due();
  EXPECT_EQ(log, "0");
  scheduler.advance(10);
  EXPECT_EQ(log, "0ab");
  EXPECT_EQ(scheduler.clock().now(), 1010);
  scheduler.advance_to(5000);
  EXPECT_EQ(log, "0abc");
  EXPECT_EQ(scheduler.clock().now(), 5000);
  EXPECT_EQ(scheduler.pending(), 0U);
}

TEST(VirtualScheduler, TasksSeeTheirOwnTimeAndMaySchedule) {
  VirtualScheduler scheduler;
  std::vector<Timestamp> times;
  std::function<void()> tick = [&] {
    times.push_back(scheduler.clock().now());
    scheduler.run_at(scheduler.clock().now() + 15, [&] { tick(); });
  };
  scheduler.run_at(15, [&] { tick(); });
  scheduler.advance(60);
  EXPECT_EQ(times, (std::vector<Timestamp>{15, 30, 45, 60}));
  EXPECT_EQ(scheduler.pending(), 1U);
}

TEST(VirtualScheduler, CancelForgetsOnce) {
  VirtualScheduler scheduler;
  int runs = 0;
  const auto id = scheduler.run_at(10, [&] { ++runs; });
  EXPECT_TRUE(scheduler.cancel(id));
  EXPECT_FALSE(scheduler.cancel(id));
  EXPECT_FALSE(scheduler.cancel(12345));
  const auto ran = scheduler.run_at(10, [&] { ++runs; });
  scheduler.advance(10);
  EXPECT_FALSE(scheduler.cancel(ran));
  EXPECT_EQ(runs, 1);
}

TEST(VirtualScheduler, TimeNeverGoesBack) {
  VirtualScheduler scheduler(100);
  scheduler.advance_to(50);
  EXPECT_EQ(scheduler.clock().now(), 100);
  EXPECT_EQ(scheduler.clock().steady(), std::chrono::milliseconds(100));
}

TEST(Timer, ArmingAgainReplaces) {
  VirtualScheduler scheduler;
  std::string log;
  Timer timer(scheduler);
  timer.arm(10, [&] { log += 'a'; });
  timer.arm(20, [&] { log += 'b'; });
  scheduler.advance(100);
  EXPECT_EQ(log, "b");
  timer.arm(200, [&] { log += 'c'; });
  timer.disarm();
  scheduler.advance(200);
  EXPECT_EQ(log, "b");
  timer.arm(400, [&] { log += 'd'; });  // disarm is not the end
  scheduler.advance(200);
  EXPECT_EQ(log, "bd");
}

TEST(Timer, CallbackMayArmDisarmAndStop) {
  VirtualScheduler scheduler;
  Timer timer(scheduler);
  int runs = 0;
  std::function<void()> tick = [&] {
    ++runs;
    timer.arm(scheduler.clock().now() + 10, [&] { tick(); });
    if (runs == 3) timer.disarm();
    if (runs == 5) timer.stop();
  };
  timer.arm(10, [&] { tick(); });
  scheduler.advance(100);
  EXPECT_EQ(runs, 3);
  timer.arm(scheduler.clock().now(), [&] { tick(); });
  scheduler.advance(100);
  EXPECT_EQ(runs, 5);
  timer.arm(scheduler.clock().now(), [&] { tick(); });  // no effect after stop()
  scheduler.advance(100);
  EXPECT_EQ(runs, 5);
  EXPECT_EQ(scheduler.pending(), 0U);
  timer.stop();
}

TEST(Timer, DiesWithItsOwner) {
  VirtualScheduler scheduler;
  int runs = 0;
  {
    Timer timer(scheduler);
    timer.arm(10, [&] { ++runs; });
  }
  scheduler.advance(20);
  EXPECT_EQ(runs, 0);
}

// What the callback holds is let go of when it has run, not when the timer dies.
TEST(Timer, ReleasesTheCallback) {
  VirtualScheduler scheduler;
  Timer timer(scheduler);
  auto held = std::make_shared<int>(1);
  timer.arm(10, [held] {});
  EXPECT_EQ(held.use_count(), 2);
  scheduler.advance(10);
  EXPECT_EQ(held.use_count(), 1);
  timer.arm(20, [held] {});
  timer.disarm();
  EXPECT_EQ(held.use_count(), 1);
}

TEST(ThreadScheduler, RunsAtOnceAndLater) {
  const auto scheduler = make_thread_scheduler(2);
  std::promise<void> now;
  std::promise<Timestamp> later;
  const Timestamp due = scheduler->clock().now() + 20;
  scheduler->run_at(due, [&] { later.set_value(scheduler->clock().now()); });
  scheduler->run([&] { now.set_value(); });
  now.get_future().get();
  EXPECT_GE(later.get_future().get(), due);
}

TEST(ThreadScheduler, OneWorkerKeepsTheOrder) {
  const auto scheduler = make_thread_scheduler(1);
  std::promise<void> gate, done;
  std::vector<int> order;
  scheduler->run([&] { gate.get_future().wait(); });
  for (int i = 0; i < 100; ++i) scheduler->run([&order, i] { order.push_back(i); });
  scheduler->run([&] { done.set_value(); });
  gate.set_value();
  done.get_future().wait();
  ASSERT_EQ(order.size(), 100U);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
}

TEST(ThreadScheduler, CancelAndDestructionForgetWaitingTasks) {
  std::atomic<int> runs = 0;
  auto held = std::make_shared<int>(1);
  {
    const auto scheduler = make_thread_scheduler(2);
    const auto id = scheduler->run_at(scheduler->clock().now() + kHour, [&, held] { ++runs; });
    scheduler->run_at(scheduler->clock().now() + kHour, [&, held] { ++runs; });
    EXPECT_EQ(held.use_count(), 3);
    EXPECT_TRUE(scheduler->cancel(id));
    EXPECT_EQ(held.use_count(), 2);
    EXPECT_FALSE(scheduler->cancel(id));
  }
  EXPECT_EQ(runs, 0);
  EXPECT_EQ(held.use_count(), 1);
}

// A forgotten task may own something that talks to the scheduler when it dies.
TEST(ThreadScheduler, ForgottenTasksMayUseTheSchedulerAsTheyDie) {
  auto scheduler = make_thread_scheduler(1);
  auto timer = std::make_shared<Timer>(*scheduler);
  timer->arm(scheduler->clock().now() + kHour, [] {});
  scheduler->run_at(scheduler->clock().now() + 2 * kHour, [owned = std::move(timer)] {});
  scheduler.reset();
}

TEST(ThreadScheduler, StopWaitsForARunningCallback) {
  const auto scheduler = make_thread_scheduler(2);
  Timer timer(*scheduler);
  std::promise<void> entered, release;
  std::atomic<bool> finished = false;
  timer.arm(0, [&] {
    entered.set_value();
    release.get_future().wait();
    finished = true;
  });
  entered.get_future().wait();
  std::thread helper([&] { release.set_value(); });
  timer.stop();
  EXPECT_TRUE(finished);
  helper.join();
}

// A timer that arms itself from many threads' workers never overlaps itself and
// ends when told to.
TEST(ThreadScheduler, TimerNeverOverlapsItself) {
  const auto scheduler = make_thread_scheduler(4);
  std::atomic<int> inside = 0, runs = 0;
  std::atomic<bool> overlapped = false;
  std::promise<void> enough;
  auto timer = std::make_unique<Timer>(*scheduler);
  std::function<void()> tick = [&] {
    timer->arm(0, [&] { tick(); });
    if (++inside != 1) overlapped = true;
    if (++runs == 500) enough.set_value();
    --inside;
  };
  timer->arm(0, [&] { tick(); });
  enough.get_future().wait();
  timer->stop();
  const int at_stop = runs;
  EXPECT_FALSE(overlapped);
  EXPECT_GE(at_stop, 500);
  std::promise<void> drained;
  scheduler->run([&] { drained.set_value(); });
  drained.get_future().wait();
  EXPECT_EQ(runs, at_stop);
}

}  // namespace
}  // namespace vigil
