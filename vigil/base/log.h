// Structured logging in logfmt to standard error:
//   ts=2026-01-02T03:04:05.678Z level=info component=scrape msg="target down" target=http://…
//
//   log::info("scrape", "target down", {{"target", url}, {"error", message}});
//
// Thread-safety: any thread. Values are escaped; callers never pass secrets.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>

namespace vigil::log {

enum class Level { kDebug, kInfo, kWarn, kError };

struct Field {
  Field(std::string_view name, std::string_view text) : key(name), value(text) {}
  Field(std::string_view name, const char* text) : key(name), value(text) {}
  Field(std::string_view name, const std::string& text) : key(name), value(text) {}
  Field(std::string_view name, std::int64_t number) : key(name), value(std::to_string(number)) {}
  Field(std::string_view name, std::uint64_t number) : key(name), value(std::to_string(number)) {}
  Field(std::string_view name, int number) : key(name), value(std::to_string(number)) {}
  Field(std::string_view name, double number);
  std::string_view key;
  std::string value;
};

void set_level(Level level);
// Replaces standard error, e.g. in tests; an empty function restores it. The line has no newline.
void set_sink(std::function<void(Level, std::string_view line)> sink);

void write(Level level, std::string_view component, std::string_view message, std::initializer_list<Field> fields = {});

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
