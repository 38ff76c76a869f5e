// A Beast body type that grows with what really arrives (never with what
// Content-Length promises) and counts against a limit and a budget shared by all
// requests. Internal to net.
#pragma once

#include <atomic>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/optional/optional.hpp>
#include <cstdint>
#include <string>
#include <utility>

namespace vigil::net {

// Bytes of one request counted in a shared total until destruction.
class BudgetShare {
 public:
  BudgetShare() = default;
  BudgetShare(std::atomic<std::uint64_t>* used, std::uint64_t budget) : used_(used), budget_(budget) {}
  BudgetShare(BudgetShare&& other) noexcept
      : used_(other.used_), budget_(other.budget_), held_(std::exchange(other.held_, 0)) {}
  BudgetShare& operator=(BudgetShare&& other) noexcept {
    std::swap(used_, other.used_);
    std::swap(budget_, other.budget_);
    std::swap(held_, other.held_);
    return *this;
  }
  ~BudgetShare() {
    if (held_ > 0) used_->fetch_sub(held_);
  }

  bool take(std::uint64_t bytes) {
    if (used_ == nullptr) return true;
    held_ += bytes;
    return used_->fetch_add(bytes) + bytes <= budget_;
  }

 private:
  std::atomic<std::uint64_t>* used_ = nullptr;
  std::uint64_t budget_ = 0;
  std::uint64_t held_ = 0;
};

struct RequestBody {
  struct value_type {
    std::string text;
    std::uint64_t limit = 0;
    BudgetShare share;
    bool too_large = false;
    bool over_budget = false;
  };

  class reader {
   public:
    template <bool IsRequest, class Fields>
    reader(boost::beast::http::header<IsRequest, Fields>&, value_type& body) : body_(body) {}

    void init(const boost::optional<std::uint64_t>&, boost::system::error_code& error) { error = {}; }
    template <class Buffers>
    std::size_t put(const Buffers& buffers, boost::system::error_code& error) {
      const std::size_t size = boost::asio::buffer_size(buffers);
      body_.too_large = body_.text.size() + size > body_.limit;
      body_.over_budget = !body_.too_large && !body_.share.take(size);
      if (body_.too_large || body_.over_budget) {
        error = boost::beast::http::error::body_limit;
        // What came is of no use to anyone, and the connection may linger.
        body_.text = {};
        body_.share = {};
        return 0;
      }
      error = {};
      for (auto at = boost::asio::buffer_sequence_begin(buffers); at != boost::asio::buffer_sequence_end(buffers);
           ++at) {
        const boost::asio::const_buffer piece(*at);
        body_.text.append(static_cast<const char*>(piece.data()), piece.size());
      }
      return size;
    }
    void finish(boost::system::error_code& error) { error = {}; }

   private:
    value_type& body_;
  };
};

}  // namespace vigil::net
