#pragma once

#include <cstdint>
#include <vector>

#include "contextstats/objective/row_block.hpp"

namespace contextstats {

/// A design on the rows of a data set, the rows sorted once. Refers to the design and to the arrays.
struct DesignRows {
  DesignRows(const KhatriRaoDesign& design_, ConstMatrix x_, ConstMatrix contexts_,
             const Execution& execution)
      : design(design_), x(x_), contexts(contexts_), grouped(design_, contexts_, execution) {}

  const KhatriRaoDesign& design;
  const ConstMatrix x;
  const ConstMatrix contexts;
  const GroupedRows grouped;

  /// Calls visit(block) for the blocks [first, last), each loaded.
  template <class Visit>
  void for_each_block(Index first, Index last, const Visit& visit) const {
    RowBlock block(design, x, contexts, grouped);
    for (Index b = first; b < last; ++b) {
      block.load(b);
      visit(block);
    }
  }
};

/// Z theta.
inline VectorXd linear_predictor(const DesignRows& rows, ConstVector theta, const Execution& execution) {
  const VectorXd raw = rows.design.raw_coefficients(theta);
  VectorXd eta(rows.x.rows());
  for_each_chunk(RowChunks(rows.grouped.n_blocks(), 1), execution, [&](Index first, Index last) {
    rows.for_each_block(first, last,
                        [&](RowBlock& block) { block.linear_predictor(raw, eta.data() + block.first()); });
  });
  return eta;
}

/// Z'v.
inline VectorXd gradient(const DesignRows& rows, ConstVector v, const Execution& execution) {
  const VectorXd zero = VectorXd::Zero(rows.design.n_raw());
  return rows.design.natural_gradient(sum_over_blocks(
      rows.grouped.n_blocks(), rows.design.n_raw(), execution, zero,
      [&](Index first, Index last, VectorXd& raw) {
        rows.for_each_block(first, last,
                            [&](RowBlock& block) { block.add_gradient(v.data() + block.first(), raw); });
      }));
}

/// Z' diag(w) Z.
inline MatrixXd gram(const DesignRows& rows, ConstVector w, const Execution& execution) {
  const MatrixXd zero = MatrixXd::Zero(rows.design.raw_gram_size(), 1);
  const MatrixXd raw = sum_over_blocks(rows.grouped.n_blocks(), zero.size(), execution, zero,
                                       [&](Index first, Index last, MatrixXd& sums) {
                                         rows.for_each_block(first, last, [&](RowBlock& block) {
                                           block.add_grams(w.segment(block.first(), block.count()), sums);
                                         });
                                       });
  return rows.design.natural_gram(raw);
}

/// z_i' V z_i for every row; V symmetric.
inline VectorXd quadratic_form(const DesignRows& rows, const MatrixXd& v, const Execution& execution) {
  const VectorXd raw = rows.design.raw_quadratic(v);
  VectorXd out(rows.x.rows());
  for_each_chunk(RowChunks(rows.grouped.n_blocks(), 1), execution, [&](Index first, Index last) {
    rows.for_each_block(first, last,
                        [&](RowBlock& block) { block.quadratic_form(raw, out.data() + block.first()); });
  });
  return out;
}

/// Row g: the sum of v_i z_i over the rows of group g. (groups, coefficients)
inline MatrixXd grouped_scores(const DesignRows& rows, ConstVector v, const std::int64_t* group,
                               Index n_groups) {
  MatrixXd sums = MatrixXd::Zero(rows.design.n_coefficients(), n_groups);
  MatrixXd z;
  rows.for_each_block(0, rows.grouped.n_blocks(), [&](RowBlock& block) {
    z.resize(block.count(), rows.design.n_coefficients());
    block.natural_rows(z);
    for (Index r = 0; r < block.count(); ++r) {
      const Index i = block.first() + r;
      sums.col(group[i]) += v[i] * z.row(r).transpose();
    }
  });
  return sums.transpose();
}

}  // namespace contextstats
