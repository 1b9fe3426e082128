#pragma once

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <vector>

#include "contextstats/types.hpp"

namespace contextstats {

/// Log smoothing parameters at which the penalties weigh as much as the information they compete with.
inline VectorXd balanced_rho(const MatrixXd& gram, const MatrixXd& penalties) {
  VectorXd rho(penalties.rows());
  for (Index k = 0; k < rho.size(); ++k) {
    double information = 0.0, size = 0.0;
    for (Index j = 0; j < gram.rows(); ++j) {
      if (penalties(k, j) > 0.0) information += gram(j, j), size += penalties(k, j);
    }
    rho[k] = information > 0.0 && size > 0.0 ? std::log(information / size) : 0.0;
  }
  return rho;
}

/// Derivatives of a smoothing criterion in the log smoothing parameters.
struct RemlDerivatives {
  VectorXd gradient;
  MatrixXd hessian;

  explicit RemlDerivatives(Index n) : gradient(VectorXd::Zero(n)), hessian(MatrixXd::Zero(n, n)) {}

  /// Adds those of (n - free) log(D) / 2, or D / (2 phi) where the scale is known, plus log|H| / 2 - log|S|
  /// / 2.
  ///
  /// `d` has the rows lambda_k d_k; theta, inverse and scale are those of the fit; `residual_df` is zero
  /// where the scale is known. Coefficients that take no part have zeros in theta and in the inverse, and
  /// `share` is the reciprocal of the total penalty of those that do.
  void add(const MatrixXd& d, const VectorXd& share, const VectorXd& theta, const MatrixXd& inverse,
           double scale, double residual_df) {
    const VectorXd fall = d * theta.cwiseAbs2();
    const VectorXd first = 0.5 * (fall / scale + d * inverse.diagonal() - d * share);
    gradient += first;
    hessian.diagonal() += first;
    const std::vector<std::vector<Index>> held = positions(d);
    for (Index k = 0; k < d.rows(); ++k) {
      const Eigen::RowVectorXd moved = (d.row(k).array() * theta.transpose().array()).matrix();
      VectorXd column = VectorXd::Zero(theta.size());
      VectorXd squares = VectorXd::Zero(theta.size());
      for (const Index j : held[static_cast<std::size_t>(k)]) {
        column += inverse.col(j) * moved[j];
        squares += inverse.col(j).cwiseAbs2() * d(k, j);
      }
      squares -= (d.row(k).transpose().array() * share.array().square()).matrix();
      column.array() *= theta.array() / scale;
      column += 0.5 * squares;
      for (Index l = 0; l < d.rows(); ++l) {
        for (const Index j : held[static_cast<std::size_t>(l)]) hessian(l, k) -= d(l, j) * column[j];
      }
    }
    if (residual_df > 0.0) hessian -= 0.5 * fall * fall.transpose() / (scale * scale * residual_df);
  }

 private:
  /// Where each penalty is not zero: a few of all coefficients.
  static std::vector<std::vector<Index>> positions(const MatrixXd& d) {
    std::vector<std::vector<Index>> out(static_cast<std::size_t>(d.rows()));
    for (Index j = 0; j < d.cols(); ++j) {
      for (Index k = 0; k < d.rows(); ++k) {
        if (d(k, j) != 0.0) out[static_cast<std::size_t>(k)].push_back(j);
      }
    }
    return out;
  }
};

/// Newton's method for a smoothing criterion, kept within e^11 of the balance.
///
/// A smooth that is a straight line has a criterion that falls for ever, ever more slowly: Newton's step is
/// then one unit however far the way, and is lengthened.
class RemlNewton {
 public:
  explicit RemlNewton(VectorXd center) : center_(std::move(center)) {}

  VectorXd inside(const VectorXd& rho) const {
    return rho.cwiseMax((center_.array() - kRange).matrix()).cwiseMin((center_.array() + kRange).matrix());
  }

  /// `evaluate(rho)` returns a fit with `positive` and `criterion`; `derive(fit)` its RemlDerivatives. On
  /// return `fit` is the best one; the result says whether it converged.
  template <class Fit, class Evaluate, class Derive>
  bool minimize(Fit& fit, VectorXd& rho, int& iterations, const Evaluate& evaluate,
                const Derive& derive) const {
    for (iterations = 1; iterations <= kMaxIterations; ++iterations) {
      const VectorXd step = direction(derive(fit), rho);
      if (step.size() == 0) return true;
      Fit trial;
      VectorXd next;
      double length = 1.0;
      for (int halving = 0; halving < 20; ++halving, length *= 0.4) {
        next = inside(rho + length * step);
        trial = evaluate(next);
        if (trial.positive && trial.criterion < fit.criterion) break;
      }
      if (!trial.positive || !(trial.criterion < fit.criterion))
        return true;  // no lower point within rounding
      const double gain = fit.criterion - trial.criterion;
      fit = std::move(trial);
      rho = std::move(next);
      if (gain < kGain) return true;
    }
    return false;
  }

 private:
  static constexpr double kRange = 11.0;
  static constexpr double kGradient = 1e-5;
  static constexpr double kGain = 1e-8;  // of the criterion, in units of log-likelihood
  static constexpr int kMaxIterations = 80;

  /// Newton's step with negative curvature turned over; empty where the gradient vanishes.
  VectorXd direction(RemlDerivatives at, const VectorXd& rho) const {
    for (Index k = 0; k < rho.size(); ++k) {
      const bool above = rho[k] > center_[k] + kRange - 1e-9 && at.gradient[k] < 0.0;
      const bool below = rho[k] < center_[k] - kRange + 1e-9 && at.gradient[k] > 0.0;
      if (!above && !below) continue;
      at.gradient[k] = 0.0;
      at.hessian.row(k).setZero(), at.hessian.col(k).setZero();
      at.hessian(k, k) = 1.0;
    }
    if (at.gradient.cwiseAbs().maxCoeff() < kGradient) return VectorXd();
    const Eigen::SelfAdjointEigenSolver<MatrixXd> eigen(at.hessian);
    const VectorXd values = eigen.eigenvalues().cwiseAbs();
    const double floor = std::max(1e-8 * values.maxCoeff(), 1e-10);
    const VectorXd turned = eigen.eigenvectors().transpose() * at.gradient;
    VectorXd step = -(eigen.eigenvectors() * turned.cwiseQuotient(values.cwiseMax(floor)));
    const double longest = step.cwiseAbs().maxCoeff();
    if (longest > 4.0) step *= 4.0 / longest;
    for (Index k = 0; k < step.size(); ++k) {
      const bool tail = at.gradient[k] < 0.0 && at.gradient[k] > -0.1 && step[k] > 0.5 && step[k] < 2.0;
      if (tail) step[k] = 4.0;
    }
    return step;
  }

  VectorXd center_;
};

}  // namespace contextstats
