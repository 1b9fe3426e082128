#pragma once

#include <cstdint>
#include <vector>

#include "contextstats/objective/row_block.hpp"

namespace contextstats {

/// A design on the rows of a data set, the rows sorted once. Refers to the design and to the arrays.
struct DesignRows {
  DesignRows(const KhatriRaoDesign& design_, const Columns& x_, const Columns& contexts_,
             const Execution& execution)
      : design(design_), x(x_), contexts(contexts_), grouped(design_, contexts_, execution) {}

  const KhatriRaoDesign& design;
  const Columns x;
  const Columns contexts;
  const GroupedRows grouped;

  /// Calls visit(block) for every block, one after the other.
  template <class Visit>
  void for_each_block(const Visit& visit) const {
    RowBlock block(design, x, contexts, grouped);
    for (Index b = 0; b < grouped.n_blocks(); ++b) {
      block.load(b);
      visit(block);
    }
  }

  /// Calls visit(block, arrays) for every block, shared among threads, each with `Arrays` of its own.
  template <class Arrays, class Visit>
  void for_each_block(const Execution& execution, const Visit& visit) const {
    for_each_item(
        grouped.n_blocks(), execution, [&] { return Tools<Arrays>(*this); },
        [&](Index b, Tools<Arrays>& tools) {
          tools.block.load(b);
          visit(tools.block, tools.arrays);
        });
  }

  /// The sum of what visit(block, arrays, partial) adds for every block to partial sums that start as `zero`,
  /// of `size` doubles.
  template <class Arrays, class Partial, class Visit>
  Partial sum_over_blocks(Index size, const Execution& execution, const Partial& zero,
                          const Visit& visit) const {
    const auto work = [&](Index first, Index last, Tools<Arrays>& tools, Partial& partial) {
      for (Index b = first; b < last; ++b) {
        tools.block.load(b);
        visit(tools.block, tools.arrays, partial);
      }
    };
    return contextstats::sum_over_blocks(
        grouped.n_blocks(), size, execution, zero, [&] { return Tools<Arrays>(*this); }, work);
  }

 private:
  template <class Arrays>
  struct Tools {
    explicit Tools(const DesignRows& rows) : block(rows.design, rows.x, rows.contexts, rows.grouped) {}
    RowBlock block;
    Arrays arrays;
  };
};

/// For sums that need no arrays.
struct NoArrays {};

/// Z theta.
inline VectorXd linear_predictor(const DesignRows& rows, ConstVector theta, const Execution& execution) {
  const VectorXd raw = rows.design.raw_coefficients(theta);
  VectorXd eta(rows.x.rows());
  rows.for_each_block<NoArrays>(
      execution, [&](RowBlock& block, NoArrays) { block.linear_predictor(raw, eta.data() + block.first()); });
  return eta;
}

/// Z'v.
inline VectorXd gradient(const DesignRows& rows, ConstVector v, const Execution& execution) {
  const VectorXd zero = VectorXd::Zero(rows.design.n_raw());
  const auto visit = [&](RowBlock& block, NoArrays, VectorXd& raw) {
    block.add_gradient(v.data() + block.first(), raw);
  };
  return rows.design.natural_gradient(rows.sum_over_blocks<NoArrays>(zero.size(), execution, zero, visit));
}

/// Z' diag(w) Z.
inline MatrixXd gram(const DesignRows& rows, ConstVector w, const Execution& execution) {
  const MatrixXd zero = MatrixXd::Zero(rows.design.raw_gram_size(), 1);
  const auto visit = [&](RowBlock& block, NoArrays, MatrixXd& sums) {
    block.add_grams(w.segment(block.first(), block.count()), sums);
  };
  return rows.design.natural_gram(rows.sum_over_blocks<NoArrays>(zero.size(), execution, zero, visit));
}

/// z_i' V z_i for every row; V symmetric.
inline VectorXd quadratic_form(const DesignRows& rows, const MatrixXd& v, const Execution& execution) {
  const VectorXd raw = rows.design.raw_quadratic(v);
  VectorXd out(rows.x.rows());
  rows.for_each_block<NoArrays>(
      execution, [&](RowBlock& block, NoArrays) { block.quadratic_form(raw, out.data() + block.first()); });
  return out;
}

/// Row g: the sum of v_i z_i over the rows of group g. (groups, coefficients)
inline MatrixXd grouped_scores(const DesignRows& rows, ConstVector v, const std::int64_t* group,
                               Index n_groups) {
  MatrixXd sums = MatrixXd::Zero(rows.design.n_coefficients(), n_groups);
  MatrixXd z;
  rows.for_each_block([&](RowBlock& block) {
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
