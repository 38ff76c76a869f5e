// Sorted lists of series ids and the set operations of a selection.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace vigil::storage {

using Postings = std::vector<std::uint32_t>;  // ascending, unique
using PostingsView = std::span<const std::uint32_t>;

// `a` and `b`, in O(short * log(long)) where one is much shorter.
Postings intersect(PostingsView a, PostingsView b);
Postings subtract(PostingsView a, PostingsView b);
Postings unite(std::span<const PostingsView> lists);
void insert(Postings& postings, std::uint32_t id);

}  // namespace vigil::storage
