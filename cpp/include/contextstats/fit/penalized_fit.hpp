#pragma once

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
  double penalty = 0.0;  ///< theta' S theta
  MatrixXd gram;         ///< Z'WZ at theta, W the weights named by `curvature`
  Curvature curvature = Curvature::observed;
  double gradient_norm = -1.0;
  int iterations = 0;
  int evaluations = 0;
  Termination termination = Termination::not_run;

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

/// Newton's method with step control for the penalised deviance (penalised iterative weighted least squares).
///
/// The observed information is used where it is positive definite, the expected one elsewhere and in the
/// first step. Source: Wood (2011), Fast stable REML and ML estimation, JRSS B 73, section 3.
class NewtonSolver {
 public:
  NewtonSolver(const Model& model, const InnerOptions& options) : model_(model), options_(options) {}

  /// `identified` limits the coefficients that move; the others stay at zero. `start` may be empty.
  PenalizedFit solve(const VectorXd& penalty, const std::vector<bool>& identified,
                     const VectorXd& start) const {
    PenalizedFit fit;
    const Curvature first = model_.loss.canonical() ? Curvature::observed : Curvature::expected;
    fit.theta = start.size() > 0 ? start : first_solution(model_, penalty, identified);
    WorkingPass at = evaluate(fit.theta, first, fit);
    if (!at.finite()) {
      fit.theta = drawn_into_support(model_, penalty, identified, fit.theta);
      at = evaluate(fit.theta, first, fit);
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
