#include "vigil/storage/index/postings.h"

#include <algorithm>
#include <bit>

namespace vigil::storage {
namespace {

// First position at or after `from` whose id is not below `id`: doubling steps, then bisection.
std::size_t gallop(PostingsView list, std::size_t from, std::uint32_t id) {
  std::size_t step = 1;
  std::size_t low = from;
  while (from + step < list.size() && list[from + step] < id) {
    low = from + step;
    step *= 2;
  }
  const auto begin = list.begin() + static_cast<std::ptrdiff_t>(low);
  const auto end = list.begin() + static_cast<std::ptrdiff_t>(std::min(list.size(), from + step + 1));
  return static_cast<std::size_t>(std::lower_bound(begin, end, id) - list.begin());
}

}  // namespace

Postings intersect(PostingsView a, PostingsView b) {
  if (a.size() > b.size()) std::swap(a, b);
  Postings out;
  out.reserve(a.size());
  if (a.size() * 16 < b.size()) {
    std::size_t at = 0;
    for (const std::uint32_t id : a) {
      at = gallop(b, at, id);
      if (at == b.size()) break;
      if (b[at] == id) out.push_back(id);
    }
  } else {
    std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(out));
  }
  return out;
}

Postings subtract(PostingsView a, PostingsView b) {
  Postings out;
  out.reserve(a.size());
  std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(out));
  return out;
}

Postings unite(std::span<const PostingsView> lists) {
  std::size_t total = 0;
  std::uint32_t max = 0;
  for (const PostingsView list : lists) {
    total += list.size();
    if (!list.empty()) max = std::max(max, list.back());
  }
  Postings out;
  out.reserve(total);
  if (lists.size() <= 2 || total < max / 64) {
    for (const PostingsView list : lists) out.insert(out.end(), list.begin(), list.end());
    if (lists.size() > 1) {
      std::sort(out.begin(), out.end());
      out.erase(std::unique(out.begin(), out.end()), out.end());
    }
    return out;
  }
  // Many ids: mark them in a bitmap and read it off in order.
  std::vector<std::uint64_t> bitmap(max / 64 + 1);
  for (const PostingsView list : lists) {
    for (const std::uint32_t id : list) bitmap[id / 64] |= std::uint64_t{1} << (id % 64);
  }
  for (std::size_t word = 0; word < bitmap.size(); ++word) {
    for (std::uint64_t bits = bitmap[word]; bits != 0; bits &= bits - 1) {
      out.push_back(static_cast<std::uint32_t>(word * 64 + static_cast<std::size_t>(std::countr_zero(bits))));
    }
  }
  return out;
}

void insert(Postings& postings, std::uint32_t id) {
  if (postings.empty() || postings.back() < id) {
    // Doubling wastes a third on average; most lists are short and there are many.
    if (postings.size() == postings.capacity()) postings.reserve(postings.size() + postings.size() / 4 + 1);
    postings.push_back(id);
    return;
  }
  const auto at = std::lower_bound(postings.begin(), postings.end(), id);
  if (at == postings.end() || *at != id) postings.insert(at, id);
}

}  // namespace vigil::storage
