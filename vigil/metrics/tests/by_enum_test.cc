#include "vigil/metrics/by_enum.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <string>

namespace vigil::metrics {
namespace {

inline constexpr ClosedLabel kColours = closed<"colour", "red", "green", "blue">;
inline constexpr ClosedLabel kSizes = closed<"size", "small", "large">;
// The closed labels in another order than the labels.
inline constexpr CounterDef<"size", "colour"> kMarbles{"marbles_total", "Marbles.", {.closed = {kColours, kSizes}}};
inline constexpr GaugeDef<"colour"> kWeight{"weight_grams", "Weight.", {.closed = {kColours}, .unit = "grams"}};

enum class Colour : std::uint8_t { kRed, kGreen, kBlue };
enum class Size : std::uint8_t { kSmall, kLarge };

class Values final : public Visitor {
 public:
  explicit Values(const Registry& registry) { registry.visit(*this); }
  void begin_family(const FamilyView& family) override {
    name_ = family.name;
    units[name_] = family.unit;
  }
  void point(std::string_view labels, const PointView& value) override {
    if (!name_.starts_with("vigil_")) points[name_ + "{" + std::string(labels) + "}"] = value.value;
  }
  void histogram(std::string_view, const HistogramView&) override {}

  std::map<std::string, double> points;
  std::map<std::string, std::string> units;

 private:
  std::string name_;
};

TEST(ByEnum, EachCombinationHasItsOwnSeries) {
  Registry registry;
  const ByEnum<kMarbles, Size, Colour> marbles(registry);
  const ByEnum<kWeight, Colour> weight(registry);
  int n = 0;
  for (const Size size : {Size::kSmall, Size::kLarge}) {
    for (const Colour colour : {Colour::kRed, Colour::kGreen, Colour::kBlue}) marbles(size, colour).inc(++n);
  }
  weight(Colour::kBlue).set(7);  // the others are not shown before their first set
  EXPECT_EQ(Values(registry).points, (std::map<std::string, double>{
                                         {"marbles_total{size=\"small\",colour=\"red\"}", 1},
                                         {"marbles_total{size=\"small\",colour=\"green\"}", 2},
                                         {"marbles_total{size=\"small\",colour=\"blue\"}", 3},
                                         {"marbles_total{size=\"large\",colour=\"red\"}", 4},
                                         {"marbles_total{size=\"large\",colour=\"green\"}", 5},
                                         {"marbles_total{size=\"large\",colour=\"blue\"}", 6},
                                         {"weight_grams{colour=\"blue\"}", 7},
                                     }));
  EXPECT_TRUE(registry.problems().empty());
}

TEST(Collector, OfADescriptionHasItsUnitAndLabels) {
  Registry registry;
  const Collector collector(registry, kWeight.describe(), [](CollectorSink& sink) { sink.point({"red"}, 3); });
  const Values values(registry);
  EXPECT_EQ(values.points, (std::map<std::string, double>{{"weight_grams{colour=\"red\"}", 3}}));
  EXPECT_EQ(values.units.at("weight_grams"), "grams");
}

}  // namespace
}  // namespace vigil::metrics
