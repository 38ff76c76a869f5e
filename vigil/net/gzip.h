// gzip (RFC 1952) in memory and as a stream, with a limit on what comes out.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "vigil/base/error.h"

namespace vigil::net {

// zlib's level 1 costs a third of level 6 and is a tenth worse on metrics text.
inline constexpr int kFastGzip = 1;

std::string gzip_compress(std::string_view text, int level = kFastGzip);

// kLimitExceeded if the result is longer than `max_bytes`; kInvalidArgument if `bytes`
// is not one or more complete gzip members.
Result<std::string> gzip_decompress(std::string_view bytes, std::uint64_t max_bytes);

// Compresses piece by piece. Not thread-safe.
class GzipStream {
 public:
  explicit GzipStream(int level = kFastGzip);
  ~GzipStream();
  GzipStream(const GzipStream&) = delete;
  GzipStream& operator=(const GzipStream&) = delete;

  // Appends to `out` everything needed to decompress all of the text so far.
  void write(std::string_view text, std::string& out);
  // Ends the stream; nothing may be written afterwards.
  void finish(std::string& out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace vigil::net
