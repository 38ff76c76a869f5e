// Binary operators on numbers.
#pragma once

#include <cmath>

#include "vigil/promql/ast.h"

namespace vigil::promql {

// Calls visit(compute) with the operator as a function of two doubles: arithmetic
// gives the result, a comparison true or false. One dispatch, then tight loops.
template <class Visit>
auto visit_operator(BinaryOp op, Visit visit) {
  switch (op) {
    case BinaryOp::kAdd: return visit([](double a, double b) { return a + b; });
    case BinaryOp::kSub: return visit([](double a, double b) { return a - b; });
    case BinaryOp::kMul: return visit([](double a, double b) { return a * b; });
    case BinaryOp::kDiv: return visit([](double a, double b) { return a / b; });
    case BinaryOp::kMod: return visit([](double a, double b) { return std::fmod(a, b); });
    case BinaryOp::kPow: return visit([](double a, double b) { return std::pow(a, b); });
    case BinaryOp::kAtan2: return visit([](double a, double b) { return std::atan2(a, b); });
    case BinaryOp::kEqual: return visit([](double a, double b) { return a == b; });
    case BinaryOp::kNotEqual: return visit([](double a, double b) { return a != b; });
    case BinaryOp::kGreater: return visit([](double a, double b) { return a > b; });
    case BinaryOp::kLess: return visit([](double a, double b) { return a < b; });
    case BinaryOp::kGreaterEqual: return visit([](double a, double b) { return a >= b; });
    case BinaryOp::kLessEqual:
    default: return visit([](double a, double b) { return a <= b; });
  }
}

inline bool is_trim(BinaryOp op) { return op == BinaryOp::kTrimUpper || op == BinaryOp::kTrimLower; }

}  // namespace vigil::promql
