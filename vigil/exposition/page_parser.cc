#include "vigil/exposition/page_parser.h"

#include <algorithm>
#include <cstring>

#include "vigil/base/strings.h"
#include "vigil/exposition/number.h"
#include "vigil/exposition/protobuf_parser.h"
#include "vigil/exposition/scan.h"

namespace vigil::exposition {
namespace {

using internal::find_closing_brace;
using internal::find_name_end;
using internal::is_blank;

const char* find_line_end(const char* p, const char* end) {
  const void* newline = std::memchr(p, '\n', static_cast<std::size_t>(end - p));
  return newline == nullptr ? end : static_cast<const char*>(newline);
}

const char* skip_blanks(const char* p, const char* end) {
  while (p != end && is_blank(*p)) ++p;
  return p;
}

// The end of a metadata line's name: a blank, or behind the quote that closes a quoted name.
const char* metadata_name_end(const char* p, const char* end) {
  if (p == end || *p != '"') return std::find_if(p, end, is_blank);
  for (++p; p != end; ++p) {
    if (*p == '\\' && end - p > 1) {
      ++p;
    } else if (*p == '"') {
      return p + 1;
    }
  }
  return end;
}

// A legacy name, or any UTF-8 in quotes.
bool is_metadata_name(std::string_view name) {
  if (name.front() != '"') return is_legacy_metric_name(name);
  return name.size() > 2 && name.ends_with('"') && is_valid_utf8(name);
}

std::string_view view(const char* from, const char* to) { return {from, static_cast<std::size_t>(to - from)}; }

std::string unescape(std::string_view raw, bool quotes) {
  std::string out;
  out.reserve(raw.size());
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] == '\\' && i + 1 < raw.size()) {
      const char next = raw[i + 1];
      if (next == '\\' || next == 'n' || (next == '"' && quotes)) {
        out += next == 'n' ? '\n' : next;
        ++i;
        continue;
      }
    }
    out += raw[i];
  }
  return out;
}

}  // namespace

bool parse_metric_type(std::string_view text, Format format, MetricType& type) {
  struct Entry {
    std::string_view name;
    MetricType type;
    bool openmetrics_only;
  };
  static constexpr Entry kTypes[] = {
      {"counter", MetricType::kCounter, false},
      {"gauge", MetricType::kGauge, false},
      {"histogram", MetricType::kHistogram, false},
      {"summary", MetricType::kSummary, false},
      {"unknown", MetricType::kUnknown, true},
      {"gaugehistogram", MetricType::kGaugeHistogram, true},
      {"info", MetricType::kInfo, true},
      {"stateset", MetricType::kStateSet, true},
  };
  if (text == "untyped" && format == Format::kText) {
    type = MetricType::kUnknown;
    return true;
  }
  for (const Entry& entry : kTypes) {
    if (entry.name == text && (!entry.openmetrics_only || format == Format::kOpenMetrics)) {
      type = entry.type;
      return true;
    }
  }
  return false;
}

std::string unquote_name(std::string_view raw) {
  if (raw.size() < 2 || raw.front() != '"' || raw.back() != '"') return std::string(raw);
  return unescape(raw.substr(1, raw.size() - 2), true);
}

std::string unescape_help(std::string_view raw, Format format) {
  if (format == Format::kProtobuf) return std::string(raw);
  return unescape(raw, format == Format::kOpenMetrics);
}

Result<Format> format_of_content_type(std::string_view content_type) {
  std::string type(content_type.substr(0, content_type.find(';')));
  while (!type.empty() && is_blank(type.back())) type.pop_back();
  type.erase(0, type.find_first_not_of(" \t"));
  std::transform(type.begin(), type.end(), type.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (type == "application/openmetrics-text") return Format::kOpenMetrics;
  if (type == "text/plain") return Format::kText;
  if (type == "application/vnd.google.protobuf") return Format::kProtobuf;
  return fail(ErrorCode::kNotFound,
              type.empty() ? "no Content-Type" : "unsupported Content-Type " + go_quote(content_type));
}

PageParser::PageParser(std::string_view page, Format format, NativeHistograms native)
    : begin_(page.data()), end_(page.data() + page.size()), at_(begin_), line_(begin_), format_(format) {
  VIGIL_CHECK(format == Format::kText || format == Format::kOpenMetrics || format == Format::kProtobuf);
  if (format == Format::kProtobuf) protobuf_ = std::make_unique<internal::ProtobufParser>(page, native);
}

PageParser::~PageParser() = default;

PageParser::Event PageParser::next() {
  if (last_ == Event::kEnd || last_ == Event::kError) return last_;
  if (protobuf_ != nullptr) return last_ = next_protobuf();
  return last_ = format_ == Format::kText ? next_text() : next_openmetrics();
}

PageParser::Event PageParser::next_protobuf() {
  const Event event = protobuf_->next(sample_, metadata_);
  type_ = protobuf_->type();
  if (event == Event::kError) error_ = protobuf_->error();
  return event;
}

Error PageParser::error_at(const char* position, std::string_view message) const {
  if (protobuf_ != nullptr) return protobuf_->error_here(message);
  const char* const place = std::clamp(position, begin_, end_);
  const auto line = 1 + std::count(begin_, place, '\n');
  const char* line_begin = place;
  while (line_begin != begin_ && line_begin[-1] != '\n') --line_begin;
  constexpr std::ptrdiff_t kExcerpt = 60;
  const char* const from = place - line_begin > kExcerpt / 2 ? place - kExcerpt / 2 : line_begin;
  const char* const to = std::min(from + std::min(kExcerpt, end_ - from), find_line_end(place, end_));
  return {ErrorCode::kInvalidArgument, "line " + std::to_string(line) + ", column " +
                                           std::to_string(place - line_begin + 1) + ": " + std::string(message) +
                                           " near " + go_quote(view(from, std::max(from, to)))};
}

PageParser::Event PageParser::fail_at(const char* position, std::string_view message) {
  error_ = error_at(position, message);
  return Event::kError;
}

// Reads the series at at_ and leaves at_ behind it.
bool PageParser::read_series() {
  const char* const start = at_;
  const char* p = find_name_end(start, end_);
  const char* after = format_ == Format::kText ? skip_blanks(p, end_) : p;
  if (after != end_ && *after == '{') {
    after = find_closing_brace(after + 1, end_);
    if (after == nullptr) {
      fail_at(start, "the label block is not closed");
      return false;
    }
    p = after + 1;
  } else if (p == start) {
    fail_at(start, "expected a metric name");
    return false;
  }
  sample_.series = view(start, p);
  at_ = p;
  return true;
}

PageParser::Event PageParser::next_text() {
  while (true) {
    at_ = skip_blanks(at_, end_);
    if (at_ == end_) return Event::kEnd;
    line_ = at_;
    if (*at_ == '\n') {
      ++at_;
    } else if (*at_ == '#') {
      // Anything but a complete metadata line is a comment.
      if (const Event event = text_comment(); event != Event::kSample) return event;
    } else {
      return text_sample();
    }
  }
}

PageParser::Event PageParser::text_comment() {
  const char* const line_end = find_line_end(at_, end_);
  const char* p = skip_blanks(at_ + 1, line_end);
  at_ = line_end == end_ ? end_ : line_end + 1;
  const char* const keyword_end = std::find_if(p, line_end, is_blank);
  const std::string_view keyword = view(p, keyword_end);
  if (keyword != "HELP" && keyword != "TYPE") return Event::kSample;
  p = skip_blanks(keyword_end, line_end);
  const char* const name_end = metadata_name_end(p, line_end);
  if (name_end == p) return Event::kSample;
  metadata_.name = view(p, name_end);
  if (!is_metadata_name(metadata_.name)) return fail_at(p, "invalid metric name " + go_quote(metadata_.name));
  const char* const text = skip_blanks(name_end, line_end);
  if (keyword == "HELP") {
    metadata_.text = view(text, line_end);
    return Event::kHelp;
  }
  const char* text_end = line_end;
  while (text_end != text && is_blank(text_end[-1])) --text_end;
  metadata_.text = view(text, text_end);
  if (metadata_.text.empty()) return Event::kSample;
  if (!parse_metric_type(metadata_.text, format_, metadata_.type)) {
    return fail_at(text, "unknown metric type " + go_quote(metadata_.text));
  }
  type_ = metadata_.type;
  return Event::kType;
}

PageParser::Event PageParser::text_sample() {
  if (!read_series()) return Event::kError;
  const char* p = skip_blanks(at_, end_);
  const auto token_end = [this](const char* from) {
    while (from != end_ && !is_blank(*from) && *from != '\n') ++from;
    return from;
  };
  const char* stop = token_end(p);
  if (stop == p) return fail_at(p, "expected a value after the series");
  if (!parse_value(view(p, stop), sample_.value)) return fail_at(p, "expected a number as value");
  sample_.has_timestamp = false;
  sample_.has_exemplar = false;
  p = skip_blanks(stop, end_);
  if (p != end_ && *p != '\n') {
    stop = token_end(p);
    if (!parse_timestamp_ms(view(p, stop), sample_.timestamp)) {
      return fail_at(p, "expected a timestamp in whole milliseconds or the end of the line");
    }
    sample_.has_timestamp = true;
    p = skip_blanks(stop, end_);
    if (p != end_ && *p != '\n') return fail_at(p, "expected the end of the line after the timestamp");
  }
  at_ = p == end_ ? end_ : p + 1;
  return Event::kSample;
}

PageParser::Event PageParser::next_openmetrics() {
  line_ = at_;
  if (at_ == end_) return fail_at(at_, "data does not end with # EOF");
  if (*at_ == '#') return openmetrics_comment();
  if (*at_ == '\n') return fail_at(at_, "blank lines are not allowed");
  return openmetrics_sample();
}

PageParser::Event PageParser::openmetrics_comment() {
  const char* const line_end = find_line_end(at_, end_);
  const std::string_view line = view(at_, line_end);
  if (line == "# EOF") {
    at_ = line_end == end_ ? end_ : line_end + 1;
    return at_ == end_ ? Event::kEnd : fail_at(at_, "unexpected data after # EOF");
  }
  if (line_end == end_) return fail_at(at_, "the last line is not complete: data does not end with # EOF");
  Event event;
  if (line.starts_with("# HELP ")) {
    event = Event::kHelp;
  } else if (line.starts_with("# TYPE ")) {
    event = Event::kType;
  } else if (line.starts_with("# UNIT ")) {
    event = Event::kUnit;
  } else {
    return fail_at(at_, "expected # HELP, # TYPE, # UNIT or # EOF");
  }
  const char* const name = at_ + 7;
  const char* const name_end = metadata_name_end(name, line_end);
  if (name_end == name) return fail_at(name, "expected a metric name");
  if (name_end == line_end || *name_end != ' ') return fail_at(name_end, "expected one space after the metric name");
  metadata_.name = view(name, name_end);
  if (!is_metadata_name(metadata_.name)) return fail_at(name, "invalid metric name " + go_quote(metadata_.name));
  metadata_.text = view(name_end + 1, line_end);
  if (event == Event::kType) {
    if (!parse_metric_type(metadata_.text, format_, metadata_.type)) {
      return fail_at(name_end + 1, "unknown metric type " + go_quote(metadata_.text));
    }
    type_ = metadata_.type;
  } else if (event == Event::kUnit && !metadata_.text.empty()) {
    std::string_view plain = metadata_.name;
    if (plain.ends_with('"')) plain.remove_suffix(1);
    const bool suffix = plain.ends_with(metadata_.text) && plain.size() > metadata_.text.size() &&
                        plain[plain.size() - metadata_.text.size() - 1] == '_';
    if (!suffix) return fail_at(name_end + 1, "the unit is not a suffix of the metric name");
  }
  at_ = line_end + 1;
  return event;
}

PageParser::Event PageParser::openmetrics_sample() {
  if (!read_series()) return Event::kError;
  const auto token_end = [this](const char* from) {
    while (from != end_ && *from != ' ' && *from != '\n') ++from;
    return from;
  };
  if (at_ == end_ || *at_ != ' ') return fail_at(at_, "expected one space and a value after the series");
  const char* p = at_ + 1;
  const char* stop = token_end(p);
  if (!parse_value(view(p, stop), sample_.value)) return fail_at(p, "expected a number as value");
  sample_.has_timestamp = false;
  sample_.has_exemplar = false;
  p = stop;
  if (end_ - p >= 2 && p[0] == ' ' && p[1] != '#') {
    stop = token_end(p + 1);
    if (!parse_timestamp_seconds(view(p + 1, stop), sample_.timestamp)) {
      return fail_at(p + 1, "expected a timestamp in seconds, an exemplar or the end of the line");
    }
    sample_.has_timestamp = true;
    p = stop;
  }
  at_ = p;
  if (p != end_ && *p == ' ' && !read_exemplar()) return Event::kError;
  if (at_ == end_ || *at_ != '\n') return fail_at(at_, "expected the end of the line");
  ++at_;
  return Event::kSample;
}

// ` # {a="b"} 0.5 1.2`, with at_ at the first space.
bool PageParser::read_exemplar() {
  const char* const start = at_;
  if (end_ - start < 4 || std::memcmp(start, " # {", 4) != 0) {
    fail_at(start, "expected an exemplar or the end of the line");
    return false;
  }
  ExemplarView& exemplar = sample_.exemplar;
  const char* const close = find_closing_brace(start + 4, end_);
  if (close == nullptr) {
    fail_at(start + 3, "the exemplar's label block is not closed");
    return false;
  }
  exemplar.labels = view(start + 3, close + 1);
  const auto token_end = [this](const char* from) {
    while (from != end_ && *from != ' ' && *from != '\n') ++from;
    return from;
  };
  const char* p = close + 1;
  if (p == end_ || *p != ' ') {
    fail_at(p, "expected one space and the exemplar's value");
    return false;
  }
  ++p;
  const char* stop = token_end(p);
  if (!parse_value(view(p, stop), exemplar.value)) {
    fail_at(p, "expected a number as the exemplar's value");
    return false;
  }
  exemplar.has_timestamp = false;
  p = stop;
  if (p != end_ && *p == ' ') {
    stop = token_end(++p);
    if (!parse_timestamp_seconds(view(p, stop), exemplar.timestamp)) {
      fail_at(p, "expected the exemplar's timestamp in seconds");
      return false;
    }
    exemplar.has_timestamp = true;
  }
  sample_.has_exemplar = true;
  at_ = stop;
  return true;
}

}  // namespace vigil::exposition
