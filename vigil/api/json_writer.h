// Writes JSON as it goes: no tree, no copies of what is large.
//
//   JsonWriter json;
//   json.begin_object();
//   json.member("status", "success");
//   json.key("data");
//   json.begin_array();
//   …
//   json.take();  // the text
//
// Commas are put where they belong; balancing begin and end is the caller's.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "vigil/base/time.h"
#include "vigil/model/labels.h"

namespace vigil::api {

// Not thread-safe.
class JsonWriter {
 public:
  // Takes what has been written so far; false once nobody reads any more.
  using Sink = std::function<bool(std::string_view text)>;

  JsonWriter() = default;  // keeps everything
  // Hands over pieces of at least `piece_bytes`, the rest in flush().
  JsonWriter(Sink sink, std::size_t piece_bytes) : sink_(std::move(sink)), piece_bytes_(piece_bytes) {}

  void begin_object() { open('{'); }
  void end_object() { close('}'); }
  void begin_array() { open('['); }
  void end_array() { close(']'); }
  void key(std::string_view name);

  void value(std::string_view text);
  void value(const char* text) { value(std::string_view(text)); }
  void value(const std::string& text) { value(std::string_view(text)); }
  void value(bool truth) { raw(truth ? "true" : "false"); }
  void value(double number);  // NaN and infinities, which JSON lacks, become null
  template <std::integral I>
  void value(I number) {
    raw(std::to_string(number));
  }
  void value(const Labels& labels);  // {"name":"value",…}
  void null() { raw("null"); }
  void raw(std::string_view json);  // one value, already JSON

  // Seconds with as many of three decimals as Prometheus writes: 1435781430.781, 5, 0.050.
  void timestamp(Timestamp time);
  // A sample's value: a string in Prometheus' float format.
  void sample(double number);

  template <class T>
  void member(std::string_view name, const T& content) {
    key(name);
    value(content);
  }

  // False once the sink refused: whatever is written afterwards is dropped.
  bool wanted() const { return wanted_; }
  bool flush();
  std::string take() { return std::exchange(text_, {}); }

 private:
  void open(char c);
  void close(char c);
  void separate() {
    if (needs_comma_) text_ += ',';
  }
  void written() {
    needs_comma_ = true;
    if (text_.size() >= piece_bytes_) flush();
  }

  Sink sink_;
  std::size_t piece_bytes_ = SIZE_MAX;
  std::string text_;
  bool needs_comma_ = false;
  bool wanted_ = true;
};

}  // namespace vigil::api
