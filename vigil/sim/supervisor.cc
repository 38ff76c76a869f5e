#include "vigil/sim/supervisor.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <ctime>
#include <utility>

#include "vigil/base/clock.h"
#include "vigil/base/log.h"

namespace vigil::sim {
namespace {

constexpr Duration kPollInterval = 50;
constexpr Duration kEndGrace = 2 * kSecond;

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end > 0) out.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

int number(std::string_view text) {
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

sigset_t watched_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGCHLD}) sigaddset(&set, signal);
  return set;
}

}  // namespace

Supervisor::Supervisor(SupervisorOptions options) : options_(std::move(options)) {
  const sigset_t watched = watched_signals();
  pthread_sigmask(SIG_BLOCK, &watched, &old_mask_);
}

Supervisor::~Supervisor() {
  end_all();
  if (hub_ != nullptr) hub_->stop();
  pthread_sigmask(SIG_SETMASK, &old_mask_, nullptr);
}

Result<std::unique_ptr<Supervisor>> Supervisor::start(SupervisorOptions options) {
  if (options.nodes < 1 || options.nodes > 100) {
    return fail(ErrorCode::kInvalidArgument,
                "a network of " + std::to_string(options.nodes) + " nodes; expected 1 to 100");
  }
  std::unique_ptr<Supervisor> self(new Supervisor(std::move(options)));
  Supervisor& s = *self;
  VIGIL_TRY(s.hub_, net::MessageHub::start(
                        {}, {.opened = {},
                             .received = [&s](net::LinkId link, std::string_view text) { s.received(link, text); },
                             .closed = [&s](net::LinkId link, const Error&) { s.closed(link); }}));
  MutexLock lock(s.mutex_);
  s.nodes_.resize(static_cast<std::size_t>(s.options_.nodes));
  for (int i = 0; i < s.options_.nodes; ++i) {
    Node& node = s.nodes_[static_cast<std::size_t>(i)];
    node.status.node = i + 1;
    VIGIL_TRY_VOID(s.spawn(node));
  }
  return self;
}

Supervisor::Node* Supervisor::find(int node) {
  return node >= 1 && node <= static_cast<int>(nodes_.size()) ? &nodes_[static_cast<std::size_t>(node - 1)] : nullptr;
}

Result<void> Supervisor::spawn(Node& node) {
  const int id = node.status.node;
  const int port = options_.first_port == 0 ? 0 : options_.first_port + id - 1;
  // A restarted node comes back where its scrapers know it.
  const std::string listen =
      node.status.http_address.empty() ? options_.host + ":" + std::to_string(port) : node.status.http_address;
  std::vector<std::string> arguments = options_.command;
  for (std::string each :
       {std::string("--node"), std::to_string(id), std::string("--listen"), listen, std::string("--control"),
        hub_->address(), std::string("--parent"), std::to_string(getpid())}) {
    arguments.push_back(std::move(each));
  }
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);

  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  const sigset_t watched = watched_signals();
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &watched);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  pid_t pid = 0;
  const int error = posix_spawn(&pid, argv[0], nullptr, &attributes, argv.data(), environ);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) return fail(ErrorCode::kIo, "cannot start " + arguments[0] + ": " + std::strerror(error));
  node.status.pid = pid;
  return {};
}

void Supervisor::received(net::LinkId link, std::string_view message) {
  const auto word = words(message);
  MutexLock lock(mutex_);
  if (word.size() == 4 && word[0] == "hello") {
    Node* const node = find(number(word[1]));
    if (node == nullptr) return;
    node->link = link;
    node->greeted = true;
    node->peer_address = std::string(word[2]);
    node->status.http_address = std::string(word[3]);
    for (const Node& other : nodes_) {
      if (other.link == 0) continue;
      hub_->send(other.link, "peer " + std::string(word[1]) + " " + node->peer_address);
      hub_->send(link, "peer " + std::to_string(other.status.node) + " " + other.peer_address);
    }
  } else if (word.size() == 3 && word[0] == "fault") {
    pending_.push_back([this, name = std::string(word[1]), node = number(word[2])] { fault(name, node); });
  } else if (word.size() == 1 && word[0] == "clear") {
    pending_.push_back([this] { clear(); });
  }
}

void Supervisor::closed(net::LinkId link) {
  MutexLock lock(mutex_);
  for (Node& node : nodes_) {
    if (node.link == link) node.link = 0;
  }
}

void Supervisor::fault(std::string name, int id) {
  MutexLock lock(mutex_);
  Node* const node = find(id);
  if (node == nullptr) return;
  log::info("simulate", "fault", {{"fault", name}, {"node", id}});
  if (name == "node_down") {
    if (node->status.pid != 0) kill(node->status.pid, SIGKILL);
  } else if (node->link != 0) {
    hub_->send(node->link, "fault " + name);
  }
}

void Supervisor::clear() {
  // Starting a process is the business of the thread of run(): children die with the
  // thread that made them.
  MutexLock lock(mutex_);
  pending_.push_back([this] {
    MutexLock again(mutex_);
    log::info("simulate", "faults cleared");
    for (Node& node : nodes_) {
      if (node.link != 0) hub_->send(node.link, "clear");
      if (node.status.pid != 0) continue;
      if (const auto started = spawn(node); !started) log::error("simulate", started.error().message());
    }
  });
}

std::vector<NodeStatus> Supervisor::nodes() const {
  MutexLock lock(mutex_);
  std::vector<NodeStatus> all;
  for (const Node& node : nodes_) all.push_back(node.status);
  return all;
}

Result<void> Supervisor::reap() {
  MutexLock lock(mutex_);
  for (Node& node : nodes_) {
    int status = 0;
    if (node.status.pid == 0 || waitpid(node.status.pid, &status, WNOHANG) != node.status.pid) continue;
    node.status.pid = 0;
    node.link = 0;
    log::warn("simulate", "node is down", {{"node", node.status.node}});
    if (!node.greeted) {
      return fail(ErrorCode::kUnavailable,
                  "node " + std::to_string(node.status.node) + " did not start; its message is above");
    }
  }
  return {};
}

void Supervisor::do_pending() {
  std::vector<std::function<void()>> work;
  {
    MutexLock lock(mutex_);
    work.swap(pending_);
  }
  for (const auto& task : work) task();
}

Result<void> Supervisor::run(const std::stop_token& stop) {
  const sigset_t watched = watched_signals();
  const timespec pause{.tv_sec = 0, .tv_nsec = kPollInterval * 1'000'000};
  while (!stop.stop_requested()) {
    const int signal = sigtimedwait(&watched, nullptr, &pause);
    if (signal == SIGTERM || signal == SIGINT) break;
    VIGIL_TRY_VOID(reap());
    do_pending();
    bool all = true;
    std::vector<NodeStatus> status;
    {
      MutexLock lock(mutex_);
      for (const Node& node : nodes_) {
        all = all && node.greeted;
        status.push_back(node.status);
      }
    }
    const Timestamp now = Clock::system().now();
    if (all && !std::exchange(ready_, true)) {
      if (options_.on_ready) options_.on_ready(status);
      scenario_at_ = now + options_.scenario_delay;
    }
    if (ready_ && !options_.scenario.empty() && now >= scenario_at_) {
      fault(std::exchange(options_.scenario, std::string()), options_.scenario_node);
    }
  }
  end_all();
  return {};
}

void Supervisor::end_all() {
  MutexLock lock(mutex_);
  for (const Node& node : nodes_) {
    if (node.status.pid == 0) continue;
    kill(node.status.pid, SIGTERM);
    kill(node.status.pid, SIGCONT);  // a stopped process hears nothing else
  }
  const std::chrono::nanoseconds deadline = Clock::system().steady() + std::chrono::milliseconds(kEndGrace);
  for (Node& node : nodes_) {
    if (node.status.pid == 0) continue;
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    int status = 0;
    while (waitpid(node.status.pid, &status, WNOHANG) == 0) {
      if (Clock::system().steady() >= deadline) kill(node.status.pid, SIGKILL);
      const timespec pause{.tv_sec = 0, .tv_nsec = 10'000'000};
      sigtimedwait(&child, nullptr, &pause);
    }
    node.status.pid = 0;
  }
}

}  // namespace vigil::sim
