#include "vigil/base/log.h"

#include <cmath>
#include <cstdio>
#include <mutex>
#include <optional>
#include <utility>

#include "vigil/base/clock.h"
#include "vigil/base/strings.h"

namespace vigil::log {
namespace {

struct State {
  std::mutex mutex;
  Level level = Level::kInfo;
  Format format = Format::kLogfmt;
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

void append_json_member(std::string& out, std::string_view key, std::string_view value, bool is_json) {
  out += out.empty() ? "{\"" : ",\"";
  append_json_string(out, key);
  out += "\":";
  if (is_json) {
    out += value;
    return;
  }
  out += '"';
  append_json_string(out, value);
  out += '"';
}

std::string json_line(Level level, Timestamp time, std::string_view component, std::string_view message,
                      std::span<const Field> fields) {
  std::string line;
  append_json_member(line, "timestamp", format_rfc3339(time), false);
  append_json_member(line, "level", name(level), false);
  append_json_member(line, "component", component, false);
  append_json_member(line, "message", message, false);
  for (const Field& field : fields) append_json_member(line, field.key, field.value, field.is_json);
  line += '}';
  return line;
}

std::string logfmt_line(Level level, Timestamp time, std::string_view component, std::string_view message,
                        std::span<const Field> fields) {
  std::string line = "ts=" + format_rfc3339(time);
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
  return line;
}

// Holds the lock while it writes: lines never mix.
bool emit(Level level, std::string line) {
  std::lock_guard lock(state().mutex);
  if (state().sink) {
    state().sink(level, line);
    return true;
  }
  line += '\n';
  return std::fwrite(line.data(), 1, line.size(), stderr) == line.size();
}

// The format to use, nothing if the level is not wanted.
std::optional<Format> format_of(Level level) {
  std::lock_guard lock(state().mutex);
  if (level < state().level) return std::nullopt;
  return state().format;
}

}  // namespace

Field::Field(std::string_view name, double number)
    : key(name), value(format_float(number)), is_json(std::isfinite(number)) {}

void set_level(Level level) {
  std::lock_guard lock(state().mutex);
  state().level = level;
}

void set_format(Format format) {
  std::lock_guard lock(state().mutex);
  state().format = format;
}

void set_sink(std::function<void(Level, std::string_view)> sink) {
  std::lock_guard lock(state().mutex);
  state().sink = std::move(sink);
}

void write(Level level, std::string_view component, std::string_view message, std::initializer_list<Field> fields) {
  const auto format = format_of(level);
  if (!format) return;
  const Timestamp now = Clock::system().now();
  const std::span<const Field> all(fields.begin(), fields.size());
  emit(level, *format == Format::kJson ? json_line(level, now, component, message, all)
                                       : logfmt_line(level, now, component, message, all));
}

bool record(Level level, Timestamp time, std::string_view component, std::string_view message,
            std::span<const Field> fields) {
  if (!format_of(level)) return true;
  return emit(level, json_line(level, time, component, message, fields));
}

}  // namespace vigil::log
