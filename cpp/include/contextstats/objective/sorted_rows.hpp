#pragma once

#include <algorithm>
#include <vector>

#include "contextstats/objective/grouped_rows.hpp"
#include "contextstats/objective/interleaved_columns.hpp"

namespace contextstats {

/// A block of rows, sorted for a group of bases: rows of a run lie together, each run padded with zeros to
/// whole lanes. Predictors and contexts are moved once for a group and a block, and not at all where the
/// order is that of the data.
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
  Index n_places() const { return order().n_places; }
  const BlockOrder& order() const { return grouped_.order(block_, group_); }
  const RowGroup& group() const { return grouped_.groups()[group_]; }
  /// Columns that `read` needs room for: the predictors, what each coordinate of the group is made from,
  /// and some more.
  Index width() const { return (static_cast<Index>(columns_.size()) + kLanes - 1) / kLanes * kLanes; }

  /// Sorts for a group, unless it has been done already.
  void sort_for(std::size_t g) {
    if (group_ == g) return;
    group_ = g;
    list_columns();
    if (order().of_data()) return;
    sorted_.make_room(static_cast<Index>(columns_.size()), n_places());
    for (const Run& run : order().runs) sorted_.clear(run.start + run.count, run.padded() - run.count);
    sorted_.write(columns_, order().place);
  }

  /// at[column] = the numbers of a column in `size` places: in the data where they can be read there, else in
  /// to[column stride ..].
  void read(Index from, Index size, double* to, Index stride, std::vector<const double*>& at) const {
    at.clear();
    const bool of_data = order().of_data();
    const Index whole = std::min(size, count() - from);
    if (!of_data) sorted_.read(from, size, to, stride);
    for (const double* column : columns_) {
      if (of_data && whole == size) {
        at.push_back(column + from);
        continue;
      }
      if (of_data) std::fill(std::copy_n(column + from, whole, to), to + size, 0.0);
      at.push_back(to);
      to += stride;
    }
  }

  /// One number a row, in the order of the group, with zeros in the padding.
  void sort(const double* from, double* to) const {
    for (const Run& run : order().runs) {
      std::fill(to + run.start + run.count, to + run.start + run.padded(), 0.0);
    }
    const Index n = count();
    if (order().of_data()) {
      std::copy(from, from + n, to);
      return;
    }
    const std::uint16_t* place = order().place.data();
    for (Index i = 0; i < n; ++i) to[place[i]] = from[i];
  }

  /// to += values of the places, in the order of the data.
  void add_in_order(const double* values, double* to) const {
    const Index n = count();
    if (order().of_data()) {
      for (Index i = 0; i < n; ++i) to[i] += values[i];
      return;
    }
    const std::uint16_t* place = order().place.data();
    for (Index i = 0; i < n; ++i) to[i] += values[place[i]];
  }

 private:
  /// The columns in the order of the data.
  void list_columns() {
    columns_.clear();
    for (Index j = 0; j < design_.n_predictors(); ++j) columns_.push_back(x_.col(j).data() + first());
    features_.clear();
    for (const RowGroup::Coordinate& c : group().coordinates()) {
      const ContextBasis& basis = *design_.bases()[static_cast<std::size_t>(c.basis)];
      if (!basis.reads_whole_rows()) {
        columns_.push_back(contexts_.col(basis.context_of(c.which)).data() + first());
        continue;
      }
      if (c.which == 0) features_.push_back(basis.coordinates_of_rows(contexts_, first(), count()));
      columns_.push_back(features_.back().col(c.which).data());
    }
  }

  const KhatriRaoDesign& design_;
  const Columns x_;
  const Columns contexts_;
  const GroupedRows& grouped_;
  Index block_ = 0;
  std::size_t group_ = 0;
  std::vector<const double*> columns_;  // of the block: predictors, then what coordinates are made from
  std::vector<MatrixXd> features_;      // coordinates that are functions of several contexts
  InterleavedColumns sorted_;
};

}  // namespace contextstats
