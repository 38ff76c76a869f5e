// Kernels of rate, increase, delta, irate, idelta, resets, changes.
#pragma once

#include "vigil/promql/eval/windows.h"

namespace vigil::promql {

void rate_kernel(const FloatWindows& in, const KernelArguments& arguments, std::span<double> out);
void increase_kernel(const FloatWindows& in, const KernelArguments& arguments, std::span<double> out);
void delta_kernel(const FloatWindows& in, const KernelArguments& arguments, std::span<double> out);
void irate_kernel(const FloatWindows& in, const KernelArguments& arguments, std::span<double> out);
void idelta_kernel(const FloatWindows& in, const KernelArguments& arguments, std::span<double> out);
void resets_kernel(const FloatWindows& in, const KernelArguments& arguments, std::span<double> out);
void changes_kernel(const FloatWindows& in, const KernelArguments& arguments, std::span<double> out);

}  // namespace vigil::promql
