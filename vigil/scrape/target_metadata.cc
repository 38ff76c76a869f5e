#include "vigil/scrape/target_metadata.h"

#include <algorithm>
#include <utility>

#include "vigil/base/strings.h"

namespace vigil::scrape {
namespace {

// Cuts at a whole character.
std::string_view cut(std::string_view text) {
  if (text.size() <= TargetMetadata::kMaxTextBytes) return text;
  std::size_t size = TargetMetadata::kMaxTextBytes;
  while (size > 0 && (text[size] & '\xC0') == '\x80') --size;
  return text.substr(0, size);
}

}  // namespace

TargetMetadata::Family* TargetMetadata::family(std::string_view raw_name) {
  for (const std::size_t guess : {last_, last_ + 1, std::size_t{0}}) {
    if (guess < families_.size() && families_[guess].raw_name == raw_name) {
      last_ = guess;
      return &families_[guess];
    }
  }
  if (const auto found = by_name_.find(raw_name); found != by_name_.end()) {
    last_ = found->second;
    return &families_[last_];
  }
  if (families_.size() >= kMaxFamilies || raw_name.size() > kMaxTextBytes || !is_valid_utf8(raw_name)) return nullptr;
  last_ = families_.size();
  by_name_.emplace(raw_name, last_);
  Family& added = families_.emplace_back();
  added.raw_name = raw_name;
  added.content.name = exposition::unquote_name(raw_name);
  return &added;
}

void TargetMetadata::observe(exposition::PageParser::Event event, const exposition::MetadataView& line,
                             exposition::Format format) {
  Family* const found = family(line.name);
  if (found == nullptr) return;
  found->round = round_;
  MetricMetadata& metadata = found->content.metadata;
  const std::string_view text = cut(line.text);
  switch (event) {
    case exposition::PageParser::Event::kType:
      if (metadata.type == line.type) return;
      metadata.type = line.type;
      break;
    case exposition::PageParser::Event::kHelp:
      if (found->raw_help == text || !is_valid_utf8(text)) return;
      found->raw_help = text;
      metadata.help = exposition::unescape_help(text, format);
      break;
    case exposition::PageParser::Event::kUnit:
      if (found->raw_unit == text || !is_valid_utf8(text)) return;
      found->raw_unit = text;
      metadata.unit = text;
      break;
    case exposition::PageParser::Event::kEnd:
    case exposition::PageParser::Event::kError:
    case exposition::PageParser::Event::kSample: return;
  }
  found->changed = true;
  changed_ = true;
}

void TargetMetadata::publish(Appender& appender) {
  const auto too_old = [this](const Family& family) { return round_ - family.round > kMaxAge; };
  if (round_ % kMaxAge == 0 && std::erase_if(families_, too_old) > 0) {
    by_name_.clear();
    for (std::size_t i = 0; i < families_.size(); ++i) by_name_.emplace(families_[i].raw_name, i);
    last_ = 0;
    changed_ = true;
  }
  if (!std::exchange(changed_, false)) return;
  auto published = std::make_shared<std::vector<FamilyMetadata>>();
  published->reserve(families_.size());
  for (Family& family : families_) {
    // The store keeps metadata as a courtesy: if it refuses, the target still shows it.
    if (std::exchange(family.changed, false)) {
      static_cast<void>(appender.set_metadata(family.content.name, family.content.metadata));
    }
    published->push_back(family.content);
  }
  MutexLock lock(mutex_);
  snapshot_ = std::move(published);
}

MetadataSnapshot TargetMetadata::snapshot() const {
  MutexLock lock(mutex_);
  return snapshot_;
}

}  // namespace vigil::scrape
