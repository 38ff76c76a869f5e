// Native histograms of a chunk: runs of equal layout (schema, spans, bounds), and
// within a run one column of floats for each count, sum and bucket, as those
// change slowly from sample to sample.
#pragma once

#include <span>
#include <string>

#include "vigil/model/native_histogram.h"
#include "vigil/storage/chunk/int_column.h"

namespace vigil::storage {

void encode_histograms(std::span<const HistogramPtr> histograms, std::string& out);
Result<void> decode_histograms(ByteReader& in, std::span<HistogramPtr> histograms);

// One histogram on its own, as the write-ahead log holds it.
void put_histogram(std::string& out, const NativeHistogram& histogram);
Result<NativeHistogram> read_histogram(ByteReader& in);

}  // namespace vigil::storage
