#pragma once

#include <vector>

#include "contextstats/solver/penalized_fit.hpp"

namespace contextstats {

/// Gaussian response, identity link: the data are read twice, whatever the number of smoothing parameters
/// tried.
///
/// The second reading takes the cross products with the residuals of a first solution, so that nothing is
/// lost where the response has a large mean or the fit is nearly perfect: D(theta) = r'r - 2 d'Z'r + d'Gd
/// with d = theta - theta0.
class GaussianSolver {
 public:
  GaussianSolver(const Model& model, const VectorXd& penalty) {
    const WorkingPass start = model.evaluate_at_response();
    identified_ = ScaledCholesky(with_penalty(start.gram, penalty), kRankTolerance).identified();
    origin_ =
        ScaledCholesky(with_penalty(start.gram, penalty), kRankTolerance, identified_).solve(start.score);
    const WorkingPass at = model.evaluate(origin_, Curvature::none);
    gram_ = start.gram;
    residual_score_ = at.score;
    residual_deviance_ = at.deviance;
  }

  const std::vector<bool>& identified() const { return identified_; }

  PenalizedFit solve(const VectorXd& penalty) const {
    PenalizedFit fit;
    const ScaledCholesky factor(with_penalty(gram_, penalty), kRankTolerance, identified_);
    const VectorXd pull = residual_score_ - penalty.cwiseProduct(origin_);
    VectorXd change = factor.solve(pull);
    change += factor.solve(pull - gram_ * change - penalty.cwiseProduct(change));
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
