// Structured logging to standard error, as logfmt or as JSON lines:
//   ts=2026-01-02T03:04:05.678Z level=info component=scrape msg="target down" target=http://…
//   {"timestamp":"2026-01-02T03:04:05.678Z","level":"info","component":"scrape","message":"target
//   down","target":"http://…"}
//
//   log::info("scrape", "target down", {{"target", url}, {"error", message}});
//
// Thread-safety: any thread. Values are escaped; callers never pass secrets.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "vigil/base/time.h"

namespace vigil::log {

enum class Level { kDebug, kInfo, kWarn, kError };
enum class Format { kLogfmt, kJson };

// A value that is JSON already; must be valid and of one line.
struct Json {
  std::string_view text;
};

struct Field {
  Field(std::string_view name, std::string_view text) : key(name), value(text) {}
  Field(std::string_view name, const char* text) : key(name), value(text) {}
  Field(std::string_view name, const std::string& text) : key(name), value(text) {}
  Field(std::string_view name, std::int64_t number) : key(name), value(std::to_string(number)), is_json(true) {}
  Field(std::string_view name, std::uint64_t number) : key(name), value(std::to_string(number)), is_json(true) {}
  Field(std::string_view name, int number) : key(name), value(std::to_string(number)), is_json(true) {}
  Field(std::string_view name, double number);
  Field(std::string_view name, Json json) : key(name), value(json.text), is_json(true) {}
  std::string_view key;
  std::string value;
  bool is_json = false;  // a number or Json: not quoted in a JSON line
};

void set_level(Level level);
void set_format(Format format);  // logfmt from the start
// Replaces standard error, e.g. in tests; an empty function restores it. The line has no newline.
void set_sink(std::function<void(Level, std::string_view line)> sink);

void write(Level level, std::string_view component, std::string_view message, std::initializer_list<Field> fields = {});

// A record for machines (errors, audit): a JSON line whatever the format, with the time
// of what it tells. False if standard error refused it.
bool record(Level level, Timestamp time, std::string_view component, std::string_view message,
            std::span<const Field> fields);

inline void debug(std::string_view component, std::string_view message, std::initializer_list<Field> fields = {}) {
  write(Level::kDebug, component, message, fields);
}
inline void info(std::string_view component, std::string_view message, std::initializer_list<Field> fields = {}) {
  write(Level::kInfo, component, message, fields);
}
inline void warn(std::string_view component, std::string_view message, std::initializer_list<Field> fields = {}) {
  write(Level::kWarn, component, message, fields);
}
inline void error(std::string_view component, std::string_view message, std::initializer_list<Field> fields = {}) {
  write(Level::kError, component, message, fields);
}

}  // namespace vigil::log
