#include "vigil/metrics/registry.h"

#include <deque>
#include <map>
#include <utility>

#include "vigil/base/log.h"
#include "vigil/base/mutex.h"
#include "vigil/metrics/label_text.h"
#include "vigil/metrics/metrics.h"

namespace vigil::metrics {
namespace internal {
namespace {

// Something that shows one family: instruments, or values read on demand.
class CollectedFamily {
 public:
  CollectedFamily(const Description& d, std::string name, Collector::Function collect)
      : type_(d.type),
        name_(std::move(name)),
        help_(to_utf8(d.help)),
        unit_(d.options.unit),
        labels_(d.labels.begin(), d.labels.end()),
        collect_(std::move(collect)) {}

  const std::string& name() const { return name_; }

  void visit(Visitor& visitor) {
    MutexLock lock(mutex_);
    if (!collect_) return;
    Sink sink(*this, visitor);
    collect_(sink);
    sink.finish();
  }

  // Waits for a visit in progress; afterwards the function is gone.
  void stop() {
    MutexLock lock(mutex_);
    collect_ = nullptr;
  }

 private:
  class Sink final : public CollectorSink {
   public:
    Sink(const CollectedFamily& family, Visitor& visitor) : family_(family), visitor_(visitor) {}

    using CollectorSink::point;
    void point(std::initializer_list<std::string_view> values, double value) override {
      if (values.size() != family_.labels_.size()) return;
      if (!std::exchange(begun_, true)) {
        visitor_.begin_family({family_.type_, family_.name_, family_.help_, family_.unit_, family_.labels_, {}});
      }
      text_.clear();
      std::size_t i = 0;
      for (const std::string_view text : values) append_label(text_, family_.labels_[i++], to_utf8(text));
      visitor_.point(text_, {.value = value});
    }
    void finish() {
      if (begun_) visitor_.end_family();
    }

   private:
    const CollectedFamily& family_;
    Visitor& visitor_;
    std::string text_;
    bool begun_ = false;
  };

  const MetricType type_;
  const std::string name_, help_, unit_;
  const std::vector<std::string> labels_;
  Mutex mutex_;
  Collector::Function collect_ GUARDED_BY(mutex_);
};

std::string_view schema_problem(const Description& d, std::string_view name) {
  if (!is_plain_name(name, true)) return "is not a valid metric name";
  if (d.type == MetricType::kCounter && !d.name.ends_with("_total")) return "is a counter and does not end in _total";
  if (!d.options.unit.empty()) {
    std::string_view base = d.name;
    if (d.type == MetricType::kCounter) base.remove_suffix(6);
    if (!base.ends_with(d.options.unit) || base.size() <= d.options.unit.size() ||
        base[base.size() - d.options.unit.size() - 1] != '_') {
      return "does not end in its unit";
    }
  }
  return {};
}

}  // namespace

class RegistryState {
 public:
  explicit RegistryState(RegistryOptions options) : prefix_(std::move(options.prefix)) {
    common_->clock = options.clock;
    common_->enabled = options.enabled;
    common_->max_bytes = options.max_bytes;
    add_own("vigil_metrics_overflowed_label_sets_total",
            "Lookups of label sets above the cap of their metric, counted as \"other\".", &Common::overflowed);
    add_own("vigil_metrics_rejected_label_sets_total",
            "Lookups with a value that a closed label does not have; what was recorded is lost.", &Common::rejected);
    add_own("vigil_metrics_expired_label_sets_total", "Label sets that were idle for longer than their metric allows.",
            &Common::expired);
  }

  std::string prefixed(std::string_view name) const { return prefix_ + std::string(name); }

  // `problem`: why the family is not shown.
  std::shared_ptr<Family> attach(const Description& d, std::string_view& problem) {
    MutexLock lock(mutex_);
    const std::string name = prefixed(d.name);
    problem = schema_problem(d, name);
    if (problem.empty()) {
      const auto found = entries_.find(name);
      if (found == entries_.end()) {
        auto family = std::make_shared<Family>(d, name, common_);
        entries_.emplace(name, Entry{family, nullptr, 1});
        return family;
      }
      if (found->second.family != nullptr && found->second.family->same_schema(d)) {
        ++found->second.uses;
        return found->second.family;
      }
      problem = "is taken by another kind of metric";
    }
    refuse(name, problem);
    return std::make_shared<Family>(d, name, common_);
  }

  void detach(const std::shared_ptr<Family>& family) {
    MutexLock lock(mutex_);
    const auto found = entries_.find(family->name());
    if (found == entries_.end() || found->second.family != family) return;
    if (--found->second.uses == 0) entries_.erase(found);
  }

  void attach(std::shared_ptr<CollectedFamily> source) {
    MutexLock lock(mutex_);
    const std::string name = source->name();
    if (!entries_.emplace(name, Entry{nullptr, std::move(source), 1}).second)
      refuse(name, "is taken by another metric");
  }

  void detach(const std::shared_ptr<CollectedFamily>& source) {
    {
      MutexLock lock(mutex_);
      const auto found = entries_.find(source->name());
      if (found != entries_.end() && found->second.collected == source) entries_.erase(found);
    }
    source->stop();
  }

  void visit(Visitor& visitor) {
    // Copies of the pointers keep what is visited alive, without a lock over the visit.
    std::vector<Entry> entries;
    {
      MutexLock lock(mutex_);
      entries.reserve(entries_.size());
      for (const auto& [name, entry] : entries_) entries.push_back(entry);
    }
    const CellReader reader;
    for (const Entry& entry : entries) {
      if (entry.family != nullptr) {
        entry.family->visit(visitor, reader);
        entry.family->sweep();
      } else {
        entry.collected->visit(visitor);
      }
    }
  }

  std::vector<std::string> problems() {
    MutexLock lock(mutex_);
    return problems_;
  }

 private:
  struct Entry {
    std::shared_ptr<Family> family;
    std::shared_ptr<CollectedFamily> collected;
    int uses = 0;  // instruments that share the family
  };

  void add_own(std::string_view name, std::string_view help, std::atomic<std::uint64_t> Common::* member) {
    attach(std::make_shared<CollectedFamily>(
        Description{MetricType::kCounter, name, help, {}, {}, {}}, prefixed(name),
        [common = common_, member](CollectorSink& sink) {
          sink.point(static_cast<double>(((*common).*member).load(std::memory_order_relaxed)));
        }));
  }

  void refuse(std::string_view name, std::string_view why) REQUIRES(mutex_) {
    constexpr std::size_t kMaxProblems = 100;
    log::error("metrics", "instrument is not shown", {{"metric", name}, {"reason", why}});
    if (problems_.size() < kMaxProblems) problems_.push_back(std::string(name) + " " + std::string(why));
  }

  const std::string prefix_;
  const std::shared_ptr<Common> common_ = std::make_shared<Common>();
  Mutex mutex_;
  std::map<std::string, Entry, std::less<>> entries_ GUARDED_BY(mutex_);
  std::vector<std::string> problems_ GUARDED_BY(mutex_);
};

Attachment::Attachment(std::shared_ptr<RegistryState> registry, const Description& description)
    : state(std::move(registry)),
      family(state == nullptr
                 ? std::make_shared<Family>(description, std::string(description.name), std::make_shared<Common>())
                 : state->attach(description, refusal)) {}

Attachment::~Attachment() {
  if (state != nullptr) state->detach(family);
}

Family& attach_global(std::atomic<Family*>& family, const Description& description) {
  // Never destroyed: instruments at namespace scope may be used until the very end.
  struct Attached {
    Mutex mutex;
    std::deque<Attachment> all GUARDED_BY(mutex);
  };
  static Attached* const attached = new Attached;
  MutexLock lock(attached->mutex);
  Family* known = family.load(std::memory_order_acquire);
  if (known == nullptr) {
    known = attached->all.emplace_back(Registry::global().state(), description).family.get();
    family.store(known, std::memory_order_release);
  }
  return *known;
}

}  // namespace internal

namespace {

struct Global {
  Mutex mutex;
  RegistryOptions options GUARDED_BY(mutex);
  std::atomic<Registry*> made{nullptr};
};
Global& the_global() {
  static Global* const instance = new Global;
  return *instance;
}

}  // namespace

Registry::Registry(RegistryOptions options) : state_(std::make_shared<internal::RegistryState>(std::move(options))) {}
Registry::~Registry() = default;

Registry& Registry::global() {
  Global& global = the_global();
  if (Registry* const known = global.made.load(std::memory_order_acquire)) return *known;
  MutexLock lock(global.mutex);
  Registry* made = global.made.load(std::memory_order_acquire);
  if (made == nullptr) {
    made = new Registry(global.options);
    global.made.store(made, std::memory_order_release);
  }
  return *made;
}

bool Registry::configure_global(RegistryOptions options) {
  Global& global = the_global();
  MutexLock lock(global.mutex);
  if (global.made.load(std::memory_order_acquire) != nullptr) return false;
  global.options = std::move(options);
  return true;
}

void Registry::visit(Visitor& visitor) const { state_->visit(visitor); }

std::vector<std::string> Registry::problems() const { return state_->problems(); }

Collector::Collector(RegistryRef registry, MetricType type, Name name, std::string_view help,
                     std::initializer_list<std::string_view> labels, Function collect)
    : Collector(registry, Description{type, name.text, help, {labels.begin(), labels.size()}, {}, {}},
                std::move(collect)) {}

Collector::Collector(RegistryRef registry, const Description& description, Function collect) {
  if (registry.pointer == nullptr) return;
  state_ = registry.pointer->state();
  auto source =
      std::make_shared<internal::CollectedFamily>(description, state_->prefixed(description.name), std::move(collect));
  source_ = source;
  state_->attach(std::move(source));
}

Collector::~Collector() {
  if (state_ != nullptr) state_->detach(std::static_pointer_cast<internal::CollectedFamily>(source_));
}

}  // namespace vigil::metrics
