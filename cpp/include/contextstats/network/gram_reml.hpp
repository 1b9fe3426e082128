#pragma once

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <optional>

#include "contextstats/types.hpp"

namespace contextstats {

/// Penalised least squares known by its cross products: minimise (total - 2 cross'theta + theta'gram theta +
/// theta'S theta) / 2 with S = diag(penalties' lambda).
struct GramProblem {
  const MatrixXd& gram;
  const VectorXd& cross;
  double total;
  double n;                     ///< number of observations behind the cross products
  const MatrixXd& penalties;    ///< (K, P) diagonals
  std::optional<double> scale;  ///< the scale, where it is known
};

struct GramFit {
  VectorXd theta;
  VectorXd rho;           ///< log smoothing parameters
  MatrixXd inverse;       ///< (gram + S)^-1
  double deviance = 0.0;  ///< residual sum of squares plus theta'S theta
  double scale = 1.0;
  double edf = 0.0;
  double criterion = 0.0;  ///< minus the log restricted likelihood, up to a constant
  int iterations = 0;
  bool converged = false;
  bool positive = false;  ///< false: gram + S is singular, nothing else is set
};

/// REML for penalised least squares, by Newton's method in the log smoothing parameters with exact
/// derivatives.
///
/// Nothing here depends on the number of rows. Source of the criterion: Wood (2011), JRSS B 73, 3-36.
class GramReml {
 public:
  explicit GramReml(const GramProblem& problem) : p_(problem), center_(problem.penalties.rows()) {
    for (Index k = 0; k < center_.size(); ++k) {
      double information = 0.0, size = 0.0;
      for (Index j = 0; j < p_.gram.rows(); ++j) {
        if (p_.penalties(k, j) > 0.0) information += p_.gram(j, j), size += p_.penalties(k, j);
      }
      center_[k] = information > 0.0 && size > 0.0 ? std::log(information / size) : 0.0;
    }
    free_ = static_cast<double>(p_.gram.rows());
    for (Index j = 0; j < p_.gram.rows(); ++j) {
      if (p_.penalties.rows() > 0 && p_.penalties.col(j).sum() > 0.0) free_ -= 1.0;
    }
  }

  /// Coefficients at given smoothing parameters.
  GramFit at(const VectorXd& rho) const {
    GramFit fit;
    fit.rho = rho;
    VectorXd s = VectorXd::Zero(p_.gram.rows());
    if (rho.size() > 0) s = p_.penalties.transpose() * rho.array().exp().matrix();
    MatrixXd h = p_.gram;
    h.diagonal() += s;
    if (!(h.diagonal().minCoeff() > 0.0)) return fit;
    const VectorXd unit = h.diagonal().cwiseSqrt().cwiseInverse();
    const Eigen::LLT<MatrixXd> factor(MatrixXd(unit.asDiagonal() * h * unit.asDiagonal()));
    const VectorXd pivots = factor.matrixLLT().diagonal();
    if (factor.info() != Eigen::Success || !(pivots.minCoeff() > kSmallestPivot)) return fit;
    fit.positive = true;
    fit.inverse =
        unit.asDiagonal() * factor.solve(MatrixXd::Identity(h.rows(), h.cols())) * unit.asDiagonal();
    fit.theta = unit.asDiagonal() * factor.solve(unit.asDiagonal() * p_.cross);
    fit.deviance = std::max(p_.total - p_.cross.dot(fit.theta), kTiny * p_.total);
    fit.scale = p_.scale ? *p_.scale : fit.deviance / std::max(p_.n - free_, 1.0);
    fit.edf = static_cast<double>(s.size()) - s.dot(fit.inverse.diagonal());
    double log_s = 0.0;
    for (Index j = 0; j < s.size(); ++j) {
      if (s[j] > 0.0) log_s += std::log(s[j]);
    }
    const double log_h = 2.0 * (pivots.array().log().sum() - unit.array().log().sum());
    fit.criterion = 0.5 * (log_h - log_s);
    fit.criterion +=
        p_.scale ? 0.5 * fit.deviance / *p_.scale : 0.5 * (p_.n - free_) * std::log(fit.deviance);
    return fit;
  }

  /// Smoothing parameters by REML, from `start` or from where penalty and information balance.
  GramFit minimize(const VectorXd& start = VectorXd()) const {
    VectorXd rho = start.size() == center_.size() ? inside(start) : center_;
    GramFit fit = at(rho);
    if (!fit.positive || rho.size() == 0) {
      fit.converged = fit.positive;
      return fit;
    }
    for (int iteration = 1; iteration <= kMaxIterations; ++iteration) {
      fit.iterations = iteration;
      VectorXd gradient;
      const VectorXd step = newton_step(fit, gradient);
      if (step.size() == 0) {
        fit.converged = true;
        break;
      }
      double length = 1.0;
      GramFit trial;
      for (int halving = 0; halving < 25; ++halving, length *= 0.5) {
        trial = at(inside(fit.rho + length * step));
        if (trial.positive && trial.criterion <= fit.criterion + 1e-12 * std::abs(fit.criterion)) break;
      }
      if (!trial.positive || trial.criterion > fit.criterion) {
        fit.converged = true;  // no lower point within rounding
        break;
      }
      trial.iterations = iteration;
      fit = std::move(trial);
    }
    return fit;
  }

 private:
  static constexpr double kSmallestPivot = 1e-7;  // of the factor of the information with unit diagonal
  static constexpr double kTiny = 1e-14;
  static constexpr double kRange = 11.0;  // log smoothing parameters stay within this distance of the balance
  static constexpr double kGradient = 1e-5;
  static constexpr int kMaxIterations = 60;

  VectorXd inside(const VectorXd& rho) const {
    return rho.cwiseMax((center_.array() - kRange).matrix()).cwiseMin((center_.array() + kRange).matrix());
  }

  /// Newton's step with negative curvature turned over; empty where the gradient vanishes.
  VectorXd newton_step(const GramFit& fit, VectorXd& gradient) const {
    const Index n_rho = fit.rho.size();
    const VectorXd lambda = fit.rho.array().exp();
    const MatrixXd d = lambda.asDiagonal() * p_.penalties;  // (K, P)
    const VectorXd s = d.colwise().sum();
    const VectorXd share = (s.array() > 0.0).select(s.cwiseInverse(), 0.0);
    const VectorXd square = fit.theta.cwiseAbs2();
    const VectorXd fall = d * square;  // d deviance / d rho
    const VectorXd trace = d * fit.inverse.diagonal();
    const VectorXd ranks = d * share;
    const double phi = fit.scale;
    gradient = 0.5 * (fall / phi + trace - ranks);
    const MatrixXd moved = d.array().rowwise() * fit.theta.transpose().array();  // rows: d_k o theta
    MatrixXd hessian = -(moved * fit.inverse * moved.transpose()) / phi;
    hessian -= 0.5 * d * fit.inverse.cwiseAbs2() * d.transpose();
    hessian += 0.5 * d * share.cwiseAbs2().asDiagonal() * d.transpose();
    hessian.diagonal() += 0.5 * (fall / phi + trace - ranks);
    if (!p_.scale) hessian -= 0.5 * fall * fall.transpose() / (phi * phi * std::max(p_.n - free_, 1.0));
    double largest = 0.0;
    for (Index k = 0; k < n_rho; ++k) {
      const double room = center_[k] + kRange - fit.rho[k];
      const double below = fit.rho[k] - center_[k] + kRange;
      const bool stuck = (room < 1e-9 && gradient[k] < 0.0) || (below < 1e-9 && gradient[k] > 0.0);
      if (stuck) {
        gradient[k] = 0.0;
        hessian.row(k).setZero(), hessian.col(k).setZero();
        hessian(k, k) = 1.0;
      }
      largest = std::max(largest, std::abs(gradient[k]));
    }
    if (largest < kGradient) return VectorXd();
    const Eigen::SelfAdjointEigenSolver<MatrixXd> eigen(hessian);
    const VectorXd values = eigen.eigenvalues().cwiseAbs();
    const double floor = std::max(1e-8 * values.maxCoeff(), 1e-10);
    const VectorXd inside_frame = eigen.eigenvectors().transpose() * gradient;
    VectorXd step = -(eigen.eigenvectors() * inside_frame.cwiseQuotient(values.cwiseMax(floor)));
    const double longest = step.cwiseAbs().maxCoeff();
    if (longest > 4.0) step *= 4.0 / longest;
    return step;
  }

  GramProblem p_;
  VectorXd center_;
  double free_ = 0.0;  // coefficients without a penalty
};

}  // namespace contextstats
