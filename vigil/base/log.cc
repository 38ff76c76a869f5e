#include "vigil/base/log.h"

#include <cstdio>
#include <mutex>
#include <utility>

#include "vigil/base/clock.h"
#include "vigil/base/strings.h"

namespace vigil::log {
namespace {

struct State {
  std::mutex mutex;
  Level level = Level::kInfo;
  std::function<void(Level, std::string_view)> sink;
};

State& state() {
  static State instance;
  return instance;
}

std::string_view name(Level level) {
  switch (level) {
    case Level::kDebug: return "debug";
    case Level::kInfo: return "info";
    case Level::kWarn: return "warn";
    case Level::kError: return "error";
  }
  return "info";
}

void append_value(std::string& out, std::string_view value) {
  const bool plain =
      !value.empty() && value.find_first_of(" \"=\n\r\t\\") == std::string_view::npos && is_valid_utf8(value);
  if (plain) {
    out += value;
  } else {
    out += go_quote(value);
  }
}

}  // namespace

Field::Field(std::string_view name, double number) : key(name), value(format_float(number)) {}

void set_level(Level level) {
  std::lock_guard lock(state().mutex);
  state().level = level;
}

void set_sink(std::function<void(Level, std::string_view)> sink) {
  std::lock_guard lock(state().mutex);
  state().sink = std::move(sink);
}

void write(Level level, std::string_view component, std::string_view message, std::initializer_list<Field> fields) {
  std::lock_guard lock(state().mutex);
  if (level < state().level) return;
  std::string line = "ts=" + format_rfc3339(Clock::system().now());
  line += " level=";
  line += name(level);
  line += " component=";
  line += component;
  line += " msg=";
  append_value(line, message);
  for (const Field& field : fields) {
    line += ' ';
    line += field.key;
    line += '=';
    append_value(line, field.value);
  }
  if (state().sink) {
    state().sink(level, line);
    return;
  }
  line += '\n';
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace vigil::log
