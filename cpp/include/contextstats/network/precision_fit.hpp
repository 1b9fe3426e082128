#pragma once

#include <cmath>
#include <optional>

#include "contextstats/network/context_functions.hpp"
#include "contextstats/network/gram_reml.hpp"
#include "contextstats/network/precision_likelihood.hpp"
#include "contextstats/optim/lbfgs.hpp"

namespace contextstats {

struct PrecisionFit {
  VectorXd theta;
  MatrixXd covariance;  ///< (H + S)^-1
  VectorXd lambda;
  double edf = 0.0;
  double value = 0.0;          ///< of the likelihood part
  double gradient_norm = 0.0;  ///< largest entry of the gradient of the penalised objective
  int iterations = 0;
  bool converged = false;
  bool positive = true;  ///< false: the information is singular
};

/// The precision linear in a context basis that maximises the penalised likelihood.
///
/// Newton's method with steps that stay inside the cone of positive definite matrices. Smoothing parameters,
/// unless given, are those that REML finds for the quadratic model at each step: at convergence the model is
/// the Laplace approximation of the restricted likelihood with its curvature held fixed (Breslow and Clayton
/// 1993).
class PrecisionNewton {
 public:
  PrecisionNewton(const PrecisionLikelihood& likelihood, const MatrixXd& penalties,
                  const NetworkOptions& options)
      : likelihood_(likelihood), options_(options) {
    const Index q = likelihood.n_entries(), k = penalties.rows(), m = penalties.cols();
    penalties_ = MatrixXd::Zero(q * k, q * m);
    for (Index e = 0; e < q; ++e) penalties_.block(e * k, e * m, k, m) = penalties;
    if (options.lambda.size() > 0) rho_ = options.lambda.array().log().matrix().replicate(q, 1);
  }

  PrecisionFit operator()(const VectorXd& start) {
    PrecisionFit fit;
    fit.theta = start;
    const bool fixed = options_.lambda.size() > 0 || penalties_.rows() == 0;
    for (fit.iterations = 1; fit.iterations <= options_.maxiter; ++fit.iterations) {
      const PrecisionTerms terms = likelihood_.evaluate(fit.theta, true);
      const MatrixXd hessian = likelihood_.unpacked(terms.packed_hessian);
      const VectorXd cross = hessian * fit.theta - terms.gradient;
      const GramReml reml({hessian, cross, 0.0, 0.0, penalties_, 1.0});
      const GramFit found = fixed || fit.iterations > kSearches ? reml.at(rho_) : reml.minimize(rho_);
      fit.positive = found.positive;
      if (!found.positive) return fit;
      rho_ = found.rho;
      fit.edf = found.edf;
      fit.value = terms.value;
      fit.gradient_norm = (terms.gradient + penalty().cwiseProduct(fit.theta)).cwiseAbs().maxCoeff();
      const VectorXd way = found.theta - fit.theta;
      const double decrement = way.dot(hessian * way + penalty().cwiseProduct(way));
      fit.converged = decrement <= options_.tolerance * options_.tolerance * (1.0 + std::abs(terms.value));
      if (fit.converged) fit.covariance = fixed ? found.inverse : reml.covariance(found);
      if (fit.converged || !advance(way, terms, decrement, fit.theta)) break;
    }
    fit.lambda = rho_.array().exp();
    return fit;
  }

 private:
  static constexpr int kSearches = 15;  // the smoothing parameters then stay

  VectorXd penalty() const {
    if (rho_.size() == 0) return VectorXd::Zero(penalties_.cols());
    return penalties_.transpose() * rho_.array().exp().matrix();
  }

  double objective(double value, const VectorXd& theta) const {
    return value + 0.5 * theta.cwiseAbs2().dot(penalty());
  }

  bool advance(const VectorXd& way, const PrecisionTerms& terms, double decrement, VectorXd& theta) const {
    const double before = objective(terms.value, theta);
    for (double length = 1.0; length > 1e-10; length *= 0.5) {
      const VectorXd trial = theta + length * way;
      const double after = objective(likelihood_.evaluate(trial, false).value, trial);
      if (after <= before - 1e-4 * length * decrement + 1e-12 * std::abs(before)) {
        theta = trial;
        return true;
      }
    }
    return false;
  }

  const PrecisionLikelihood& likelihood_;
  const NetworkOptions& options_;
  MatrixXd penalties_;
  VectorXd rho_;
};

/// The same minimum at given penalties (one for each parameter) by L-BFGS, which needs gradients alone.
inline LbfgsResult precision_by_lbfgs(const PrecisionLikelihood& likelihood, const VectorXd& penalty,
                                      const VectorXd& start, const LbfgsOptions& options) {
  const ValueAndGradient objective = [&](const VectorXd& theta, VectorXd& gradient) {
    const PrecisionTerms terms = likelihood.evaluate(theta, false);
    gradient = terms.gradient + penalty.cwiseProduct(theta);
    return terms.value + 0.5 * theta.cwiseAbs2().dot(penalty);
  };
  return minimize_lbfgs(objective, start, options);
}

}  // namespace contextstats
