#pragma once

#include <algorithm>
#include <vector>

#include "contextstats/objective/grouped_rows.hpp"

namespace contextstats {

/// Places of one run, whole lanes.
struct Stretch {
  const Run* run;
  Index from, size;
};

/// The predictors and coordinates of a block of rows, sorted for a group of bases: rows of a run lie
/// together, each run padded with zeros to whole lanes. Columns are read in the order of memory and written
/// to the ends of a few dozen runs, which stay in cache.
class SortedRows {
 public:
  SortedRows(const KhatriRaoDesign& design, const Columns& x, const Columns& contexts,
             const GroupedRows& grouped)
      : design_(design), x_(x), contexts_(contexts), grouped_(grouped) {}

  void load(Index block) {
    block_ = block;
    group_ = grouped_.groups().size();
  }

  Index first() const { return grouped_.first(block_); }
  Index count() const { return grouped_.count(block_); }
  Index n_places() const { return n_places_; }
  const BlockOrder& order() const { return grouped_.order(block_, group_); }

  const double* predictor(Index j, const Stretch& s) const {
    return predictors_.data() + j * n_places_ + s.from;
  }
  const double* coordinate(Index k, const Stretch& s) const {
    return coordinates_.data() + k * n_places_ + s.from;
  }

  /// Sorts the columns for a group, unless they are so already.
  void sort_for(std::size_t g) {
    if (group_ == g) return;
    group_ = g;
    const RowGroup& group = grouped_.groups()[g];
    n_places_ = order().n_places;
    const Index p = design_.n_predictors();
    const Index d = static_cast<Index>(group.coordinates().size());
    predictors_.resize(static_cast<std::size_t>(p * n_places_));
    coordinates_.resize(static_cast<std::size_t>(d * n_places_));
    for (Index j = 0; j < p; ++j) sort(x_.col(j).data() + first(), predictors_.data() + j * n_places_);
    MatrixXd whole;
    for (Index k = 0; k < d; ++k) {
      const RowGroup::Coordinate& c = group.coordinates()[static_cast<std::size_t>(k)];
      const ContextBasis& basis = *design_.bases()[static_cast<std::size_t>(c.basis)];
      double* t = coordinates_.data() + k * n_places_;
      if (basis.reads_whole_rows()) {
        if (c.which == 0) whole = basis.coordinates_of_rows(contexts_, first(), count());
        sort(whole.col(c.which).data(), t);
        continue;
      }
      sort(contexts_.col(basis.context_of(c.which)).data() + first(), t);
      for (const Run& run : order().runs) {
        basis.to_coordinate(c.which, group.piece_of(c.basis, run.pieces), run.count, t + run.start);
      }
    }
  }

  /// Puts a column of the data in the order of the group, with zeros in the padding.
  void sort(const double* from, double* to) const {
    for (const Run& run : order().runs)
      std::fill(to + run.start + run.count, to + run.start + run.padded(), 0.0);
    if (order().runs.size() == 1) {  // the order of the data
      std::copy(from, from + count(), to);
      return;
    }
    const std::uint16_t* place = order().place.data();
    const Index n = count();
    for (Index i = 0; i < n; ++i) to[place[i]] = from[i];
  }

  void sort(const double* from, std::vector<double>& to) const {
    to.resize(static_cast<std::size_t>(n_places_));
    sort(from, to.data());
  }

  /// to += values of the places, in the order of the data.
  void add_in_order(const std::vector<double>& values, double* to) const {
    const std::uint16_t* place = order().place.data();
    const Index n = count();
    for (Index i = 0; i < n; ++i) to[i] += values[place[i]];
  }

 private:
  const KhatriRaoDesign& design_;
  const Columns x_;
  const Columns contexts_;
  const GroupedRows& grouped_;
  Index block_ = 0;
  std::size_t group_ = 0;
  Index n_places_ = 0;               // rows of the block and padding
  std::vector<double> predictors_;   // [predictor][place]
  std::vector<double> coordinates_;  // [coordinate][place]
};

}  // namespace contextstats
