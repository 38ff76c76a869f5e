#include "vigil/net/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <vector>

namespace vigil::net {
namespace {

constexpr int kGzipWindowBits = 15 + 16;  // 16 asks zlib for the gzip wrapper
constexpr std::size_t kBlock = 64U << 10;

// zlib's interface predates const.
Bytef* bytes_of(std::string_view text) { return reinterpret_cast<Bytef*>(const_cast<char*>(text.data())); }

uInt clamp_size(std::size_t size) {
  return static_cast<uInt>(std::min<std::size_t>(size, std::numeric_limits<uInt>::max()));
}

}  // namespace

struct GzipStream::State {
  z_stream z{};
  std::vector<char> block = std::vector<char>(16U << 10);

  void run(std::string_view text, int flush, std::string& out) {
    z.next_in = bytes_of(text);
    std::size_t left = text.size();
    do {
      z.avail_in = clamp_size(left);
      left -= z.avail_in;
      do {
        z.next_out = reinterpret_cast<Bytef*>(block.data());
        z.avail_out = static_cast<uInt>(block.size());
        deflate(&z, left == 0 ? flush : Z_NO_FLUSH);
        out.append(block.data(), block.size() - z.avail_out);
      } while (z.avail_out == 0);
    } while (left > 0);
  }
};

GzipStream::GzipStream(int level) : state_(std::make_unique<State>()) {
  // Fails only without memory or on wrong constants.
  VIGIL_CHECK(deflateInit2(&state_->z, level, Z_DEFLATED, kGzipWindowBits, 8, Z_DEFAULT_STRATEGY) == Z_OK);
}

GzipStream::~GzipStream() { deflateEnd(&state_->z); }

void GzipStream::write(std::string_view text, std::string& out) { state_->run(text, Z_SYNC_FLUSH, out); }

void GzipStream::finish(std::string& out) { state_->run({}, Z_FINISH, out); }

std::string gzip_compress(std::string_view text, int level) {
  z_stream z{};
  VIGIL_CHECK(deflateInit2(&z, level, Z_DEFLATED, kGzipWindowBits, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&z, static_cast<uLong>(text.size())), '\0');
  z.next_in = bytes_of(text);
  std::size_t left = text.size();
  std::size_t made = 0;
  int status = Z_OK;
  while (status == Z_OK) {
    if (z.avail_in == 0) {
      z.avail_in = clamp_size(left);
      left -= z.avail_in;
    }
    z.next_out = reinterpret_cast<Bytef*>(out.data() + made);
    z.avail_out = clamp_size(out.size() - made);
    const uInt room = z.avail_out;
    status = deflate(&z, left == 0 ? Z_FINISH : Z_NO_FLUSH);
    made += room - z.avail_out;
  }
  deflateEnd(&z);
  VIGIL_CHECK(status == Z_STREAM_END);
  out.resize(made);
  return out;
}

Result<std::string> gzip_decompress(std::string_view bytes, std::uint64_t max_bytes) {
  z_stream z{};
  VIGIL_CHECK(inflateInit2(&z, kGzipWindowBits) == Z_OK);
  struct End {
    z_stream* stream;
    ~End() { inflateEnd(stream); }
  } end{&z};

  std::string out;
  std::vector<char> block(kBlock);
  z.next_in = bytes_of(bytes);
  std::size_t left = bytes.size();
  while (true) {
    if (z.avail_in == 0) {
      z.avail_in = clamp_size(left);
      left -= z.avail_in;
    }
    z.next_out = reinterpret_cast<Bytef*>(block.data());
    z.avail_out = static_cast<uInt>(block.size());
    const int status = inflate(&z, Z_NO_FLUSH);
    const std::size_t made = block.size() - z.avail_out;
    if (out.size() + made > max_bytes) {
      return fail(ErrorCode::kLimitExceeded,
                  "the body is longer than " + std::to_string(max_bytes) + " bytes when decompressed");
    }
    out.append(block.data(), made);
    if (status == Z_STREAM_END) {
      if (z.avail_in == 0 && left == 0) return out;
      inflateReset(&z);  // the next member
      continue;
    }
    if (status != Z_OK) return fail(ErrorCode::kInvalidArgument, "the body is not valid gzip");
    if (made == 0 && z.avail_in == 0 && left == 0) return fail(ErrorCode::kInvalidArgument, "the gzip body is cut off");
  }
}

}  // namespace vigil::net
