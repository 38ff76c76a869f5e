// Functions that templates may call: what the parser checks names against and
// what execution calls.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vigil/base/error.h"
#include "vigil/template/value.h"

namespace vigil::templates {

// What functions may ask of their surroundings (the time, a query). One per execution.
class Environment {
 public:
  virtual ~Environment() = default;
};

// Parameter types are checked before the call, with Go's messages.
enum class Param { kAny, kString, kInt, kFloat, kSample, kSamples };
inline constexpr std::string_view kSampleType = "*template.sample";
inline constexpr std::string_view kSamplesType = "template.queryResult";

struct Arguments {
  std::span<const Value> values;
  Environment* environment = nullptr;
  std::size_t max_bytes = 0;  // of any text that is made
  const Value& operator[](std::size_t index) const { return values[index]; }
  std::size_t size() const { return values.size(); }
};

struct Function {
  std::vector<Param> params;
  bool variadic = false;  // the last parameter any number of times, also zero
  Result<Value> (*call)(const Arguments& arguments) = nullptr;
};

// Immutable once in use; outlives every template parsed with it.
using FunctionTable = std::map<std::string, Function, std::less<>>;

// and or not eq ne lt le gt ge len index slice print printf println html js urlquery call.
const FunctionTable& builtin_functions();
// The same and `own`; one of the same name in `own` wins.
FunctionTable with_builtins(const FunctionTable& own);

// Text helpers shared by function tables.
std::string html_escape(std::string_view text);
std::string js_escape(std::string_view text);
std::string query_escape(std::string_view text);  // Go's url.QueryEscape

}  // namespace vigil::templates
