#pragma once

#include "contextstats/fit/report.hpp"
#include "contextstats/solver/penalized_fit.hpp"

namespace contextstats {

/// Where the search for lambda starts: every penalty as large as the information it competes with.
inline VectorXd balanced_lambda(const MatrixXd& gram, const MatrixXd& penalties) {
  VectorXd lambda(penalties.rows());
  for (Index k = 0; k < penalties.rows(); ++k) {
    double information = 0.0;
    for (Index j = 0; j < penalties.cols(); ++j) {
      if (penalties(k, j) > 0.0) information += gram(j, j);
    }
    const double total = penalties.row(k).sum();
    lambda[k] = information > 0.0 && total > 0.0 ? information / total : 1.0;
  }
  return lambda;
}

/// The first pass of a fit: at `theta`, or at the response and then `theta` is its weighted least squares
/// solution.
struct StartingPass {
  WorkingPass at;
  VectorXd theta;
  VectorXd balanced;  ///< smoothing parameters of the right order of magnitude
  bool at_theta = false;
};

/// Reads the data once and finds out which coefficients are identified; fills `report`.
inline StartingPass starting_pass(const Model& model, const MatrixXd& penalties, const FitOptions& options,
                                  FitReport& report) {
  StartingPass start;
  const auto factorize = [&] {
    start.balanced = balanced_lambda(start.at.gram, penalties);
    report.lambda = options.lambda.size() == penalties.rows() ? options.lambda : start.balanced;
    VectorXd s = VectorXd::Zero(model.design.n_coefficients());
    if (penalties.rows() > 0) s = penalties.transpose() * report.lambda;
    const ScaledCholesky first(with_penalty(start.at.gram, s), kRankTolerance);
    report.identified = first.identified();
    report.smallest_pivot = first.rank() < s.size() ? 0.0 : first.smallest_pivot();
    if (!start.at_theta) start.theta = first.solve(start.at.score);
    return first.positive() && first.rank() == s.size();
  };
  if (options.theta.size() > 0) {
    start.at = model.evaluate(options.theta, Curvature::observed, options.trace);
    start.theta = options.theta;
    start.at_theta = true;
    if (start.at.finite() && factorize()) return start;
  }
  start.at_theta = false;
  start.at = model.evaluate_at_response();
  factorize();
  if (model.loss.gaussian_identity()) {
    MatrixXd gram = std::move(start.at.gram);
    start.at = model.evaluate(start.theta, Curvature::none);
    start.at.gram = std::move(gram);
    start.at_theta = true;
  } else if (options.theta.size() > 0) {
    start.theta = options.theta;
  }
  return start;
}

}  // namespace contextstats
