#pragma once

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "contextstats/types.hpp"

namespace contextstats {

/// Coefficients that enter or stay out together.
struct CoefficientGroup {
  Index start = 0;
  Index size = 1;
  double weight = 1.0;  ///< of the penalty; zero: not penalised
};

struct SparsePath {
  VectorXd penalties;     ///< decreasing
  MatrixXd coefficients;  ///< (P, number of penalties)
  VectorXd residual;      ///< mean squares of the residuals
  VectorXd selected;      ///< non-zero coefficients that are penalised
  int sweeps = 0;
  bool converged = true;
};

/// Sparse-group lasso from cross products, by block coordinate descent along a path of penalties:
///
///     minimise  (total - 2 cross'a + a'gram a) / 2 + penalty * sum_g w_g ((1 - l1) |a_g|_2 + l1 |a_g|_1)
///
/// with gram, cross and total divided by the number of rows. One group's step minimises its majorant with the
/// largest eigenvalue of its block, and is exact for a single coefficient. Source: Simon, Friedman, Hastie
/// and Tibshirani (2013), A sparse-group lasso, Journal of Computational and Graphical Statistics 22,
/// 231-245.
class SparseRegression {
 public:
  SparseRegression(const MatrixXd& gram, const VectorXd& cross, double total,
                   std::vector<CoefficientGroup> groups, double l1)
      : gram_(gram), cross_(cross), total_(total), groups_(std::move(groups)), l1_(l1) {
    for (const CoefficientGroup& group : groups_) {
      const MatrixXd block = gram_.block(group.start, group.start, group.size, group.size);
      const double largest = group.size == 1
                                 ? block(0, 0)
                                 : Eigen::SelfAdjointEigenSolver<MatrixXd>(block, Eigen::EigenvaluesOnly)
                                       .eigenvalues()
                                       .maxCoeff();
      curvature_.push_back(std::max(largest, 1e-12));
    }
  }

  /// The least penalty at which every penalised group is zero.
  double largest_penalty() {
    start(VectorXd::Zero(cross_.size()));
    descend(std::numeric_limits<double>::infinity());
    double largest = 0.0;
    for (const CoefficientGroup& group : groups_) {
      if (group.weight > 0.0)
        largest = std::max(largest, threshold(slope_.segment(group.start, group.size)) / group.weight);
    }
    return largest;
  }

  /// So many penalties, evenly on the log scale, from where nothing is selected down to a share `ratio` of
  /// it.
  VectorXd penalties(Index count, double ratio) {
    const double largest = largest_penalty() * (1.0 + 1e-6);
    return VectorXd::LinSpaced(count, std::log(largest), std::log(largest * ratio)).array().exp();
  }

  SparsePath path(const VectorXd& penalties) {
    SparsePath out;
    out.penalties = penalties;
    out.coefficients.resize(cross_.size(), penalties.size());
    out.residual.resize(penalties.size()), out.selected.resize(penalties.size());
    start(VectorXd::Zero(cross_.size()));
    for (Index i = 0; i < penalties.size(); ++i) {
      out.converged = descend(penalties[i]) && out.converged;
      out.coefficients.col(i) = a_;
      out.residual[i] = total_ - a_.dot(cross_ + slope_);
      out.selected[i] = 0.0;
      for (const CoefficientGroup& group : groups_) {
        if (group.weight == 0.0) continue;
        out.selected[i] += static_cast<double>((a_.segment(group.start, group.size).array() != 0.0).count());
      }
    }
    out.sweeps = sweeps_;
    return out;
  }

 private:
  static constexpr int kSweeps = 20000;
  static constexpr double kTolerance =
      1e-16;  // largest squared move in a sweep, relative to the variance of y

  void start(VectorXd a) {
    a_ = std::move(a);
    slope_ = cross_ - gram_ * a_;
  }

  /// The least penalty at which a group with this slope stays zero.
  double threshold(const VectorXd& slope) const {
    if (l1_ >= 1.0) return slope.cwiseAbs().maxCoeff();
    double low = 0.0, high = slope.norm() / (1.0 - l1_);
    for (int i = 0; i < 60 && l1_ > 0.0; ++i) {
      const double middle = 0.5 * (low + high);
      (soft(slope, l1_ * middle).norm() > (1.0 - l1_) * middle ? low : high) = middle;
    }
    return high;
  }

  static VectorXd soft(const VectorXd& v, double by) {
    return v.array().sign() * (v.array().abs() - by).max(0.0);
  }

  /// Coordinate descent until nothing moves: all groups, then those that are not zero, and all again.
  bool descend(double penalty) {
    for (int sweep = 0; sweep < kSweeps; ++sweep) {
      ++sweeps_;
      if (sweep_over(penalty, false) < kTolerance * total_) return true;
      while (sweep < kSweeps && sweep_over(penalty, true) >= kTolerance * total_) ++sweep, ++sweeps_;
    }
    return false;
  }

  double sweep_over(double penalty, bool active) {
    double moved = 0.0;
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      const CoefficientGroup& group = groups_[g];
      const VectorXd old = a_.segment(group.start, group.size);
      if (active && group.weight > 0.0 && old.isZero(0.0)) continue;
      const VectorXd next = updated(group, curvature_[g], penalty, old);
      const VectorXd change = next - old;
      if (change.isZero(0.0)) continue;
      a_.segment(group.start, group.size) = next;
      slope_.noalias() -= gram_.middleCols(group.start, group.size) * change;
      moved = std::max(moved, curvature_[g] * change.squaredNorm());
    }
    return moved;
  }

  VectorXd updated(const CoefficientGroup& group, double curvature, double penalty,
                   const VectorXd& old) const {
    VectorXd v = old + slope_.segment(group.start, group.size) / curvature;
    if (group.weight == 0.0) return v;
    if (std::isinf(penalty)) return VectorXd::Zero(group.size);
    const double by = penalty * group.weight / curvature;
    v = soft(v, l1_ * by);
    const double norm = v.norm();
    const double kept = norm > 0.0 ? std::max(0.0, 1.0 - (1.0 - l1_) * by / norm) : 0.0;
    return kept * v;
  }

  const MatrixXd& gram_;
  const VectorXd& cross_;
  double total_;
  std::vector<CoefficientGroup> groups_;
  double l1_;
  std::vector<double> curvature_;
  VectorXd a_, slope_;
  int sweeps_ = 0;
};

}  // namespace contextstats
