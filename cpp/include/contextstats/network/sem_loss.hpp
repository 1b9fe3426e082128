#pragma once

#include <cmath>
#include <limits>

#include "contextstats/network/dag_penalty.hpp"

namespace contextstats {

/// Squared error of the linear structural equations x ~ W(c)'x from cross products: free of the number of
/// rows.
///
/// With Phi = [x_1 b_1(c), ..., x_p b_m(c)] (context-dependent means projected out), b_1 = 1 and
/// `gram` = Phi'Phi / n, half the mean squared residual of node j is
///   r_j / 2 = (g_jj - 2 a_j'g_j + a_j'G a_j) / 2,   g_j the column of `gram` that belongs to x_j b_1.
/// `roughness` (m x m) adds A_ij'S A_ij / 2 for every parent i, the smoothness penalty. `node_weight`
/// multiplies each r_j; where it is empty every node has its own variance.
class SemLoss {
 public:
  SemLoss(MatrixXd gram, const MatrixXd& roughness, const EdgeLayout& layout, VectorXd node_weight)
      : gram_(std::move(gram)), penalized_(gram_), layout_(layout), node_weight_(std::move(node_weight)) {
    for (Index i = 0; i < layout.p; ++i)
      penalized_.block(i * layout.m, i * layout.m, layout.m, layout.m) += roughness;
  }

  /// Sum over nodes of weight_j r_j / 2, or of log(r_j) / 2 where every node has its own variance.
  double evaluate(const MatrixXd& a, MatrixXd& gradient) const {
    gradient.noalias() = penalized_ * a;
    double value = 0.0;
    for (Index j = 0; j < layout_.p; ++j) {
      const auto cross = gram_.col(j * layout_.m);
      const double residual =
          cross[j * layout_.m] - 2.0 * a.col(j).dot(cross) + a.col(j).dot(gradient.col(j));
      gradient.col(j) -= cross;
      if (node_weight_.size() > 0) {
        value += 0.5 * node_weight_[j] * residual;
        gradient.col(j) *= node_weight_[j];
      } else {
        if (!(residual > 0.0)) return std::numeric_limits<double>::infinity();
        value += 0.5 * std::log(residual);
        gradient.col(j) /= residual;
      }
    }
    return value;
  }

  /// Inverse curvature of every coefficient, laid out as A: a diagonal guess of the inverse Hessian.
  MatrixXd scaling() const {
    MatrixXd out = penalized_.diagonal().cwiseInverse().replicate(1, layout_.p);
    if (node_weight_.size() > 0) out = (out * node_weight_.cwiseInverse().asDiagonal()).eval();
    return out;
  }

 private:
  MatrixXd gram_;
  MatrixXd penalized_;
  EdgeLayout layout_;
  VectorXd node_weight_;
};

/// sum_ij lambda_ij |A_ij|, the group lasso on edges, with |.| rounded off within `rounding` of zero so that
/// it has a gradient: sqrt(|A_ij|^2 + rounding^2) - rounding. Adds to the gradient.
inline double edge_sparsity(const MatrixXd& a, const EdgeLayout& layout, const MatrixXd& lambda,
                            MatrixXd& gradient) {
  constexpr double rounding = 1e-4;
  if (lambda.cwiseAbs().maxCoeff() == 0.0) return 0.0;
  double value = 0.0;
  for (Index j = 0; j < layout.p; ++j) {
    for (Index i = 0; i < layout.p; ++i) {
      const auto edge = a.col(j).segment(i * layout.m, layout.m);
      const double length = std::sqrt(edge.squaredNorm() + rounding * rounding);
      value += lambda(i, j) * (length - rounding);
      gradient.col(j).segment(i * layout.m, layout.m) += lambda(i, j) / length * edge;
    }
  }
  return value;
}

/// Zero gradient where `allowed`(i, j) is 0: the edge i -> j stays as it starts, at zero.
inline void keep_out(const MatrixXd& allowed, const EdgeLayout& layout, MatrixXd& gradient) {
  for (Index j = 0; j < layout.p; ++j) {
    for (Index i = 0; i < layout.p; ++i) {
      if (allowed(i, j) == 0.0) gradient.col(j).segment(i * layout.m, layout.m).setZero();
    }
  }
}

}  // namespace contextstats
