#pragma once

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <vector>

#include "contextstats/types.hpp"

namespace contextstats {

/// Cholesky factor of a symmetric matrix H scaled to unit diagonal, on the coefficients that are identified.
///
/// Coefficients are taken in order; one whose pivot, given those before it, falls below `tolerance` is a
/// linear combination of them and is left out (as R's lm does): its solution entries are zero. Scaling to
/// unit diagonal first makes the decision, and the accuracy, independent of the units of the predictors and
/// of the size of the smoothing parameters (van der Sluis 1969).
class ScaledCholesky {
 public:
  /// Finds out which coefficients are identified. `candidates` (all if empty) limits the choice.
  ScaledCholesky(const MatrixXd& h, double tolerance, const std::vector<bool>& candidates = {}) {
    const Index n = h.rows();
    VectorXd scale = VectorXd::Zero(n);
    positive_ = true;
    for (Index j = 0; j < n; ++j) {
      const bool candidate = candidates.empty() || candidates[static_cast<std::size_t>(j)];
      if (!candidate) continue;
      if (!(h(j, j) > 0.0) || !std::isfinite(h(j, j))) {
        positive_ = positive_ && h(j, j) == 0.0;
        continue;
      }
      scale[j] = 1.0 / std::sqrt(h(j, j));
    }
    if (factorize_all(h, tolerance, scale)) return;
    std::vector<Index> kept;
    MatrixXd rows(n, n);  // rows of the factor of the kept coefficients
    for (Index j = 0; j < n; ++j) {
      if (scale[j] == 0.0) continue;
      const Index r = static_cast<Index>(kept.size());
      VectorXd row(r);
      for (Index i = 0; i < r; ++i)
        row[i] =
            h(kept[static_cast<std::size_t>(i)], j) * scale[j] * scale[kept[static_cast<std::size_t>(i)]];
      rows.topLeftCorner(r, r).triangularView<Eigen::Lower>().solveInPlace(row);
      const double pivot = 1.0 - row.squaredNorm();
      if (pivot < -1e-8) positive_ = false;
      if (!(pivot > tolerance)) continue;
      rows.row(r).head(r) = row.transpose();
      rows(r, r) = std::sqrt(pivot);
      smallest_pivot_ = std::min(smallest_pivot_, pivot);
      kept.push_back(j);
    }
    finish(n, kept, scale, rows);
  }

  /// True if no pivot was negative beyond rounding.
  bool positive() const { return positive_; }
  Index rank() const { return static_cast<Index>(kept_.size()); }
  const std::vector<Index>& kept() const { return kept_; }
  std::vector<bool> identified() const {
    std::vector<bool> flags(static_cast<std::size_t>(n_), false);
    for (const Index j : kept_) flags[static_cast<std::size_t>(j)] = true;
    return flags;
  }
  /// Smallest pivot kept, between 0 and 1: how close to collinear the worst coefficient is.
  double smallest_pivot() const { return smallest_pivot_; }

  double log_determinant() const {
    return 2.0 * factor_.diagonal().array().log().sum() - 2.0 * scale_.array().log().sum();
  }

  /// H^- b with zeros for coefficients that are not identified. Works for vectors and matrices.
  MatrixXd solve(const MatrixXd& b) const {
    MatrixXd compact(rank(), b.cols());
    for (Index i = 0; i < rank(); ++i) compact.row(i) = scale_[i] * b.row(kept_[static_cast<std::size_t>(i)]);
    factor_.triangularView<Eigen::Lower>().solveInPlace(compact);
    factor_.transpose().triangularView<Eigen::Upper>().solveInPlace(compact);
    MatrixXd out = MatrixXd::Zero(n_, b.cols());
    for (Index i = 0; i < rank(); ++i)
      out.row(kept_[static_cast<std::size_t>(i)]) = scale_[i] * compact.row(i);
    return out;
  }

  /// H^-, computed once. Not to be asked for by two threads at a time.
  const MatrixXd& inverse() const {
    if (inverse_.size() == 0) inverse_ = rank() == n_ ? compact_inverse() : embedded(compact_inverse());
    return inverse_;
  }

 private:
  /// U U' with U the inverse of the scaled factor, transposed: by blocks of columns, without the zeros above
  /// them.
  MatrixXd compact_inverse() const {
    constexpr Index kWidth = 24;
    const Index r = rank();
    MatrixXd root = MatrixXd::Zero(r, r), out(r, r);
    for (Index j = 0; j < r; j += kWidth) {
      const Index width = std::min(kWidth, r - j), below = r - j;
      auto columns = root.block(j, j, below, width);
      columns.topRows(width).setIdentity();
      factor_.bottomRightCorner(below, below).triangularView<Eigen::Lower>().solveInPlace(columns);
      columns *= scale_.segment(j, width).asDiagonal();
    }
    for (Index i = 0; i < r; i += kWidth) {
      const Index width = std::min(kWidth, r - i), below = r - i;
      out.block(i, 0, width, i + width).noalias() =
          root.block(i, i, below, width).transpose() * root.block(i, 0, below, i + width);
    }
    out.triangularView<Eigen::StrictlyUpper>() = out.transpose();
    return out;
  }

  MatrixXd embedded(const MatrixXd& compact) const {
    MatrixXd out = MatrixXd::Zero(n_, n_);
    out(kept_, kept_) = compact;
    return out;
  }

  /// The usual case, by a blocked factorisation: every coefficient with a scale has a pivot well above the
  /// tolerance.
  bool factorize_all(const MatrixXd& h, double tolerance, const VectorXd& scale) {
    n_ = h.rows();
    for (Index j = 0; j < n_; ++j) {
      if (scale[j] > 0.0) kept_.push_back(j);
    }
    const Index r = rank();
    MatrixXd scaled(r, r);
    scale_.resize(r);
    for (Index i = 0; i < r; ++i) scale_[i] = scale[kept_[static_cast<std::size_t>(i)]];
    if (r == n_) {
      scaled = scale_.asDiagonal() * h * scale_.asDiagonal();
    } else {
      for (Index j = 0; j < r; ++j) {
        for (Index i = j; i < r; ++i) {
          scaled(i, j) = h(kept_[static_cast<std::size_t>(i)], kept_[static_cast<std::size_t>(j)]) *
                         scale_[i] * scale_[j];
        }
      }
    }
    const Eigen::LLT<Eigen::Ref<MatrixXd>, Eigen::Lower> factor(scaled);
    const double smallest = r > 0 ? scaled.diagonal().cwiseAbs2().minCoeff() : 1.0;
    if (factor.info() != Eigen::Success || !(smallest > 10.0 * tolerance)) {
      kept_.clear();
      return false;
    }
    smallest_pivot_ = std::min(1.0, smallest);
    factor_ = scaled.triangularView<Eigen::Lower>();
    return true;
  }

  void finish(Index n, const std::vector<Index>& kept, const VectorXd& scale, const MatrixXd& rows) {
    n_ = n;
    kept_ = kept;
    const Index r = rank();
    factor_ = rows.topLeftCorner(r, r).triangularView<Eigen::Lower>();
    scale_.resize(r);
    for (Index i = 0; i < r; ++i) scale_[i] = scale[kept[static_cast<std::size_t>(i)]];
  }

  Index n_ = 0;
  bool positive_ = true;
  double smallest_pivot_ = 1.0;
  std::vector<Index> kept_;
  VectorXd scale_;   // 1 / sqrt(H_jj) of the kept coefficients
  MatrixXd factor_;  // lower triangular, of the scaled matrix
  mutable MatrixXd inverse_;
};

}  // namespace contextstats
