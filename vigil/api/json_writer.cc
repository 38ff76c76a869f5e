#include "vigil/api/json_writer.h"

#include <array>
#include <charconv>
#include <cmath>

#include "vigil/base/strings.h"

namespace vigil::api {

void JsonWriter::open(char c) {
  separate();
  text_ += c;
  needs_comma_ = false;
}

void JsonWriter::close(char c) {
  text_ += c;
  written();
}

void JsonWriter::key(std::string_view name) {
  separate();
  text_ += '"';
  append_json_string(text_, name);
  text_ += "\":";
  needs_comma_ = false;
}

void JsonWriter::value(std::string_view text) {
  separate();
  text_ += '"';
  append_json_string(text_, text);
  text_ += '"';
  written();
}

void JsonWriter::value(double number) {
  if (!std::isfinite(number)) return null();
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  raw({digits.data(), static_cast<std::size_t>(end - digits.data())});
}

void JsonWriter::value(const Labels& labels) {
  begin_object();
  for (const LabelView label : labels) member(label.name, label.value);
  end_object();
}

void JsonWriter::raw(std::string_view json) {
  separate();
  text_ += json;
  written();
}

void JsonWriter::timestamp(Timestamp time) {
  separate();
  // Unsigned, so that the smallest value has a magnitude too.
  std::uint64_t magnitude = static_cast<std::uint64_t>(time);
  if (time < 0) {
    text_ += '-';
    magnitude = 0 - magnitude;
  }
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), magnitude / 1000).ptr;
  text_.append(digits.data(), end);
  if (const auto fraction = static_cast<unsigned>(magnitude % 1000); fraction != 0) {
    text_ += '.';
    text_ += static_cast<char>('0' + fraction / 100);
    text_ += static_cast<char>('0' + fraction / 10 % 10);
    text_ += static_cast<char>('0' + fraction % 10);
  }
  written();
}

void JsonWriter::sample(double number) {
  separate();
  text_ += '"';
  append_float(text_, number);
  text_ += '"';
  written();
}

bool JsonWriter::flush() {
  if (!sink_) return true;
  if (wanted_ && !text_.empty()) wanted_ = sink_(text_);
  text_.clear();
  return wanted_;
}

}  // namespace vigil::api
