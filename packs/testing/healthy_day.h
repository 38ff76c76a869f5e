// For tests of packs: a simulated day in which nothing goes wrong.
#pragma once

#include <gtest/gtest.h>

#include <iostream>

#include "vigil/base/log.h"
#include "vigil/lab/experiment.h"

namespace vigil::packs::testing {

// 24 hours of healthy life: no alert fires, every rule evaluates, and what is stored is
// less than 100 MB (HS-170, ZS-126).
inline void check_healthy_day(const pack::Pack& pack) {
  log::set_sink([](log::Level, std::string_view) {});  // simulated nodes log what they suffer
  const auto day = lab::run_healthy(pack, kDay);
  log::set_sink({});
  ASSERT_TRUE(day) << day.error().message();
  for (const lab::FiredAlert& alert : day->alerts) {
    ADD_FAILURE() << alert.labels.to_string() << " fired " << format_duration(alert.fired_at - day->injected_at)
                  << " after the start";
  }
  for (const std::string& error : day->rule_errors) ADD_FAILURE() << error;
  EXPECT_GT(day->samples, day->series * 1000);  // it was a day, and the network worked
  EXPECT_LT(day->bytes_on_disk, 100'000'000U);
  std::cout << day->series << " series, " << day->samples << " samples, " << day->bytes_on_disk << " bytes\n";
}

}  // namespace vigil::packs::testing
