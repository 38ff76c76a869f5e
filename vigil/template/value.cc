#include "vigil/template/value.h"

#include <algorithm>

namespace vigil::templates {
namespace {

template <class Range, class Get>
int depth_of(const Range& range, Get get) {
  int deepest = 0;
  for (const auto& each : range) deepest = std::max(deepest, get(each).depth());
  return deepest + 1;
}

}  // namespace

Value Value::list(std::vector<Value> items, std::string type) {
  auto list = std::make_shared<List>();
  list->type = std::move(type);
  list->depth = depth_of(items, [](const Value& value) -> const Value& { return value; });
  list->items = std::move(items);
  Value out;
  out.data_ = std::shared_ptr<const List>(std::move(list));
  return out;
}

Value Value::map(std::vector<std::pair<std::string, Value>> entries, std::string type, Value zero) {
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  Value out = structure(std::move(entries), std::move(type));
  auto map = std::make_shared<Map>(out.as_map());
  map->is_struct = false;
  map->zero = std::move(zero);
  out.data_ = std::shared_ptr<const Map>(std::move(map));
  return out;
}

Value Value::labels(const Labels& labels) {
  std::vector<std::pair<std::string, Value>> entries;
  for (const LabelView label : labels) entries.emplace_back(label.name, label.value);
  return map(std::move(entries), "map[string]string", "");
}

Value Value::structure(std::vector<std::pair<std::string, Value>> fields, std::string type) {
  auto map = std::make_shared<Map>();
  map->type = std::move(type);
  map->depth = depth_of(fields, [](const auto& field) -> const Value& { return field.second; });
  map->entries = std::move(fields);
  map->is_struct = true;
  Value out;
  out.data_ = std::shared_ptr<const Map>(std::move(map));
  return out;
}

std::string Value::type() const {
  switch (kind()) {
    case Kind::kNil: return "<nil>";
    case Kind::kBool: return "bool";
    case Kind::kInt: return "int";
    case Kind::kFloat: return "float64";
    case Kind::kString: return "string";
    case Kind::kList: return as_list().type;
    case Kind::kMap: return as_map().type;
    case Kind::kObject: return as_object().type();
  }
  return "";
}

bool Value::truth() const {
  switch (kind()) {
    case Kind::kNil: return false;
    case Kind::kBool: return as_bool();
    case Kind::kInt: return as_int() != 0;
    case Kind::kFloat: return as_float() != 0;
    case Kind::kString: return !as_string().empty();
    case Kind::kList: return !as_list().items.empty();
    case Kind::kMap: return as_map().is_struct || !as_map().entries.empty();
    case Kind::kObject: return true;
  }
  return false;
}

int Value::depth() const {
  switch (kind()) {
    case Kind::kList: return as_list().depth;
    case Kind::kMap: return as_map().depth;
    default: return 0;
  }
}

const Value* Map::find(std::string_view key) const {
  if (is_struct) {
    for (const auto& [name, value] : entries) {
      if (name == key) return &value;
    }
    return nullptr;
  }
  const auto found = std::lower_bound(entries.begin(), entries.end(), key,
                                      [](const auto& entry, std::string_view wanted) { return entry.first < wanted; });
  return found != entries.end() && found->first == key ? &found->second : nullptr;
}

}  // namespace vigil::templates
