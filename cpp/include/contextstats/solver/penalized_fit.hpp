#pragma once

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "contextstats/math/scaled_cholesky.hpp"
#include "contextstats/objective/working_pass.hpp"
#include "contextstats/optim/termination.hpp"

namespace contextstats {

/// A pivot of the scaled information below this is taken for a linear dependence.
constexpr double kRankTolerance = 1e-12;

/// When an inner fit stops, and how it gets there.
struct InnerOptions {
  int maxiter = 100;
  double tolerance =
      1e-9;  ///< the last step moves the objective by less than 1e-3 tolerance (1 + |objective|)
};

/// The coefficients at given smoothing parameters: the minimum of (D(theta) + theta' S theta) / 2.
struct PenalizedFit {
  VectorXd theta;
  double deviance = 0.0;
  double penalty = 0.0;    ///< theta' S theta
  MatrixXd gram;           ///< Z'WZ at theta, W the weights named by `curvature`
  MatrixXd gram_expected;  ///< the same with the expected weights, where they differ and a pass has given it
  VectorXd eta;            ///< linear predictor of every row, where a pass has given it
  std::shared_ptr<const ScaledCholesky> factor;  ///< of `gram` + S, where the solver had to make it
  Curvature curvature = Curvature::observed;
  double gradient_norm = -1.0;
  int iterations = 0;
  int evaluations = 0;
  Termination termination = Termination::not_run;

  /// Whether there are coefficients with a finite deviance at all.
  bool usable() const { return std::isfinite(deviance) && gram.size() > 0; }
  double objective() const { return 0.5 * (deviance + penalty); }
  bool converged() const {
    return termination == Termination::gradient_small || termination == Termination::objective_flat;
  }
};

inline MatrixXd with_penalty(const MatrixXd& gram, const VectorXd& penalty) {
  MatrixXd h = gram;
  h.diagonal() += penalty;
  return h;
}

/// The solution of a weighted least squares problem given by its cross products.
inline VectorXd solve_normal_equations(const WorkingPass& at, const VectorXd& penalty,
                                       const std::vector<bool>& identified) {
  return ScaledCholesky(with_penalty(at.gram, penalty), kRankTolerance, identified).solve(at.score);
}

/// The first weighted least squares solution, from the response (McCullagh and Nelder 1989, section 2.5).
inline VectorXd first_solution(const Model& model, const VectorXd& penalty,
                               const std::vector<bool>& identified) {
  return solve_normal_equations(model.evaluate_at_response(), penalty, identified);
}

/// Draws coefficients whose deviance is infinite towards a constant mean until every mean lies in the
/// support: with an identity or square-root link a first solution may leave it. The deviance stays infinite
/// where there is no way.
inline VectorXd drawn_into_support(const Model& model, const VectorXd& penalty,
                                   const std::vector<bool>& identified, VectorXd theta) {
  const VectorXd level = solve_normal_equations(model.evaluate_at_mean(), penalty, identified);
  for (int halving = 0; halving < 30; ++halving) {
    theta = level + 0.5 * (theta - level);
    if (model.evaluate(theta, Curvature::none).finite()) return theta;
  }
  return level;
}

}  // namespace contextstats
