#pragma once

#include <vector>

#include "contextstats/solver/penalized_fit.hpp"

namespace contextstats {

/// Gaussian response, identity link: the data are read once or twice, whatever the number of smoothing
/// parameters tried.
///
/// The cross products with the response are taken with the residuals of a first solution, so that nothing is
/// lost where the response has a large mean or the fit is nearly perfect: D(theta) = r'r - 2 d'Z'r + d'Gd
/// with d = theta - theta0. The first solution may be that of a sample of the rows.
class GaussianSolver {
 public:
  /// `at`: the pass at `origin`, with the information.
  GaussianSolver(VectorXd origin, WorkingPass at, std::vector<bool> identified)
      : identified_(std::move(identified)),
        origin_(std::move(origin)),
        gram_(std::move(at.gram)),
        residual_score_(std::move(at.score)),
        residual_deviance_(at.deviance) {}

  const std::vector<bool>& identified() const { return identified_; }

  PenalizedFit solve(const VectorXd& penalty) const {
    PenalizedFit fit;
    fit.factor =
        std::make_shared<const ScaledCholesky>(with_penalty(gram_, penalty), kRankTolerance, identified_);
    const VectorXd pull = residual_score_ - penalty.cwiseProduct(origin_);
    VectorXd change = fit.factor->solve(pull);
    change += fit.factor->solve(pull - gram_ * change - penalty.cwiseProduct(change));
    fit.theta = origin_ + change;
    fit.deviance = residual_deviance_ - 2.0 * change.dot(residual_score_) + change.dot(gram_ * change);
    fit.penalty = penalty.dot(fit.theta.cwiseAbs2());
    fit.gram = gram_;
    fit.gradient_norm = 0.0;
    fit.iterations = fit.evaluations = 1;
    fit.termination = Termination::gradient_small;
    return fit;
  }

 private:
  std::vector<bool> identified_;
  VectorXd origin_;
  MatrixXd gram_;
  VectorXd residual_score_;
  double residual_deviance_ = 0.0;
};

}  // namespace contextstats
