// Where a program was: captured as bare addresses in a few microseconds, turned
// into names only when somebody reads it.
//
//   error.stack_trace = StackTrace::capture();
//
// Names come from the program's symbols and debug information (GCC's libbacktrace);
// without them a frame says module and offset, for addr2line. Reading them takes about
// a tenth of a second once per process: load_symbols_ahead() does it in the background.
//
// Thread-safety: any thread. capture() is not async-signal-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace vigil::errors {

struct StackFrame {
  std::uintptr_t address = 0;  // within the call instruction
  std::string function;        // demangled; empty if unknown
  std::string file;            // empty if unknown
  int line = 0;
  std::string module;               // path of the executable or library
  std::uintptr_t module_begin = 0;  // where it is loaded
  bool inlined = false;             // into the frame that follows, which has the same address

  // "prove(int) at prover.cc:12", or "0x7f… (libc.so.6+0x27305)".
  std::string to_string() const;
};

class StackTrace {
 public:
  static constexpr std::size_t kMaxFrames = 64;  // the innermost

  // The calling thread's, from the caller on; `skip` leaves out that many of its callers too.
  [[gnu::noinline]] static StackTrace capture(int skip = 0);
  // A trace that comes as text: from another language or process.
  explicit StackTrace(std::string text) : text_(std::move(text)) {}

  // Innermost first, inlined calls expanded. Empty for a text.
  std::vector<StackFrame> frames() const;
  // One line per frame, "#0 …"; a text as it is.
  std::string to_string() const;
  bool is_text() const { return addresses_.empty(); }

  static void load_symbols_ahead();

 private:
  StackTrace() = default;

  std::vector<std::uintptr_t> addresses_;
  std::string text_;
};

}  // namespace vigil::errors
