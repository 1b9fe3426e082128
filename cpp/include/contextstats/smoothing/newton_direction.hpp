#pragma once

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <vector>

#include "contextstats/smoothing/criterion.hpp"

namespace contextstats {

/// Where rho may go: within a factor exp(26) = 2e11 of smoothing parameters of the right order of magnitude.
class SearchRange {
 public:
  explicit SearchRange(const VectorXd& center)
      : lower_(center.array() - kRange), upper_(center.array() + kRange) {}

  VectorXd inside(const VectorXd& rho) const { return rho.cwiseMax(lower_).cwiseMin(upper_); }

  /// The entries of rho that are not held at an end by a gradient that points out of the range.
  std::vector<Index> free(const VectorXd& rho, const VectorXd& gradient) const {
    std::vector<Index> out;
    for (Index k = 0; k < rho.size(); ++k) {
      const bool held =
          (rho[k] >= upper_[k] && gradient[k] < 0.0) || (rho[k] <= lower_[k] && gradient[k] > 0.0);
      if (!held) out.push_back(k);
    }
    return out;
  }

  /// The largest entry of the gradient in what is free to move.
  double projected_norm(const VectorXd& rho, const VectorXd& gradient) const {
    double norm = 0.0;
    for (const Index k : free(rho, gradient)) norm = std::max(norm, std::abs(gradient[k]));
    return norm;
  }

 private:
  static constexpr double kRange = 26.0;
  VectorXd lower_, upper_;
};

/// How long a step in an entry of rho may be, at first.
constexpr double kLongestStep = 4.0;

/// -H^-1 g on the free coordinates, with eigenvalues made positive and no entry beyond `longest`. A term on
/// its way to its penalty's null space has a criterion that flattens like exp(-rho): its steps are
/// lengthened.
inline VectorXd newton_direction(const VectorXd& rho, const CriterionValue& at, const MatrixXd& hessian,
                                 const SearchRange& range, double longest) {
  VectorXd direction = VectorXd::Zero(rho.size());
  const std::vector<Index> open = range.free(rho, at.gradient);
  if (open.empty()) return direction;
  const Index n = static_cast<Index>(open.size());
  const double floor = 1e-12 * (1.0 + std::abs(at.value));
  const MatrixXd own = hessian(open, open);
  const VectorXd unit = own.diagonal().cwiseAbs().cwiseMax(floor).cwiseSqrt().cwiseInverse();
  const VectorXd slopes = at.gradient(open), g = slopes.cwiseProduct(unit);
  const Eigen::SelfAdjointEigenSolver<MatrixXd> eigen(unit.asDiagonal() * own * unit.asDiagonal());
  const VectorXd values = eigen.eigenvalues().cwiseAbs().cwiseMax(1e-3);
  const VectorXd projected = eigen.eigenvectors().transpose() * g;
  const VectorXd local = -(eigen.eigenvectors() * projected.cwiseQuotient(values)).cwiseProduct(unit);
  VectorXd bounded(n);
  for (Index i = 0; i < n; ++i) {
    const bool exponential_tail = std::abs(local[i]) > 0.7 && std::abs(local[i]) < 1.6;
    bounded[i] = std::clamp(exponential_tail ? 3.0 * local[i] : local[i], -longest, longest);
  }
  // Bounding entries one by one can turn the step uphill; shortening all of them cannot.
  const VectorXd plain = local * std::min(1.0, longest / std::max(local.cwiseAbs().maxCoeff(), 1e-300));
  const bool downhill = slopes.dot(bounded) < 0.5 * slopes.dot(plain);
  direction(open) = downhill ? bounded : plain;
  return direction;
}

/// The exact Hessian of a criterion, and where it was taken.
struct ExactCurvature {
  VectorXd rho;
  CriterionValue at;

  bool known() const { return at.hessian.size() > 0; }

  /// Gives a value at `to` the exact Hessian; false if rho has moved too far since, in what still can move.
  bool give(const VectorXd& to, CriterionValue& value) const {
    if (!known()) return false;
    const VectorXd weight =
        value.hessian.size() > 0 ? VectorXd(value.hessian.diagonal().cwiseAbs()) : VectorXd::Ones(to.size());
    if (!((to - rho).cwiseProduct(weight).cwiseAbs().maxCoeff() < 1e-3)) return false;
    value.hessian = at.hessian;
    value.full_hessian = at.full_hessian;
    return true;
  }
};

}  // namespace contextstats
