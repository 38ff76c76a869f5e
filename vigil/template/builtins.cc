// The functions every Go template has (text/template, "Functions").
#include <fmt/format.h>

#include <algorithm>

#include "vigil/template/functions.h"

namespace vigil::templates {
namespace {

using Kind = Value::Kind;

std::unexpected<Error> error(std::string message) { return fail(ErrorCode::kExecution, std::move(message)); }

// eq: basic kinds must agree; nil equals only nil.
Result<bool> equal(const Value& a, const Value& b) {
  if (a.is_nil() || b.is_nil()) return a.is_nil() == b.is_nil();
  for (const Value* each : {&a, &b}) {
    const Kind kind = each->kind();
    if (kind == Kind::kList || kind == Kind::kMap) return error(fmt::format("non-comparable type {}", each->type()));
  }
  if (a.kind() != b.kind()) return error("incompatible types for comparison");
  switch (a.kind()) {
    case Kind::kBool: return a.as_bool() == b.as_bool();
    case Kind::kInt: return a.as_int() == b.as_int();
    case Kind::kFloat: return a.as_float() == b.as_float();
    case Kind::kString: return a.as_string() == b.as_string();
    default: return &a.as_object() == &b.as_object();
  }
}

Result<bool> less(const Value& a, const Value& b) {
  const auto ordered = [](Kind kind) { return kind == Kind::kInt || kind == Kind::kFloat || kind == Kind::kString; };
  for (const Value* each : {&a, &b}) {
    if (!ordered(each->kind()) && each->kind() != Kind::kBool) return error("invalid type for comparison");
  }
  if (a.kind() != b.kind()) return error("incompatible types for comparison");
  switch (a.kind()) {
    case Kind::kInt: return a.as_int() < b.as_int();
    case Kind::kFloat: return a.as_float() < b.as_float();
    case Kind::kString: return a.as_string() < b.as_string();
    default: return error("invalid type for comparison");
  }
}

Result<Value> call_eq(const Arguments& args) {
  if (args.size() < 2) return error("missing argument for comparison");
  for (std::size_t i = 1; i < args.size(); ++i) {
    VIGIL_TRY(const bool same, equal(args[0], args[i]));
    if (same) return true;
  }
  return false;
}
Result<Value> call_ne(const Arguments& args) {
  VIGIL_TRY(const bool same, equal(args[0], args[1]));
  return !same;
}
Result<Value> call_lt(const Arguments& args) { return less(args[0], args[1]); }
Result<Value> call_le(const Arguments& args) {
  VIGIL_TRY(const bool smaller, less(args[0], args[1]));
  return smaller ? Result<Value>(true) : Result<Value>(equal(args[0], args[1]));
}
Result<Value> call_gt(const Arguments& args) {
  VIGIL_TRY(const bool smaller, less(args[0], args[1]));
  VIGIL_TRY(const bool same, equal(args[0], args[1]));
  return !smaller && !same;
}
Result<Value> call_ge(const Arguments& args) {
  VIGIL_TRY(const bool smaller, less(args[0], args[1]));
  return !smaller;
}
Result<Value> call_not(const Arguments& args) { return !args[0].truth(); }

Result<Value> call_len(const Arguments& args) {
  const Value& item = args[0];
  switch (item.kind()) {
    case Kind::kString: return static_cast<std::int64_t>(item.as_string().size());
    case Kind::kList: return static_cast<std::int64_t>(item.as_list().items.size());
    case Kind::kMap:
      if (!item.as_map().is_struct) return static_cast<std::int64_t>(item.as_map().entries.size());
      break;
    case Kind::kNil: return error("len of nil pointer");
    default: break;
  }
  return error(fmt::format("len of type {}", item.type()));
}

Result<std::size_t> position(const Value& index, std::size_t limit) {
  if (index.is_nil()) return error("cannot index slice/array with nil");
  if (index.kind() != Kind::kInt) return error(fmt::format("cannot index slice/array with type {}", index.type()));
  if (index.as_int() < 0 || static_cast<std::uint64_t>(index.as_int()) > limit) {
    return error(fmt::format("index out of range: {}", index.as_int()));
  }
  return static_cast<std::size_t>(index.as_int());
}

Result<Value> call_index(const Arguments& args) {
  Value item = args[0];
  if (item.is_nil()) return error("index of untyped nil");
  for (std::size_t i = 1; i < args.size(); ++i) {
    switch (item.kind()) {
      case Kind::kString: {
        const std::string& text = item.as_string();
        VIGIL_TRY(const std::size_t at, position(args[i], text.size()));
        if (at == text.size()) return error(fmt::format("index out of range: {}", at));
        item = Value(std::int64_t{static_cast<unsigned char>(text[at])});
        break;
      }
      case Kind::kList: {
        const auto& items = item.as_list().items;
        VIGIL_TRY(const std::size_t at, position(args[i], items.size()));
        if (at == items.size()) return error(fmt::format("index out of range: {}", at));
        item = Value(items[at]);
        break;
      }
      case Kind::kMap:
        if (!item.as_map().is_struct) {
          if (args[i].kind() != Kind::kString) {
            return error(args[i].is_nil() ? "value is nil; should be of type string"
                                          : fmt::format("value has type {}; should be string", args[i].type()));
          }
          const Value* found = item.as_map().find(args[i].as_string());
          item = Value(found != nullptr ? *found : item.as_map().zero);
          break;
        }
        [[fallthrough]];
      case Kind::kNil:
        if (item.is_nil()) return error("index of nil pointer");
        [[fallthrough]];
      default: return error(fmt::format("can't index item of type {}", item.type()));
    }
  }
  return item;
}

Result<Value> call_slice(const Arguments& args) {
  const Value& item = args[0];
  if (item.is_nil()) return error("slice of untyped nil");
  if (args.size() > 4) return error(fmt::format("too many slice indexes: {}", args.size() - 1));
  const bool is_string = item.kind() == Kind::kString;
  if (!is_string && item.kind() != Kind::kList) return error(fmt::format("can't slice item of type {}", item.type()));
  if (is_string && args.size() == 4) return error("cannot 3-index slice a string");
  const std::size_t size = is_string ? item.as_string().size() : item.as_list().items.size();
  std::size_t bounds[3] = {0, size, size};
  for (std::size_t i = 1; i < args.size(); ++i) {
    VIGIL_TRY(bounds[i - 1], position(args[i], size));
  }
  for (const std::size_t upper : {std::size_t{1}, std::size_t{2}}) {
    if (bounds[upper - 1] > bounds[upper]) {
      return error(fmt::format("invalid slice index: {} > {}", bounds[upper - 1], bounds[upper]));
    }
  }
  if (is_string) return item.as_string().substr(bounds[0], bounds[1] - bounds[0]);
  const auto begin = item.as_list().items.begin();
  return Value::list({begin + static_cast<std::ptrdiff_t>(bounds[0]), begin + static_cast<std::ptrdiff_t>(bounds[1])},
                     item.type());
}

Result<Value> call_print(const Arguments& args) { return sprint(args.values, args.max_bytes); }
Result<Value> call_println(const Arguments& args) { return sprintln(args.values, args.max_bytes); }
Result<Value> call_printf(const Arguments& args) {
  return sprintf(args[0].as_string(), args.values.subspan(1), args.max_bytes);
}
Result<Value> call_html(const Arguments& args) { return html_escape(sprint(args.values, args.max_bytes)); }
Result<Value> call_js(const Arguments& args) { return js_escape(sprint(args.values, args.max_bytes)); }
Result<Value> call_urlquery(const Arguments& args) { return query_escape(sprint(args.values, args.max_bytes)); }

// Reached only when no argument decided: execution short-circuits these two by name.
Result<Value> call_last(const Arguments& args) { return args[args.size() - 1]; }

Result<Value> call_call(const Arguments& args) {
  if (args[0].is_nil()) return error("call of nil");
  return error(fmt::format("non-function of type {}", args[0].type()));
}

}  // namespace

const FunctionTable& builtin_functions() {
  static const FunctionTable table = {
      {"and", {{Param::kAny, Param::kAny}, true, call_last}},
      {"or", {{Param::kAny, Param::kAny}, true, call_last}},
      {"not", {{Param::kAny}, false, call_not}},
      {"eq", {{Param::kAny, Param::kAny}, true, call_eq}},
      {"ne", {{Param::kAny, Param::kAny}, false, call_ne}},
      {"lt", {{Param::kAny, Param::kAny}, false, call_lt}},
      {"le", {{Param::kAny, Param::kAny}, false, call_le}},
      {"gt", {{Param::kAny, Param::kAny}, false, call_gt}},
      {"ge", {{Param::kAny, Param::kAny}, false, call_ge}},
      {"len", {{Param::kAny}, false, call_len}},
      {"index", {{Param::kAny, Param::kAny}, true, call_index}},
      {"slice", {{Param::kAny, Param::kAny}, true, call_slice}},
      {"print", {{Param::kAny}, true, call_print}},
      {"println", {{Param::kAny}, true, call_println}},
      {"printf", {{Param::kString, Param::kAny}, true, call_printf}},
      {"html", {{Param::kAny}, true, call_html}},
      {"js", {{Param::kAny}, true, call_js}},
      {"urlquery", {{Param::kAny}, true, call_urlquery}},
      {"call", {{Param::kAny, Param::kAny}, true, call_call}},
  };
  return table;
}

}  // namespace vigil::templates
