#pragma once

#include <vector>

#include "contextstats/network/location_scale.hpp"
#include "contextstats/parallel/items.hpp"

namespace contextstats {

/// Node j given the nodes before it: x_j = mu(c) + sum_{k<j} phi_jk(c) x_k + e_j, log var e_j = h_j(c).
///
/// With `predecessors` false every node has its own mean and log-variance and no predictors. Columns of `z`
/// are taken in their order. The likelihood of a Gaussian network is the product of these conditionals, and
/// any coefficients give a positive definite precision: Pourahmadi (1999), Biometrika 86, 677-690.
inline std::vector<LocationScaleFit> fit_nodes(const ContextFunctions& functions, ConstMatrix z,
                                               ConstMatrix contexts, bool predecessors,
                                               const NetworkOptions& options, const Execution& execution) {
  MatrixXd x(z.rows(), predecessors ? z.cols() : 1);
  x.col(0).setOnes();
  for (Index j = 1; j < x.cols(); ++j) x.col(j) = z.col(j - 1);
  std::vector<LocationScaleFit> fits(static_cast<std::size_t>(z.cols()));
  for_each_item(z.cols(), execution, [&](Index item) {
    const Index j = z.cols() - 1 - item;  // the largest first
    const Execution own{1, nullptr};
    fits[static_cast<std::size_t>(j)] =
        LocationScale(functions, x.leftCols(predecessors ? j + 1 : 1), contexts, z.col(j), options, own)();
  });
  return fits;
}

/// log var of each column of residuals, given what is left of their variance after the means were fitted.
inline std::vector<LocationScaleFit> fit_log_variances(const ContextFunctions& functions,
                                                       ConstMatrix contexts, ConstMatrix residuals,
                                                       const VectorXd& kept, const NetworkOptions& options,
                                                       const Execution& execution) {
  std::vector<LocationScaleFit> fits(static_cast<std::size_t>(residuals.cols()));
  for_each_item(residuals.cols(), execution, [&](Index j) {
    LocationScaleFit& fit = fits[static_cast<std::size_t>(j)];
    const VectorXd residual = residuals.col(j);
    const VectorXd left = VectorXd::Constant(residual.size(), kept[j]);
    LogVariance variance(functions, contexts, options, Execution{1, nullptr});
    variance.start(residual);
    fit.converged = functions.constant();
    for (fit.iterations = 0; !fit.converged && fit.iterations < options.maxiter; ++fit.iterations) {
      fit.converged = variance.step(residual, left, fit.iterations < 15) < std::sqrt(options.tolerance);
    }
    fit.log_variance = variance.theta();
    fit.log_variance_covariance = variance.covariance();
    fit.log_variance_lambda = variance.lambda();
    fit.log_variance_edf = variance.edf();
  });
  return fits;
}

}  // namespace contextstats
