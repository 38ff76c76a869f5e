// and, or, unless.
#include <algorithm>

#include "vigil/promql/eval/binary.h"
#include "vigil/promql/eval/labels.h"

namespace vigil::promql {
namespace {

// Whether any row of a signature has a sample at a step.
class Presence {
 public:
  Presence(std::size_t signatures, std::size_t steps) : steps_(steps), bits_(signatures * steps), known_(signatures) {}
  void add(const Table& table, std::size_t row, std::uint32_t signature) {
    known_[signature] = true;
    const auto values = table.values(row);
    for (std::size_t step = 0; step < steps_; ++step) {
      if (!is_absent(values[step])) bits_[signature * steps_ + step] = true;
    }
    for (const auto& [step, histogram] : table.row(row).histograms) bits_[signature * steps_ + step] = true;
  }
  bool known(std::uint32_t signature) const { return signature < known_.size() && known_[signature]; }
  bool at(std::uint32_t signature, std::size_t step) const { return bits_[signature * steps_ + step]; }

 private:
  std::size_t steps_;
  std::vector<bool> bits_;
  std::vector<bool> known_;
};

// Removes the samples of a row at steps where the signature is present (or is not).
void remove_where(Table& table, std::size_t row, const Presence& presence, std::uint32_t signature, bool present) {
  if (!presence.known(signature)) {
    if (present) return;
    std::ranges::fill(table.values(row), absent());
    table.row(row).histograms.clear();
    return;
  }
  const auto values = table.values(row);
  for (std::size_t step = 0; step < values.size(); ++step) {
    if (presence.at(signature, step) == present) values[step] = absent();
  }
  std::erase_if(table.row(row).histograms,
                [&](const auto& entry) { return presence.at(signature, entry.first) == present; });
}

}  // namespace

Result<Table> set_operation(QueryContext& context, BinaryOp op, const VectorMatching& matching, Table left,
                            Table right) {
  LabelGrouper grouper(context, matching.on ? LabelGrouper::Keep::kOnly : LabelGrouper::Keep::kWithout, matching.labels,
                       true);
  const auto signatures_of = [&](const Table& table) {
    std::vector<std::uint32_t> signatures(table.size());
    for (std::size_t i = 0; i < table.size(); ++i) signatures[i] = grouper.group_of(table.row(i));
    return signatures;
  };
  const auto left_signatures = signatures_of(left);
  const auto right_signatures = signatures_of(right);

  // Presence of the deciding side; it is a bit per signature and step.
  const bool is_or = op == BinaryOp::kOr;
  const std::uint64_t bytes = grouper.size() * left.steps() / 8 + 64;
  Charge charge(context);
  VIGIL_TRY_VOID(charge.set(0, bytes));
  Presence presence(grouper.size(), left.steps());
  const Table& decides = is_or ? left : right;
  const auto& deciding = is_or ? left_signatures : right_signatures;
  for (std::size_t i = 0; i < decides.size(); ++i) presence.add(decides, i, deciding[i]);

  Table& filtered = is_or ? right : left;
  const auto& filtered_signatures = is_or ? right_signatures : left_signatures;
  for (std::size_t i = 0; i < filtered.size(); ++i) {
    remove_where(filtered, i, presence, filtered_signatures[i], op != BinaryOp::kAnd);
  }
  if (!is_or) {
    left.compact();
    return left;
  }

  // What is left of the right side joins the left. Where both had series of a
  // signature they may be the same series at different steps.
  bool may_share_labels = false;
  for (std::size_t i = 0; i < right.size(); ++i) {
    if (!right.has_sample(i)) continue;
    VIGIL_TRY_VOID(context.work(right.steps()));
    may_share_labels = may_share_labels || presence.known(right_signatures[i]);
    VIGIL_TRY(const std::size_t row, left.add_row(std::move(right.row(i).labels), right.row(i).drop_name));
    left.row(row).histograms = std::move(right.row(i).histograms);
    std::ranges::copy(right.values(i), left.values(row).begin());
  }
  left.single_name = false;
  if (may_share_labels) VIGIL_TRY_VOID(merge_same_labels(context, left));
  return left;
}

}  // namespace vigil::promql
