#pragma once

#include <cstdint>
#include <vector>

#include "contextstats/objective/row_tile.hpp"
#include "contextstats/parallel/row_chunks.hpp"

namespace contextstats {

/// Calls visit(tile, first, count) for the tiles of rows [first, last).
template <class Visit>
void for_each_tile(const KhatriRaoDesign& design, ConstMatrix x, ConstMatrix contexts, Index first,
                   Index last, const Visit& visit) {
  RowTile tile(design);
  for (Index start = first; start < last; start += tile.capacity()) {
    const Index count = std::min(tile.capacity(), last - start);
    tile.load(x, contexts, start, count);
    visit(tile, start, count);
  }
}

/// Z theta.
inline VectorXd linear_predictor(const KhatriRaoDesign& design, ConstMatrix x, ConstMatrix contexts,
                                 ConstVector theta, const Execution& execution) {
  const VectorXd raw = design.raw_coefficients(theta);
  VectorXd eta(x.rows());
  for_each_row_range(x.rows(), execution, [&](Index first, Index last) {
    for_each_tile(design, x, contexts, first, last,
                  [&](RowTile& tile, Index start, Index) { tile.linear_predictor(raw, eta.data() + start); });
  });
  return eta;
}

/// Z'v.
inline VectorXd gradient(const KhatriRaoDesign& design, ConstMatrix x, ConstMatrix contexts, ConstVector v,
                         const Execution& execution) {
  const VectorXd zero = VectorXd::Zero(design.n_raw());
  return design.natural_gradient(
      sum_over_rows(x.rows(), design.n_raw(), execution, zero, [&](Index first, Index last, VectorXd& raw) {
        for_each_tile(design, x, contexts, first, last,
                      [&](RowTile& tile, Index start, Index) { tile.add_gradient(v.data() + start, raw); });
      }));
}

/// Z' diag(w) Z.
inline MatrixXd gram(const KhatriRaoDesign& design, ConstMatrix x, ConstMatrix contexts, ConstVector w,
                     const Execution& execution) {
  const VectorXd zero = VectorXd::Zero(design.raw_gram_size());
  return design.natural_gram(sum_over_rows(
      x.rows(), design.raw_gram_size(), execution, zero, [&](Index first, Index last, VectorXd& raw) {
        for_each_tile(design, x, contexts, first, last,
                      [&](RowTile& tile, Index start, Index) { tile.add_gram(w.data() + start, raw); });
      }));
}

/// z_i' V z_i for every row; V symmetric.
inline VectorXd quadratic_form(const KhatriRaoDesign& design, ConstMatrix x, ConstMatrix contexts,
                               const MatrixXd& v, const Execution& execution) {
  const VectorXd raw = design.raw_quadratic(v);
  VectorXd out(x.rows());
  for_each_row_range(x.rows(), execution, [&](Index first, Index last) {
    for_each_tile(design, x, contexts, first, last,
                  [&](RowTile& tile, Index start, Index) { tile.quadratic_form(raw, out.data() + start); });
  });
  return out;
}

/// Row g: the sum of v_i z_i over the rows of group g. (groups, coefficients)
inline MatrixXd grouped_scores(const KhatriRaoDesign& design, ConstMatrix x, ConstMatrix contexts,
                               ConstVector v, const std::int64_t* group, Index n_groups) {
  MatrixXd sums = MatrixXd::Zero(design.n_coefficients(), n_groups);
  MatrixXd z;
  for_each_tile(design, x, contexts, 0, x.rows(), [&](RowTile& tile, Index start, Index count) {
    z.resize(count, design.n_coefficients());
    tile.natural_rows(z);
    for (Index r = 0; r < count; ++r) sums.col(group[start + r]) += v[start + r] * z.row(r).transpose();
  });
  return sums.transpose();
}

}  // namespace contextstats
