#pragma once

#include <vector>

#include "contextstats/objective/cache_lines.hpp"
#include "contextstats/objective/sorted_rows.hpp"

namespace contextstats {

/// Places of one run, whole lanes.
struct Stretch {
  const Run* run;
  Index from, size;
};

/// The predictors and coordinates of one stretch of rows after the other, in the innermost cache or, if they
/// need not be moved, where the data are.
class StretchColumns {
 public:
  StretchColumns(const KhatriRaoDesign& design, const SortedRows& rows) : design_(design), rows_(rows) {}

  void take(const Stretch& s) {
    const RowGroup& group = rows_.group();
    const Index n_coordinates = static_cast<Index>(group.coordinates().size());
    const Index width = rows_.width();
    numbers_.make_room((width + n_coordinates) * s.size);
    rows_.read(s.from, s.size, numbers_.data(), s.size, at_);
    double* to = numbers_.data() + width * s.size;
    next_.clear();
    if (rows_.order().of_data()) {
      for (const double* from : at_) next_.push_back(from + rows_.count());
    }
    for (Index k = 0; k < n_coordinates; ++k) {
      const RowGroup::Coordinate& c = group.coordinates()[static_cast<std::size_t>(k)];
      const ContextBasis& basis = *design_.bases()[static_cast<std::size_t>(c.basis)];
      if (basis.reads_whole_rows()) continue;
      const double*& from = at_[static_cast<std::size_t>(design_.n_predictors() + k)];
      basis.to_coordinate(c.which, group.piece_of(c.basis, s.run->pieces), s.size, from, to);
      from = to;
      to += s.size;
    }
  }

  /// The same rows of the next block, if they are read in place.
  Ahead next_block() const { return {next_.data(), static_cast<Index>(next_.size())}; }
  const double* predictor(Index j) const { return at_[static_cast<std::size_t>(j)]; }
  const double* coordinate(Index k) const { return predictor(design_.n_predictors() + k); }

 private:
  const KhatriRaoDesign& design_;
  const SortedRows& rows_;
  CacheLines numbers_;               // [column][row of the stretch]
  std::vector<const double*> at_;    // of each predictor and coordinate
  std::vector<const double*> next_;  // the same in the next block
};

}  // namespace contextstats
