#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "contextstats/inference/smoothing_integration.hpp"
#include "contextstats/network/positive_inverse.hpp"
#include "contextstats/network/reml_newton.hpp"

namespace contextstats {

/// a of the prior sigma^(2a - 1) of the standard deviation of a curve in a network, most of whose edges do
/// not vary. Chosen by the study in benchmarks/calibration; contextual GLMs have 1/3.
constexpr double kNetworkPriorExponent = 0.1;

/// Penalised least squares known by its cross products: minimise (total - 2 cross'theta + theta'gram theta +
/// theta'S theta) / 2 with S = diag(penalties' lambda).
struct GramProblem {
  const MatrixXd& gram;
  const VectorXd& cross;
  double total;                 ///< where the scale is known, any constant
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
  bool converged = false;
  bool positive = false;  ///< false: gram + S is singular, nothing else is set
};

/// REML for penalised least squares, by Newton's method in the log smoothing parameters with exact
/// derivatives.
///
/// Nothing here depends on the number of rows. Source of the criterion: Wood (2011), JRSS B 73, 3-36.
class GramReml {
 public:
  explicit GramReml(const GramProblem& problem) : p_(problem) {
    free_ = static_cast<double>(p_.gram.rows());
    for (Index j = 0; j < p_.gram.rows(); ++j) {
      if (p_.penalties.rows() > 0 && p_.penalties.col(j).sum() > 0.0) free_ -= 1.0;
    }
  }

  /// Coefficients at given smoothing parameters.
  GramFit at(const VectorXd& rho) const {
    GramFit fit;
    fit.rho = rho;
    MatrixXd h = p_.gram;
    h.diagonal() += total_penalty(rho);
    ScaledInverse solved(h);
    if (!solved.positive) return fit;
    return of_inverse(rho, std::move(solved.inverse), solved.log_determinant);
  }

  /// Smoothing parameters by REML, from `start` or from where penalty and information balance.
  GramFit minimize(const VectorXd& start = VectorXd()) const {
    const VectorXd center = balanced_rho(p_.gram, p_.penalties);
    return improve(at(start.size() == center.size() ? RemlNewton(center).inside(start) : center));
  }

  /// The same, from a fit at some smoothing parameters.
  GramFit improve(GramFit fit) const {
    VectorXd rho = fit.rho;
    if (!fit.positive || rho.size() == 0) return fit;
    int iterations = 0;
    const RemlNewton newton(balanced_rho(p_.gram, p_.penalties));
    fit.converged = newton.minimize(
        fit, rho, iterations, [this](const VectorXd& at_rho) { return at(at_rho); },
        [this](const GramFit& found) { return derivatives(found); });
    return fit;
  }

  /// The fit whose inverse (gram + S)^-1 and its log-determinant are known already.
  GramFit of_inverse(const VectorXd& rho, MatrixXd inverse, double log_determinant) const {
    GramFit fit;
    fit.rho = rho;
    fit.inverse = std::move(inverse);
    fit.positive = fit.converged = true;
    const VectorXd s = total_penalty(rho);
    fit.theta = fit.inverse * p_.cross;
    fit.deviance = p_.total - p_.cross.dot(fit.theta);
    if (!p_.scale) fit.deviance = std::max(fit.deviance, 1e-14 * p_.total);
    fit.scale = p_.scale ? *p_.scale : fit.deviance / residual_df();
    fit.edf = static_cast<double>(s.size()) - s.dot(fit.inverse.diagonal());
    double log_s = 0.0;
    for (Index j = 0; j < s.size(); ++j) {
      if (s[j] > 0.0) log_s += std::log(s[j]);
    }
    fit.criterion = 0.5 * (log_determinant - log_s);
    fit.criterion += p_.scale ? 0.5 * fit.deviance / *p_.scale : 0.5 * residual_df() * std::log(fit.deviance);
    return fit;
  }

  /// Posterior covariance of the coefficients, averaged over the smoothing parameters: `integrated_root`.
  MatrixXd covariance(const GramFit& fit) const {
    const MatrixXd root = root_of_uncertainty(fit);
    MatrixXd out = fit.scale * fit.inverse;
    out.noalias() += root * root.transpose();
    return out;
  }

  /// Its diagonal blocks of a given size, one after the other.
  std::vector<MatrixXd> covariance_blocks(const GramFit& fit, Index size) const {
    const MatrixXd root = root_of_uncertainty(fit);
    std::vector<MatrixXd> blocks;
    for (Index start = 0; start < fit.inverse.rows(); start += size) {
      const auto rows = root.middleRows(start, size);
      blocks.push_back(fit.scale * fit.inverse.block(start, start, size, size));
      blocks.back().noalias() += rows * rows.transpose();
    }
    return blocks;
  }

 private:
  /// R with R R' what not knowing the smoothing parameters adds to the covariance.
  MatrixXd root_of_uncertainty(const GramFit& fit) const {
    return integrated_root(fit.inverse, fit.theta, p_.penalties, fit.rho.array().exp(), fit.scale,
                           kNetworkPriorExponent);
  }

  double residual_df() const { return std::max(p_.n - free_, 1.0); }

  VectorXd total_penalty(const VectorXd& rho) const {
    if (rho.size() == 0) return VectorXd::Zero(p_.gram.rows());
    return p_.penalties.transpose() * rho.array().exp().matrix();
  }

  RemlDerivatives derivatives(const GramFit& fit) const {
    const MatrixXd d = fit.rho.array().exp().matrix().asDiagonal() * p_.penalties;
    const VectorXd s = d.colwise().sum();
    const VectorXd share = (s.array() > 0.0).select(s.cwiseInverse(), 0.0);
    RemlDerivatives out(fit.rho.size());
    out.add(d, share, fit.theta, fit.inverse, fit.scale, p_.scale ? 0.0 : residual_df());
    return out;
  }

  GramProblem p_;
  double free_ = 0.0;  // coefficients without a penalty
};

}  // namespace contextstats
