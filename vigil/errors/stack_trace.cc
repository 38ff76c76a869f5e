#include "vigil/errors/stack_trace.h"

#include <cxxabi.h>
#include <dlfcn.h>
#include <fmt/format.h>

#include <cstdlib>
#include <memory>
#include <string_view>
#include <thread>

#include "vigil/base/mutex.h"

// In GCC's own include directory, which other compilers do not search.
#include VIGIL_BACKTRACE_HEADER

namespace vigil::errors {
namespace {

// Frames that cannot be resolved stay addresses: there is nobody to tell.
void ignore_failure(void*, const char*, int) {}

// libbacktrace keeps its state for the life of the process and cannot free it. Capturing
// only passes it through; symbols are read, and looked up, by whoever holds the lock.
backtrace_state* state() {
  static backtrace_state* const instance = backtrace_create_state(nullptr, 0, ignore_failure, nullptr);
  return instance;
}
Mutex lookup_mutex;

std::string demangle(const char* name) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> text(abi::__cxa_demangle(name, nullptr, nullptr, &status),
                                                         &std::free);
  return status == 0 ? text.get() : name;
}

std::string_view base_name(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

// The frames of one address: the functions inlined there, innermost first, then the real one.
void resolve(std::uintptr_t address, std::vector<StackFrame>& out) {
  const std::size_t first = out.size();
  backtrace_pcinfo(
      state(), address,
      [](void* data, std::uintptr_t, const char* file, int line, const char* function) {
        StackFrame& frame = static_cast<std::vector<StackFrame>*>(data)->emplace_back();
        if (function != nullptr) frame.function = demangle(function);
        if (file != nullptr) frame.file = file;
        frame.line = line;
        return 0;
      },
      ignore_failure, &out);
  if (out.size() == first) out.emplace_back();
  // The symbol table has the whole name, with namespace and parameters; debug information
  // often only the last part.
  backtrace_syminfo(
      state(), address,
      [](void* data, std::uintptr_t, const char* symbol, std::uintptr_t, std::uintptr_t) {
        if (symbol != nullptr) static_cast<StackFrame*>(data)->function = demangle(symbol);
      },
      ignore_failure, &out.back());
  Dl_info module{};
  // The address is one of code, which ISO C++ has no pointer type for.
  // NOLINTNEXTLINE(performance-no-int-to-ptr)
  const bool found = dladdr(reinterpret_cast<const void*>(address), &module) != 0;
  for (std::size_t i = first; i < out.size(); ++i) {
    out[i].address = address;
    out[i].inlined = i + 1 < out.size();
    if (!found) continue;
    if (module.dli_fname != nullptr) out[i].module = module.dli_fname;
    out[i].module_begin = reinterpret_cast<std::uintptr_t>(module.dli_fbase);
  }
}

}  // namespace

std::string StackFrame::to_string() const {
  if (function.empty()) {
    if (module.empty()) return fmt::format("{:#x}", address);
    return fmt::format("{:#x} ({}+{:#x})", address, base_name(module), address - module_begin);
  }
  if (file.empty()) return fmt::format("{} ({}+{:#x})", function, base_name(module), address - module_begin);
  return fmt::format("{} at {}:{}", function, file, line);
}

StackTrace StackTrace::capture(int skip) {
  struct Target {
    std::uintptr_t addresses[kMaxFrames];
    std::size_t size = 0;
  } target;
  backtrace_simple(
      state(), skip + 1,
      [](void* data, std::uintptr_t address) {
        Target& into = *static_cast<Target*>(data);
        if (address == UINTPTR_MAX) return 1;  // how the outermost frame ends
        into.addresses[into.size++] = address;
        return into.size == kMaxFrames ? 1 : 0;
      },
      ignore_failure, &target);
  StackTrace trace;
  trace.addresses_.assign(target.addresses, target.addresses + target.size);
  return trace;
}

std::vector<StackFrame> StackTrace::frames() const {
  std::vector<StackFrame> out;
  if (addresses_.empty()) return out;
  MutexLock lock(lookup_mutex);
  for (const std::uintptr_t address : addresses_) resolve(address, out);
  return out;
}

std::string StackTrace::to_string() const {
  if (is_text()) return text_;
  std::string out;
  int number = 0;
  for (const StackFrame& frame : frames()) {
    if (!out.empty()) out += '\n';
    out += fmt::format("#{} {}", number++, frame.to_string());
  }
  return out;
}

void StackTrace::load_symbols_ahead() {
  // Joined when the process exits.
  static const std::jthread loader([] {
    std::vector<StackFrame> frames;
    MutexLock lock(lookup_mutex);
    resolve(reinterpret_cast<std::uintptr_t>(&StackTrace::load_symbols_ahead), frames);
  });
}

}  // namespace vigil::errors
