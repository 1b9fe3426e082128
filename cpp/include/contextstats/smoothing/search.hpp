#pragma once

#include <algorithm>
#include <cmath>
#include <functional>

#include "contextstats/smoothing/newton_direction.hpp"

namespace contextstats {

/// When a search asks for the criterion's exact Hessian: for steps near the optimum and at the end, at the
/// end only, or never.
enum class ExactHessian { near_end, at_end, never };

struct SmoothingSearchOptions {
  int maxiter = 100;
  double tolerance =
      1e-9;  ///< stop when max |gradient| <= tolerance (1 + |criterion|), |criterion| at most 1000
  ExactHessian exact_hessian = ExactHessian::near_end;
  bool many_rows = false;  ///< for JointSearch: a pass over the data costs more than all else
  double may_leave = 0.0;  ///< for JointSearch: stop where another pass would gain less; 0 to go to the end
};

struct SearchResult {
  VectorXd rho;
  PenalizedFit fit;
  CriterionValue criterion;
  int iterations = 0;
  int evaluations = 0;
  Termination termination = Termination::not_run;
};

/// Minimises a criterion over the log smoothing parameters by Newton's method, with the coefficients solved
/// for at every trial and carried along their derivative to the next.
///
/// Far from the optimum the Hessian ignores the dependence of the weights on rho, which is cheap; near it the
/// exact one is taken once and reused, since gradients are exact throughout.
class SmoothingSearch {
 public:
  using Solve = std::function<PenalizedFit(const VectorXd& rho, const VectorXd& start)>;

  SmoothingSearch(const Criterion& criterion, Solve solve, const SmoothingSearchOptions& options,
                  const Hooks* hooks)
      : criterion_(criterion), solve_(std::move(solve)), options_(options), hooks_(hooks) {}

  /// `center` is a rho of the right order of magnitude, see SearchRange.
  SearchResult minimize(const VectorXd& center, const VectorXd& start, const VectorXd& theta) const {
    const SearchRange range(center);
    SearchResult at;
    at.rho = range.inside(start);
    at.fit = solve_(at.rho, theta);
    at.evaluations = 1;
    if (!at.fit.usable()) {
      at.termination = Termination::objective_not_finite;
      return at;
    }
    at.criterion = value_at(at.fit, at.rho, Derivatives::working);
    return improve(range, std::move(at));
  }

 private:
  static constexpr double kFlat = 1e-9;  ///< a gradient that rounding may leave where nothing falls any more
  static constexpr double kNear =
      0.02;  ///< a gradient in log(lambda) is of the order of an edf when far away

  SearchResult improve(const SearchRange& range, SearchResult at) const {
    ExactCurvature exact;
    double longest = kLongestStep;
    double last_norm = std::numeric_limits<double>::infinity();
    for (;; ++at.iterations) {
      const double norm = range.projected_norm(at.rho, at.criterion.gradient);
      if (hooks_ != nullptr) {
        hooks_->check();
        if (hooks_->progress) hooks_->progress(at.iterations, at.criterion.value, norm);
      }
      // A gradient in log(lambda) does not grow with the number of rows, though the criterion does.
      const double scale = 1.0 + std::min(std::abs(at.criterion.value), 1e3);
      if (norm <= options_.tolerance * scale) {
        at.termination = Termination::gradient_small;
        break;
      }
      if (at.iterations >= options_.maxiter) {
        at.termination = Termination::iteration_limit;
        break;
      }
      const bool slow = norm > 0.2 * last_norm;
      const bool near = norm < kNear && !at.criterion.exact;
      if (near && options_.exact_hessian == ExactHessian::near_end && (!exact.known() || slow)) {
        exact = {at.rho, value_at(at.fit, at.rho, Derivatives::exact)};
      }
      last_norm = norm;
      const MatrixXd hessian = near && exact.known() ? exact.at.hessian : hessian_at(at);
      const VectorXd direction = newton_direction(at.rho, at.criterion, hessian, range, longest);
      const VectorXd before = at.rho;
      const bool moved = step(direction, range, at);
      // Long plateaus on the way to a penalty's null space: steps that keep reaching their bound may double.
      const bool at_bound = moved && (at.rho - before).cwiseAbs().maxCoeff() >= 0.999 * longest;
      longest = at_bound ? std::min(2.0 * longest, 4.0 * kLongestStep) : kLongestStep;
      if (!moved) {
        const double flat = std::max(1e3 * options_.tolerance, kFlat) * scale;
        at.termination = norm <= flat ? Termination::objective_flat : Termination::line_search_failed;
        break;
      }
    }
    if (options_.exact_hessian != ExactHessian::never) complete(exact, at);
    return at;
  }

  CriterionValue value_at(const PenalizedFit& fit, const VectorXd& rho, Derivatives wanted) const {
    return criterion_.evaluate(fit, rho, wanted);
  }

  /// Gives the result an exact Hessian, the one at hand where it still holds.
  void complete(const ExactCurvature& exact, SearchResult& at) const {
    if (at.criterion.exact || exact.give(at.rho, at.criterion)) return;
    at.criterion = value_at(at.fit, at.rho, Derivatives::exact);
    if (at.criterion.hessian.size() == 0) at.criterion.hessian = difference_hessian(at);
    if (at.criterion.full_hessian.size() == 0) at.criterion.full_hessian = at.criterion.hessian;
  }

  MatrixXd hessian_at(const SearchResult& at) const {
    return at.criterion.hessian.size() > 0 ? at.criterion.hessian : difference_hessian(at);
  }

  MatrixXd difference_hessian(const SearchResult& at) const {
    const Index K = at.rho.size();
    constexpr double h = 1e-4;
    MatrixXd hessian(K, K);
    for (Index k = 0; k < K; ++k) {
      VectorXd up = at.rho, down = at.rho;
      up[k] += h;
      down[k] -= h;
      const VectorXd above = value_at(solve_(up, at.fit.theta), up, Derivatives::working).gradient;
      const VectorXd below = value_at(solve_(down, at.fit.theta), down, Derivatives::working).gradient;
      hessian.col(k) = (above - below) / (2.0 * h);
    }
    return 0.5 * (hessian + hessian.transpose());
  }

  /// Halves the step until the criterion falls; moves `at` there.
  bool step(const VectorXd& direction, const SearchRange& range, SearchResult& at) const {
    const double before = at.criterion.value;
    const double slack = 1e-13 * (1.0 + std::abs(before));
    double length = 1.0;
    for (int halving = 0; halving < 25; ++halving, length *= 0.5) {
      const VectorXd rho = range.inside(at.rho + length * direction);
      PenalizedFit fit = solve_(rho, at.fit.theta + at.criterion.dtheta * (rho - at.rho));
      ++at.evaluations;
      if (!fit.usable()) continue;
      CriterionValue trial = value_at(fit, rho, Derivatives::working);
      if (!(trial.value <= before + slack) || !trial.gradient.allFinite()) continue;
      at.rho = rho;
      at.fit = std::move(fit);
      at.criterion = std::move(trial);
      return true;
    }
    return false;
  }

  const Criterion& criterion_;
  Solve solve_;
  SmoothingSearchOptions options_;
  const Hooks* hooks_;
};

}  // namespace contextstats
