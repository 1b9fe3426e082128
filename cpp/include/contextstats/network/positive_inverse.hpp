#pragma once

#include <Eigen/Cholesky>

#include "contextstats/types.hpp"

namespace contextstats {

/// The lower triangle of a matrix, turned into that of its inverse; by halves, in a third of the arithmetic
/// of a solve with the identity.
inline void invert_lower(Eigen::Ref<MatrixXd> lower) {
  constexpr Index kDirect = 32;
  const Index n = lower.rows(), half = n / 2, rest = n - half;
  if (n <= kDirect) {
    MatrixXd inverse = MatrixXd::Identity(n, n);
    lower.triangularView<Eigen::Lower>().solveInPlace(inverse);
    lower.triangularView<Eigen::Lower>() = inverse;
    return;
  }
  invert_lower(lower.topLeftCorner(half, half));
  invert_lower(lower.bottomRightCorner(rest, rest));
  const MatrixXd right =
      lower.bottomLeftCorner(rest, half) * lower.topLeftCorner(half, half).triangularView<Eigen::Lower>();
  const MatrixXd product = lower.bottomRightCorner(rest, rest).triangularView<Eigen::Lower>() * right;
  lower.bottomLeftCorner(rest, half) = -product;
}

/// The lower triangle R turned into the lower triangle of R'R.
inline void multiply_by_transpose(Eigen::Ref<MatrixXd> lower) {
  constexpr Index kDirect = 32;
  const Index n = lower.rows(), half = n / 2, rest = n - half;
  if (n <= kDirect) {
    const MatrixXd root = lower.triangularView<Eigen::Lower>();
    lower.triangularView<Eigen::Lower>() = root.transpose() * root;
    return;
  }
  auto corner = lower.bottomLeftCorner(rest, half);
  multiply_by_transpose(lower.topLeftCorner(half, half));
  lower.topLeftCorner(half, half).selfadjointView<Eigen::Lower>().rankUpdate(corner.transpose());
  const MatrixXd product =
      lower.bottomRightCorner(rest, rest).triangularView<Eigen::Lower>().transpose() * corner;
  corner = product;
  multiply_by_transpose(lower.bottomRightCorner(rest, rest));
}

/// The inverse of a positive definite matrix and its log-determinant, from a factor scaled to unit diagonal.
struct ScaledInverse {
  MatrixXd inverse;
  double log_determinant = 0.0;
  bool positive = false;  ///< false: singular to seven digits, nothing else is set

  explicit ScaledInverse(const MatrixXd& h) {
    if (!(h.diagonal().minCoeff() > 0.0)) return;
    const VectorXd unit = h.diagonal().cwiseSqrt().cwiseInverse();
    inverse = unit.asDiagonal() * h * unit.asDiagonal();
    const Eigen::LLT<Eigen::Ref<MatrixXd>> factor(inverse);
    const VectorXd pivots = inverse.diagonal();
    positive = factor.info() == Eigen::Success && pivots.minCoeff() > 1e-7;
    if (!positive) return;
    log_determinant = 2.0 * (pivots.array().log().sum() - unit.array().log().sum());
    invert_lower(inverse);
    multiply_by_transpose(inverse);
    inverse = unit.asDiagonal() * inverse * unit.asDiagonal();
    inverse.triangularView<Eigen::StrictlyUpper>() = inverse.transpose();
  }
};

}  // namespace contextstats
