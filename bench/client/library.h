// The two libraries under comparison behind one interface, so that how something is
// measured is written once.
//
// Calls are virtual per batch, not per operation: what is timed is the library's own
// inlined code.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace vigil::bench {

// Runs that many operations. One thread each.
using Batch = std::function<void(std::size_t count)>;

// A registry with one family of counters with 3 labels.
class Page {
 public:
  virtual ~Page() = default;
  virtual void add(std::size_t index) = 0;  // registers one more series
  virtual void update() = 0;                // one increment of the first series
  virtual std::size_t write() = 0;          // the text page; its bytes
  virtual std::size_t copy() = 0;           // every value, as the library's own copy; its series
  virtual std::string serve() = 0;          // from now on, over HTTP; "127.0.0.1:port"
};

class Library {
 public:
  virtual ~Library() = default;
  // One of
  //   counter      inc of one series
  //   histogram    observe of one series with 30 buckets
  //   native       the same with native buckets
  //   timer        an empty scope timed into such a histogram
  //   lookup       inc of one of 1,000 series, found by 3 label values
  //   consensus    the 25 updates of a block: see ConsensusLoop
  //   pack         the same through the recording API of packs/hotstuff2
  // for a thread; threads use the same series. Empty if the library has no such thing.
  virtual Batch operation(std::string_view name, std::size_t thread) = 0;
  virtual std::unique_ptr<Page> page() = 0;
};

std::unique_ptr<Library> make_vigil();
std::unique_ptr<Library> make_prometheus_cpp();

// Calls op(index) for each operation, and keeps the compiler from merging them.
template <class Op>
Batch repeat(Op op, std::size_t first = 0) {
  return [op = std::move(op), next = first](std::size_t count) mutable {
    const std::size_t end = next + count;
    for (std::size_t i = next; i != end; ++i) {
      op(i);
      asm volatile("" ::: "memory");
    }
    next = end;
  };
}

}  // namespace vigil::bench
