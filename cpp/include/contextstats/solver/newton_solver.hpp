#pragma once

#include <cmath>
#include <vector>

#include "contextstats/solver/penalized_fit.hpp"

namespace contextstats {

/// Newton's method with step control for the penalised deviance (penalised iterative weighted least squares).
///
/// The observed information is used where it is positive definite, the expected one elsewhere and in the
/// first step. Source: Wood (2011), Fast stable REML and ML estimation, JRSS B 73, section 3.
class NewtonSolver {
 public:
  NewtonSolver(const Model& model, const InnerOptions& options) : model_(model), options_(options) {}

  /// `identified` limits the coefficients that move; the others stay at zero. `start` may be empty.
  /// `at_start`: the pass there with the observed information, if there has been one.
  PenalizedFit solve(const VectorXd& penalty, const std::vector<bool>& identified, const VectorXd& start,
                     const WorkingPass* at_start = nullptr) const {
    PenalizedFit fit;
    const bool canonical = model_.loss.canonical();
    fit.theta = start.size() > 0 ? start : first_solution(model_, penalty, identified);
    fit.curvature = canonical ? Curvature::observed : Curvature::expected;
    WorkingPass at = canonical && at_start != nullptr ? *at_start : evaluate(fit.theta, fit.curvature, fit);
    fit.deviance = at.deviance;
    if (!at.finite()) {
      fit.theta = drawn_into_support(model_, penalty, identified, fit.theta);
      at = evaluate(fit.theta, fit.curvature, fit);
    }
    if (!at.finite()) {
      fit.termination = Termination::objective_not_finite;
      return fit;
    }
    for (; fit.iterations < options_.maxiter; ++fit.iterations) {
      if (model_.execution.hooks != nullptr) model_.execution.hooks->check();
      const VectorXd gradient = free_gradient(at, penalty, identified, fit.theta);
      fit.gradient_norm = gradient.lpNorm<Eigen::Infinity>();
      const VectorXd step = newton_step(at, gradient, penalty, identified, fit);
      const double decrement = -gradient.dot(step);
      const bool last = decrement <= 1e-3 * options_.tolerance * (1.0 + std::abs(fit.objective()));
      const bool moved = take_step(step, decrement, last, penalty, at, fit);
      if (last || !moved) {
        fit.termination = last ? Termination::gradient_small : Termination::line_search_failed;
        break;
      }
    }
    if (fit.termination == Termination::not_run) fit.termination = Termination::iteration_limit;
    if (fit.curvature != Curvature::observed) {
      at = model_.evaluate(fit.theta, Curvature::observed);
      fit.curvature = Curvature::observed;
    }
    fit.gram = std::move(at.gram);
    return fit;
  }

 private:
  WorkingPass evaluate(const VectorXd& theta, Curvature curvature, PenalizedFit& fit) const {
    ++fit.evaluations;
    WorkingPass at = model_.evaluate(theta, curvature);
    fit.curvature = curvature;
    fit.deviance = at.deviance;
    return at;
  }

  VectorXd free_gradient(const WorkingPass& at, const VectorXd& penalty, const std::vector<bool>& identified,
                         const VectorXd& theta) const {
    VectorXd gradient = penalty.cwiseProduct(theta) - at.score;
    for (Index j = 0; j < gradient.size(); ++j) {
      if (!identified[static_cast<std::size_t>(j)]) gradient[j] = 0.0;
    }
    return gradient;
  }

  VectorXd newton_step(WorkingPass& at, const VectorXd& gradient, const VectorXd& penalty,
                       const std::vector<bool>& identified, PenalizedFit& fit) const {
    fit.penalty = penalty.dot(fit.theta.cwiseAbs2());
    const ScaledCholesky factor(with_penalty(at.gram, penalty), kRankTolerance, identified);
    if (factor.positive()) return -factor.solve(gradient);
    at = evaluate(fit.theta, Curvature::expected, fit);
    return -ScaledCholesky(with_penalty(at.gram, penalty), kRankTolerance, identified).solve(gradient);
  }

  /// Halves the step until the penalised deviance does not rise; false if no step does that.
  bool take_step(const VectorXd& step, double decrement, bool last, const VectorXd& penalty, WorkingPass& at,
                 PenalizedFit& fit) const {
    const double before = fit.objective();
    const VectorXd origin = fit.theta;
    const double slack = 1e-12 * (1.0 + std::abs(before)) + (last ? std::abs(decrement) : 0.0);
    double length = 1.0;
    for (int halving = 0; halving < 40; ++halving, length *= 0.5) {
      const VectorXd theta = origin + length * step;
      WorkingPass trial = evaluate(theta, Curvature::observed, fit);
      const double penalty_value = penalty.dot(theta.cwiseAbs2());
      if (trial.finite() && 0.5 * (trial.deviance + penalty_value) <= before + slack) {
        fit.theta = theta;
        fit.penalty = penalty_value;
        at = std::move(trial);
        return true;
      }
    }
    at = evaluate(origin, Curvature::observed, fit);
    return false;
  }

  const Model& model_;
  InnerOptions options_;
};

}  // namespace contextstats
