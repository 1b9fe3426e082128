#pragma once

#include "contextstats/network/acyclicity.hpp"
#include "contextstats/parallel/row_chunks.hpp"

namespace contextstats {

/// Coefficients of p variables as a matrix A: row i m + k, column j holds the weight of basis function k in
/// the edge i -> j, so that W_ij(c) = sum_k B_k(c) A(i m + k, j). Rows beyond p m, if any, belong to
/// intercepts.
struct EdgeLayout {
  Index p = 0;  ///< variables
  Index m = 0;  ///< basis functions

  Index rows() const { return p * m; }
};

/// U_ij = sum_k A(i m + k, j)^2: the mean of W_ij(c)^2 where the basis is orthonormal over the rows.
inline MatrixXd squared_edge_norms(const MatrixXd& a, const EdgeLayout& layout) {
  MatrixXd u(layout.p, layout.p);
  for (Index j = 0; j < layout.p; ++j) {
    for (Index i = 0; i < layout.p; ++i) u(i, j) = a.col(j).segment(i * layout.m, layout.m).squaredNorm();
  }
  return u;
}

/// h(U): zero if and only if one order of the variables serves every context.
///
/// U_ij = 0 means that the edge is absent in all contexts, so that an acyclic U makes every W(c) acyclic, and
/// one evaluation costs p^3 whatever the number of rows.
inline double union_acyclicity(const Acyclicity& acyclicity, const MatrixXd& a, const EdgeLayout& layout,
                               MatrixXd& gradient) {
  MatrixXd by_edge;
  const double h = acyclicity.evaluate(squared_edge_norms(a, layout), by_edge);
  gradient.setZero(a.rows(), a.cols());
  if (!std::isfinite(h)) return h;
  for (Index j = 0; j < layout.p; ++j) {
    for (Index i = 0; i < layout.p; ++i) {
      gradient.col(j).segment(i * layout.m, layout.m) =
          2.0 * by_edge(i, j) * a.col(j).segment(i * layout.m, layout.m);
    }
  }
  return h;
}

/// W(c) for one row of the basis.
inline MatrixXd weights_at(const MatrixXd& a, const EdgeLayout& layout, const VectorXd& basis) {
  MatrixXd w(layout.p, layout.p);
  for (Index j = 0; j < layout.p; ++j) {
    for (Index i = 0; i < layout.p; ++i) w(i, j) = a.col(j).segment(i * layout.m, layout.m).dot(basis);
  }
  return w;
}

/// What a pass over contexts sums up.
struct ContextSum {
  double value = 0.0;
  MatrixXd gradient;

  ContextSum& operator+=(const ContextSum& other) {
    value += other.value;
    gradient += other.gradient;
    return *this;
  }
};

/// sum_t weight_t h(W(c_t) o W(c_t)): zero if and only if every context has a graph without cycles, each with
/// its own order. `basis_gradient` (rows as `basis`) is written unless it is null.
inline double context_acyclicity(const Acyclicity& acyclicity, const MatrixXd& a, const EdgeLayout& layout,
                                 const MatrixXd& basis, const VectorXd& weight, const Execution& execution,
                                 MatrixXd& gradient, MatrixXd* basis_gradient) {
  const ContextSum zero{0.0, MatrixXd::Zero(a.rows(), a.cols())};
  const auto add_rows = [&](Index first, Index last, ContextSum& sum) {
    MatrixXd by_square;
    for (Index t = first; t < last; ++t) {
      const VectorXd b = basis.row(t);
      const MatrixXd w = weights_at(a, layout, b);
      const double h = acyclicity.evaluate(w.cwiseAbs2(), by_square);
      sum.value += weight[t] * h;
      if (!std::isfinite(h)) return;
      const MatrixXd by_weight = 2.0 * weight[t] * w.cwiseProduct(by_square);
      VectorXd by_basis = VectorXd::Zero(layout.m);
      for (Index j = 0; j < layout.p; ++j) {
        for (Index i = 0; i < layout.p; ++i) {
          sum.gradient.col(j).segment(i * layout.m, layout.m) += by_weight(i, j) * b;
          by_basis += by_weight(i, j) * a.col(j).segment(i * layout.m, layout.m);
        }
      }
      if (basis_gradient != nullptr) basis_gradient->row(t) = by_basis;
    }
  };
  ContextSum sum = sum_over_rows(basis.rows(), a.size(), execution, zero, add_rows);
  gradient = std::move(sum.gradient);
  return sum.value;
}

}  // namespace contextstats
