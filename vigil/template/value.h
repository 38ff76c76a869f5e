// What a template computes with: a small copy of Go's value model, with the Go
// type names that show up in output ("%!d(float64=0)") and in error messages.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "vigil/base/error.h"
#include "vigil/model/labels.h"

namespace vigil::templates {

class Value;

// A value with methods: times, durations, whatever a receiver passes in. Immutable.
class Object {
 public:
  virtual ~Object() = default;
  virtual std::string type() const = 0;       // Go's name: "time.Time"
  virtual std::string to_string() const = 0;  // as Go prints it
  // kNotFound if there is no such method or field.
  virtual Result<Value> call(std::string_view method, std::span<const Value> args) const = 0;
};

struct List;
struct Map;

// Immutable; copies share lists, maps and objects.
class Value {
 public:
  enum class Kind { kNil, kBool, kInt, kFloat, kString, kList, kMap, kObject };

  Value() = default;
  Value(bool value) : data_(value) {}                                      // NOLINT(google-explicit-constructor)
  Value(std::int64_t value) : data_(value) {}                              // NOLINT
  Value(int value) : data_(std::int64_t{value}) {}                         // NOLINT
  Value(double value) : data_(value) {}                                    // NOLINT
  Value(std::string value) : data_(std::move(value)) {}                    // NOLINT
  Value(std::string_view value) : data_(std::string(value)) {}             // NOLINT
  Value(const char* value) : data_(std::string(value)) {}                  // NOLINT
  Value(std::shared_ptr<const Object> value) : data_(std::move(value)) {}  // NOLINT
  static Value list(std::vector<Value> items, std::string type = "[]interface {}");
  // `entries` are sorted by key here; a missing key reads as `zero`.
  static Value map(std::vector<std::pair<std::string, Value>> entries, std::string type = "map[string]interface {}",
                   Value zero = Value());
  static Value labels(const Labels& labels);  // map[string]string
  // Fields in the order given; a missing field is an error.
  static Value structure(std::vector<std::pair<std::string, Value>> fields, std::string type);

  Kind kind() const { return static_cast<Kind>(data_.index()); }
  bool is_nil() const { return kind() == Kind::kNil; }
  // Only for the kind they name.
  bool as_bool() const { return std::get<bool>(data_); }
  std::int64_t as_int() const { return std::get<std::int64_t>(data_); }
  double as_float() const { return std::get<double>(data_); }
  const std::string& as_string() const { return std::get<std::string>(data_); }
  const List& as_list() const { return *std::get<std::shared_ptr<const List>>(data_); }
  const Map& as_map() const { return *std::get<std::shared_ptr<const Map>>(data_); }
  const Object& as_object() const { return *std::get<std::shared_ptr<const Object>>(data_); }

  // Go's name of the type: "int", "float64", "map[string]string"; "<nil>" for nil.
  std::string type() const;
  // What `if` thinks: not zero, not empty, not nil.
  bool truth() const;
  // Levels of lists and maps inside each other; a scalar has 0.
  int depth() const;

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, std::shared_ptr<const List>,
               std::shared_ptr<const Map>, std::shared_ptr<const Object>>
      data_;
};

struct List {
  std::string type;
  std::vector<Value> items;
  int depth = 1;
};

struct Map {
  std::string type;
  std::vector<std::pair<std::string, Value>> entries;  // sorted by key, except for a structure
  bool is_struct = false;
  Value zero;
  int depth = 1;

  const Value* find(std::string_view key) const;
};

// As Go's fmt.Sprint prints one value (%v). Stops growing `out` beyond `max_bytes`.
void print(std::string& out, const Value& value, std::size_t max_bytes);
// fmt.Sprint: a space between two operands when neither is a string.
std::string sprint(std::span<const Value> args, std::size_t max_bytes);
std::string sprintln(std::span<const Value> args, std::size_t max_bytes);
// fmt.Sprintf; a wrong verb or count prints "%!d(string=x)" or the like, as Go does.
std::string sprintf(std::string_view format, std::span<const Value> args, std::size_t max_bytes);
// strconv.FormatFloat(value, verb, precision): verbs e E f F g G; -1 = shortest.
std::string format_go_float(double value, char verb, int precision);

}  // namespace vigil::templates
