#pragma once

#include <cmath>
#include <optional>

#include "contextstats/network/log_variance.hpp"

namespace contextstats {

/// A Gaussian response whose mean is linear in the columns of a design and whose log-variance is a function
/// of context.
struct LocationScaleFit {
  VectorXd mean;  ///< coefficients of the mean
  VectorXd log_variance;
  MatrixXd mean_covariance;
  MatrixXd log_variance_covariance;
  VectorXd mean_lambda;
  VectorXd log_variance_lambda;
  double mean_edf = 0.0;
  double log_variance_edf = 0.0;
  double log_likelihood = 0.0;
  int iterations = 0;
  bool converged = false;
  bool identified = true;  ///< false: the columns of the design are linearly dependent
};

/// Mean and log-variance in turn: REML least squares with the weights exp(-h), then Fisher scoring for h.
///
/// A model without context terms is the maximum likelihood estimate, without the adjustment of the variance
/// for the coefficients of the mean.
class LocationScale {
 public:
  LocationScale(const ContextFunctions& functions, ConstMatrix x, ConstMatrix contexts, ConstVector y,
                const NetworkOptions& options, Execution execution)
      : functions_(functions),
        x_(x),
        y_(y),
        options_(options),
        execution_(execution),
        design_(functions.design(x.cols())),
        rows_(design_, x, contexts, execution),
        penalties_(functions.repeated_penalties(x.cols())),
        variance_(functions, contexts, options, execution) {}

  LocationScaleFit operator()() {
    LocationScaleFit fit;
    if (!fit_mean(VectorXd::Zero(y_.size()), fit)) return fit;
    variance_.start(residual_);
    double before = log_likelihood();
    for (fit.iterations = 1; fit.iterations <= options_.maxiter; ++fit.iterations) {
      if (!fit_mean(variance_.h(), fit)) return fit;
      if (functions_.constant()) {
        variance_.start(residual_);
      } else {
        for (int inner = 0; inner < 2; ++inner) variance_.step(residual_, kept_, fit.iterations <= kSearches);
      }
      const double now = log_likelihood();
      fit.converged =
          functions_.constant() || std::abs(now - before) <= options_.tolerance * (std::abs(now) + 1.0);
      before = now;
      if (fit.converged) break;
    }
    fit_mean(variance_.h(), fit, true);
    fit.log_variance = variance_.theta();
    fit.log_variance_covariance = variance_.covariance();
    fit.log_variance_lambda = variance_.lambda();
    fit.log_variance_edf = variance_.edf();
    fit.log_likelihood = log_likelihood();
    return fit;
  }

 private:
  static constexpr int kSearches =
      15;  // the smoothing parameters then stay: they could go back and forth for ever
  static constexpr double kLeastKept =
      0.02;  // a row that the mean fits by itself says little of the variance

  bool fit_mean(const VectorXd& h, LocationScaleFit& fit, bool last = false) {
    const VectorXd w = (-h.array()).exp();
    const VectorXd wy = w.cwiseProduct(y_);
    const MatrixXd g = gram(rows_, w, execution_);
    const VectorXd cross = gradient(rows_, wy, execution_);
    const GramProblem problem{g, cross, wy.dot(y_), static_cast<double>(y_.size()), penalties_, std::nullopt};
    const GramReml reml(problem);
    const bool given = options_.lambda.size() > 0;
    const GramFit found = given ? reml.at(options_.lambda.array().log().matrix().replicate(x_.cols(), 1))
                          : fit.iterations <= kSearches ? reml.minimize(rho_)
                                                        : reml.at(rho_);
    fit.identified = found.positive;
    if (!found.positive) return false;
    rho_ = found.rho;
    fit.mean = found.theta;
    fit.mean_lambda = found.rho.array().exp();
    fit.mean_edf = found.edf;
    if (last) fit.mean_covariance = given ? found.inverse : MatrixXd(reml.covariance(found) / found.scale);
    residual_ = y_ - linear_predictor(rows_, found.theta, execution_);
    if (!functions_.constant()) {
      const VectorXd form = quadratic_form(rows_, found.inverse, execution_);
      kept_ = (1.0 - w.array() * form.array()).max(kLeastKept);
    }
    return true;
  }

  double log_likelihood() const {
    const Eigen::ArrayXd h = variance_.h().array();
    return -0.5 * (h + residual_.array().square() * (-h).exp() + std::log(2.0 * M_PI)).sum();
  }

  const ContextFunctions& functions_;
  ConstMatrix x_;
  ConstVector y_;
  const NetworkOptions& options_;
  Execution execution_;
  KhatriRaoDesign design_;
  DesignRows rows_;
  MatrixXd penalties_;
  LogVariance variance_;
  VectorXd rho_;
  VectorXd residual_, kept_;
};

}  // namespace contextstats
