#pragma once

#include <vector>

#include "contextstats/optim/lbfgs.hpp"
#include "contextstats/solver/penalized_fit.hpp"

namespace contextstats {

/// The same minimum as NewtonSolver, from values and gradients only; scaled by the diagonal of the starting
/// information.
class LbfgsSolver {
 public:
  LbfgsSolver(const Model& model, const InnerOptions& options) : model_(model), options_(options) {}

  PenalizedFit solve(const VectorXd& penalty, const std::vector<bool>& identified,
                     const VectorXd& start) const {
    const MatrixXd gram = model_.evaluate_at_response().gram;
    VectorXd scale = (gram.diagonal() + penalty).cwiseSqrt();
    for (Index j = 0; j < scale.size(); ++j) {
      const bool moves = identified[static_cast<std::size_t>(j)] && scale[j] > 0.0;
      scale[j] = moves ? 1.0 / scale[j] : 0.0;
    }
    PenalizedFit fit;
    const auto objective = [&](const VectorXd& u, VectorXd& gradient) {
      const VectorXd theta = scale.cwiseProduct(u);
      const WorkingPass at = model_.evaluate(theta, Curvature::none);
      gradient = scale.cwiseProduct(penalty.cwiseProduct(theta) - at.score);
      return 0.5 * (at.deviance + penalty.dot(theta.cwiseAbs2()));
    };
    VectorXd u = VectorXd::Zero(scale.size());
    VectorXd theta = start.size() > 0 ? start : first_solution(model_, penalty, identified);
    if (!model_.evaluate(theta, Curvature::none).finite()) {
      theta = drawn_into_support(model_, penalty, identified, theta);
    }
    for (Index j = 0; j < u.size(); ++j) u[j] = scale[j] > 0.0 ? theta[j] / scale[j] : 0.0;
    LbfgsOptions options;
    options.maxiter = 100 * options_.maxiter;
    options.gradient_tolerance = 0.05 * options_.tolerance;
    options.objective_tolerance = 0.0;
    if (model_.execution.hooks != nullptr) options.stop_requested = model_.execution.hooks->stop_requested;
    const LbfgsResult result = minimize_lbfgs(objective, u, options);
    if (result.termination == Termination::interrupted) throw Interrupted();
    fit.theta = scale.cwiseProduct(result.theta);
    const WorkingPass at = model_.evaluate(fit.theta, Curvature::observed);
    fit.deviance = at.deviance;
    fit.penalty = penalty.dot(fit.theta.cwiseAbs2());
    fit.gram = at.gram;
    fit.gradient_norm =
        (scale.cwiseProduct(penalty.cwiseProduct(fit.theta) - at.score)).lpNorm<Eigen::Infinity>();
    fit.iterations = result.iterations;
    fit.evaluations = result.evaluations;
    fit.termination = result.termination;
    return fit;
  }

 private:
  const Model& model_;
  InnerOptions options_;
};

}  // namespace contextstats
