// One-to-one, many-to-one and one-to-many matching.
#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <unordered_map>

#include "vigil/promql/eval/arithmetic.h"
#include "vigil/promql/eval/binary.h"
#include "vigil/promql/eval/labels.h"

namespace vigil::promql {
namespace {

constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

// In here the sides are "many" and "one": with group_right the operands are swapped,
// and swapped back where a value is computed. One-to-one has the left side as "many".
class VectorMatcher {
 public:
  VectorMatcher(QueryContext& context, const Binary& binary, const Position& position, const Table& left,
                const Table& right)
      : context_(context),
        binary_(binary),
        matching_(binary.matching ? *binary.matching : kDefault),
        position_(position),
        swapped_(matching_.cardinality == MatchCardinality::kOneToMany),
        many_(swapped_ ? right : left),
        one_(swapped_ ? left : right),
        fill_many_(swapped_ ? matching_.fill_right : matching_.fill_left),
        fill_one_(swapped_ ? matching_.fill_left : matching_.fill_right),
        grouper_(context, matching_.on ? LabelGrouper::Keep::kOnly : LabelGrouper::Keep::kWithout, matching_.labels,
                 true),
        result_(context, left.steps()) {}

  Result<Table> run();

 private:
  struct Signature {
    std::vector<std::uint32_t> many;
    std::vector<std::uint32_t> one;
  };
  static const VectorMatching kDefault;

  void group();
  // At most one sample of the "one" side per signature and step.
  Result<void> check_one_side(const Signature& signature);
  // One-to-one: at most one match per signature and step.
  Result<void> check_many_side(const Signature& signature);
  Result<void> match(const Signature& signature);
  // Cells of the pair of rows (kNone: the fill value); adds a row to the result.
  Result<void> compute_pair(const Signature& signature, std::uint32_t many, std::uint32_t one);
  Result<void> compute_cells(std::uint32_t many, std::uint32_t one, const Signature& signature, std::size_t row);
  Result<void> histogram_cells(std::uint32_t many, std::uint32_t one);
  Labels result_labels(std::uint32_t many, std::uint32_t one, bool& drop_name) const;
  bool any_present(const Table& table, const std::vector<std::uint32_t>& rows, std::size_t step) const {
    return std::ranges::any_of(rows, [&](std::uint32_t row) { return table.present(row, step); });
  }
  std::string describe(const Labels& labels) const { return labels.empty() ? "{}" : labels.to_string(); }

  QueryContext& context_;
  const Binary& binary_;
  const VectorMatching& matching_;
  const Position& position_;
  const bool swapped_;
  const Table& many_;
  const Table& one_;
  const std::optional<double> fill_many_;
  const std::optional<double> fill_one_;
  LabelGrouper grouper_;
  std::vector<Signature> signatures_;
  Table result_;
  // Result rows of the signature in hand by labels: where two come together they must
  // not have matched at the same step.
  std::unordered_map<Labels, std::vector<std::pair<std::uint32_t, std::uint32_t>>, LabelsHash> pairs_by_labels_;
};

const VectorMatching VectorMatcher::kDefault{};

void VectorMatcher::group() {
  const auto signature_of = [&](const Row& row) -> Signature& {
    const std::uint32_t number = grouper_.group_of(row);
    if (number == signatures_.size()) signatures_.emplace_back();
    return signatures_[number];
  };
  for (std::uint32_t i = 0; i < many_.size(); ++i) signature_of(many_.row(i)).many.push_back(i);
  for (std::uint32_t i = 0; i < one_.size(); ++i) signature_of(one_.row(i)).one.push_back(i);
}

Result<Table> VectorMatcher::run() {
  group();
  if (fill_many_ || fill_one_) {
    // A missing side is as good as a match: result rows come from either.
    VIGIL_TRY_VOID(result_.reserve(many_.size() + one_.size()));
  } else {
    VIGIL_TRY_VOID(result_.reserve(std::min(many_.size(), std::max<std::size_t>(one_.size(), 64))));
  }
  for (const Signature& signature : signatures_) {
    VIGIL_TRY_VOID(context_.work(result_.steps() * (signature.many.size() + signature.one.size())));
    if (signature.one.size() > 1) VIGIL_TRY_VOID(check_one_side(signature));
    if (signature.one.empty() && !fill_one_) continue;
    if (signature.many.empty() && !fill_many_) continue;
    VIGIL_TRY_VOID(match(signature));
  }
  result_.compact();
  const bool drops = !is_comparison(binary_.op) || binary_.return_bool;
  // Within one signature this was seen to. Across signatures labels can only become
  // equal by what is dropped or copied over.
  const bool on_name = matching_.on && std::ranges::any_of(matching_.labels, is_metadata_label);
  if (!matching_.include.empty() || on_name || (drops && (!many_.single_name || !one_.single_name))) {
    VIGIL_TRY_VOID(merge_same_labels(context_, result_));
  }
  return std::move(result_);
}

Result<void> VectorMatcher::check_one_side(const Signature& signature) {
  for (std::size_t step = 0; step < result_.steps(); ++step) {
    std::uint32_t found = kNone;
    for (const std::uint32_t row : signature.one) {
      if (!one_.present(row, step)) continue;
      if (found == kNone) {
        found = row;
        continue;
      }
      // Nothing on the other side at all: nothing is matched, nothing is wrong.
      bool other = fill_many_.has_value();
      for (std::uint32_t i = 0; i < many_.size() && !other; ++i) other = many_.present(i, step);
      if (!other) break;
      const Row& second = one_.row(row);
      return fail(ErrorCode::kExecution,
                  "found duplicate series for the match group " + describe(grouper_.kept(second)) + " on the " +
                      (swapped_ ? "left" : "right") + " hand-side of the operation: [" +
                      describe(identity(context_, second)) + ", " + describe(identity(context_, one_.row(found))) +
                      "];many-to-many matching not allowed: matching labels must be unique on one side");
    }
  }
  return {};
}

Result<void> VectorMatcher::check_many_side(const Signature& signature) {
  for (std::size_t step = 0; step < result_.steps(); ++step) {
    const auto present =
        std::ranges::count_if(signature.many, [&](std::uint32_t row) { return many_.present(row, step); });
    if (present < 2) continue;
    if (fill_one_ || any_present(one_, signature.one, step)) {
      return fail(ErrorCode::kExecution,
                  "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)");
    }
  }
  return {};
}

Result<void> VectorMatcher::match(const Signature& signature) {
  if (matching_.cardinality == MatchCardinality::kOneToOne && signature.many.size() > 1) {
    VIGIL_TRY_VOID(check_many_side(signature));
  }
  pairs_by_labels_.clear();
  for (const std::uint32_t many : signature.many) {
    for (const std::uint32_t one : signature.one) VIGIL_TRY_VOID(compute_pair(signature, many, one));
    if (fill_one_) VIGIL_TRY_VOID(compute_pair(signature, many, kNone));
  }
  if (fill_many_) {
    for (const std::uint32_t one : signature.one) VIGIL_TRY_VOID(compute_pair(signature, kNone, one));
  }
  return {};
}

// The labels of the "many" side as far as they still hold, and those included from the other.
Labels VectorMatcher::result_labels(std::uint32_t many, std::uint32_t one, bool& drop_name) const {
  const bool changes_metric = !is_comparison(binary_.op);
  Labels base;
  drop_name = binary_.return_bool;
  if (many == kNone) {
    base = grouper_.kept(one_.row(one));  // a filled side has the matching labels only
  } else if (matching_.cardinality == MatchCardinality::kOneToOne && matching_.on) {
    base = grouper_.kept(many_.row(many));
    drop_name = drop_name || many_.row(many).drop_name;
  } else {
    base = identity(context_, many_.row(many));
    drop_name = drop_name || many_.row(many).drop_name;
    if (matching_.cardinality == MatchCardinality::kOneToOne && !matching_.labels.empty()) {
      const std::vector<std::string_view> names(matching_.labels.begin(), matching_.labels.end());
      base = base.without(names);
    }
  }
  if (changes_metric) base = without_metadata(base);
  if (matching_.include.empty()) return base;
  LabelsBuilder labels(base);
  for (const std::string& name : matching_.include) {
    const Row* from = one == kNone ? nullptr : &one_.row(one);
    const bool hidden = from != nullptr && from->drop_name && !context_.delayed_names && is_metadata_label(name);
    labels.set(name, from == nullptr || hidden ? std::string_view() : from->labels.get(name));
  }
  return labels.build();
}

Result<void> VectorMatcher::compute_pair(const Signature& signature, std::uint32_t many, std::uint32_t one) {
  bool drop_name = false;
  Labels labels = result_labels(many, one, drop_name);
  // Several pairs with the same labels become one row below; they must take turns.
  auto& earlier = pairs_by_labels_[labels];
  if (!earlier.empty() && many != kNone && one != kNone) {
    for (std::size_t step = 0; step < result_.steps(); ++step) {
      if (!many_.present(many, step) || !one_.present(one, step)) continue;
      for (const auto& [other_many, other_one] : earlier) {
        if (other_many != many && other_many != kNone && other_one != kNone && many_.present(other_many, step) &&
            one_.present(other_one, step)) {
          return fail(ErrorCode::kExecution, "multiple matches for labels: grouping labels must ensure unique matches");
        }
      }
    }
  }
  const bool shares = !earlier.empty();
  earlier.emplace_back(many, one);
  VIGIL_TRY(const std::size_t row, result_.add_absent_row(std::move(labels), drop_name));
  VIGIL_TRY_VOID(compute_cells(many, one, signature, row));
  if (!result_.has_sample(row)) {
    result_.pop_row();
    return {};
  }
  if (!shares) return {};
  // Move the cells to the first row with these labels.
  for (std::size_t into = row; into-- > 0;) {
    if (result_.row(into).labels != result_.row(row).labels) continue;
    for (std::size_t step = 0; step < result_.steps(); ++step) {
      const double value = result_.values(row)[step];
      if (!is_absent(value)) result_.values(into)[step] = value;
    }
    result_.pop_row();
    break;
  }
  return {};
}

Result<void> VectorMatcher::histogram_cells(std::uint32_t many, std::uint32_t one) {
  for (std::size_t step = 0; step < result_.steps(); ++step) {
    const bool many_histogram = find_histogram(many_.row(many).histograms, step) != nullptr;
    const bool one_histogram = find_histogram(one_.row(one).histograms, step) != nullptr;
    if (!many_histogram && !one_histogram) continue;
    if (!many_.present(many, step) || !one_.present(one, step)) continue;
    VIGIL_TRY_VOID(histogram_operand(context_, binary_.op, swapped_ ? one_histogram : many_histogram,
                                     swapped_ ? many_histogram : one_histogram, position_));
  }
  return {};
}

Result<void> VectorMatcher::compute_cells(std::uint32_t many, std::uint32_t one, const Signature& signature,
                                          std::size_t row) {
  const auto out = result_.values(row);
  if (many != kNone && one != kNone && (!many_.row(many).histograms.empty() || !one_.row(one).histograms.empty())) {
    VIGIL_TRY_VOID(histogram_cells(many, one));
  }
  const auto many_at = [&](std::size_t step) {
    if (many != kNone) return many_.values(many)[step];
    return any_present(many_, signature.many, step) ? absent() : *fill_many_;
  };
  const auto one_at = [&](std::size_t step) {
    if (one != kNone) return one_.values(one)[step];
    return any_present(one_, signature.one, step) ? absent() : *fill_one_;
  };
  if (is_trim(binary_.op)) {
    for (std::size_t step = 0; step < out.size(); ++step) {
      if (is_absent(many_at(step)) || is_absent(one_at(step))) continue;
      note_incompatible(context_, binary_.op, "float", "float", position_);
      return {};
    }
    return {};
  }
  visit_operator(binary_.op, [&](auto compute) {
    for (std::size_t step = 0; step < out.size(); ++step) {
      const double from_many = many_at(step);
      const double from_one = one_at(step);
      if (is_absent(from_many) || is_absent(from_one)) continue;
      const double left = swapped_ ? from_one : from_many;
      const double right = swapped_ ? from_many : from_one;
      const auto computed = compute(left, right);
      if constexpr (std::is_same_v<decltype(computed), const bool>) {
        out[step] = binary_.return_bool ? static_cast<double>(computed) : computed ? left : absent();
      } else {
        out[step] = computed;
      }
    }
  });
  return {};
}

}  // namespace

Result<Table> match_vectors(QueryContext& context, const Binary& binary, const Position& position, const Table& left,
                            const Table& right) {
  return VectorMatcher(context, binary, position, left, right).run();
}

}  // namespace vigil::promql
