#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "contextstats/smoothing/determinant_slope.hpp"
#include "contextstats/smoothing/local_model.hpp"
#include "contextstats/smoothing/search.hpp"

namespace contextstats {

/// Smoothing parameters and coefficients improved together: each pass over the data gives a quadratic model
/// of the deviance and a linear one of log|H|, on which both are optimised before the next pass.
///
/// A fixed point is a stationary point of the exact criterion, since the models agree with it there to first
/// order. Where weights are far from smooth (separation, tiny counts) the iteration may fail to settle: it
/// then says so, and the nested search goes on from the best point. Source of the idea without the slope of
/// log|H|: performance-oriented iteration, Gu (1992), JCGS 1; with quadratic models, Wood, Li, Shaddick and
/// Augustin (2017), JASA 112.
///
/// With few rows the last steps are Newton's with the exact Hessian, taken where the passes have come close.
///
/// With many rows the slope of log|H| is the dearest part of a pass. Far away it comes from some of the rows;
/// near the end one pass takes it from all of them, and some say how it moves with the smoothing parameters.
/// A last pass without information then confirms the coefficients.
class JointSearch {
 public:
  JointSearch(const MarginalLikelihood& criterion, const SmoothingSearchOptions& options)
      : criterion_(criterion), model_(criterion.model()), options_(options) {}

  /// Where the passes settle; `fit` is usable there, and `termination` says whether they did settle. `first`
  /// is the pass at `theta` with the observed information, if there has been one, and its slope that of
  /// tr(m Z'WZ) unless m is empty. With many rows `criterion` has its exact Hessian.
  SearchResult minimize(const VectorXd& center, const VectorXd& rho, const VectorXd& theta,
                        std::optional<WorkingPass> first, MatrixXd m = MatrixXd()) const {
    const SearchRange range(center);
    ExactCurvature exact;
    SearchResult best;
    best.rho = rho;
    best.fit.theta = theta;
    VectorXd trial_rho = rho, trial = theta;
    double last_norm = std::numeric_limits<double>::infinity();
    double last_decrement = std::numeric_limits<double>::infinity();
    int rises = 0;
    for (best.iterations = 0; best.iterations < std::min(kMostPasses, options_.maxiter); ++best.iterations) {
      std::optional<Pass> at =
          first ? judge(best, trial_rho, trial, std::move(*first)) : pass(best, trial_rho, trial, m);
      first.reset();
      ++best.evaluations;
      if (!at) {
        if (best.iterations == 0 || ++rises > 4) break;
        trial = best.fit.theta + 0.25 * (trial - best.fit.theta);  // the quadratic model was trusted too far
        m.resize(0, 0);
        continue;
      }
      best.rho = trial_rho;
      best.fit = std::move(at->fit);
      DeterminantSlope slope(criterion_, best.fit, best.rho, m, std::move(at->slope));
      const bool of_all_rows = m.size() > 0;
      const MarginalLikelihood local = criterion_.near(slope.local);
      CriterionValue here = local.evaluate(best.fit, best.rho, Derivatives::working);
      const double norm = range.projected_norm(best.rho, here.gradient);
      report(best.iterations, here.value, norm);
      const LocalModel quadratic(best.fit, best.rho, at->score, criterion_.penalties(),
                                 criterion_.identified());
      const double scale = 1.0 + std::min(std::abs(here.value), 1e3);
      std::optional<SearchResult> next;
      const double ahead = next_decrement(at->decrement, last_decrement, here.scale);
      const bool ended = settled(at->decrement, norm, exact.known(), scale);
      if (ended) {
        next = other_valley(local, quadratic, best.rho, here, center);
        if (!next) {
          if (!exact.give(best.rho, here)) here = local.evaluate(best.fit, best.rho, Derivatives::exact);
          best.criterion = std::move(here);
          best.termination = Termination::gradient_small;
          break;
        }
        exact = {};
      } else if (best.iterations > 3 && norm > 0.7 * last_norm && ++rises > 4) {
        break;
      } else if (nearly_settled(ahead, norm, scale) && !(exact.known() && norm > 0.1 * last_norm)) {
        if (!exact.known()) exact = {best.rho, local.evaluate(best.fit, best.rho, Derivatives::exact)};
        next = newton_step(quadratic, range, best.rho, here, exact.at.hessian);
      }
      last_norm = ended ? std::numeric_limits<double>::infinity() : norm;
      last_decrement = at->decrement;
      if (!next) {
        const double enough = std::max(1e-2 * norm, enough_of(options_.tolerance) * scale);
        const bool leap =
            many_rows() && best.iterations < 2;  // saves passes, and many rows leave few valleys
        const VectorXd from = leap ? quadratic.lowest(best.rho, center, here.scale) : best.rho;
        next = improve(local, quadratic, from, center, enough);
        if (many_rows() && of_all_rows && ahead <= kConfirmable) {
          next = follow_slope(local, quadratic, slope, std::move(*next), center,
                              enough_of(options_.tolerance) * scale);
          if (auto deeper = other_valley(local, quadratic, next->rho, next->criterion, center)) {
            next = std::move(deeper);
          } else if (confirm(slope, *next, best)) {
            break;
          }
        }
      }
      if (ahead < options_.may_leave) {
        best.rho = next->rho;
        best.fit = std::move(next->fit);
        best.termination = Termination::gradient_small;
        break;
      }
      trial_rho = next->rho;
      trial = next->fit.theta;
      m.resize(0, 0);
      if (many_rows() && ahead <= kNearEnd) m = criterion_.trace_matrix(next->fit, trial_rho);
    }
    return best;
  }

 private:
  static constexpr int kMostPasses = 40;
  static constexpr double kSettled = 1e-17;      ///< coefficients within 1e-8 of their standard errors
  static constexpr double kNearEnd = 1e-2;       ///< from here a pass may be the last with information
  static constexpr double kConfirmable = 1e-11;  ///< coefficients within 1e-5 of their standard errors

  /// Without the exact Hessian passes come closer by a factor, not quadratically: they stop well within the
  /// tolerance.
  static double enough_of(double tolerance) { return std::max(0.02 * tolerance, 1e-11); }

  bool to_the_end() const { return options_.may_leave == 0.0; }
  bool many_rows() const { return options_.many_rows && to_the_end(); }

  bool settled(double decrement, double norm, bool quadratic, double scale) const {
    const double enough = quadratic ? options_.tolerance : enough_of(options_.tolerance);
    return !many_rows() && to_the_end() && decrement <= kSettled && norm <= enough * scale;
  }

  /// Newton's step with the exact Hessian leaves the square of a gradient: one or two are enough from here.
  bool nearly_settled(double ahead, double norm, double scale) const {
    return options_.exact_hessian == ExactHessian::near_end && ahead <= kSettled &&
           norm <= std::sqrt(options_.tolerance * scale);
  }

  /// The point to which the exact Hessian leads, with the coefficients of the local model there.
  static SearchResult newton_step(const LocalModel& quadratic, const SearchRange& range, const VectorXd& rho,
                                  const CriterionValue& here, const MatrixXd& hessian) {
    SearchResult out;
    out.rho = range.inside(rho + newton_direction(rho, here, hessian, range, kLongestStep));
    out.fit = quadratic(out.rho);
    return out;
  }

  /// What a Newton step will gain after the one that gains `now`: steps converge quadratically, with a factor
  /// that is seen in the last two, and of the order of one over the number of rows.
  double next_decrement(double now, double before, double phi) const {
    const double seen = now / (before * before);
    return now * now * std::max(seen, 10.0 / (phi * criterion_.n_observations()));
  }

  struct Pass {
    PenalizedFit fit;
    VectorXd score;
    VectorXd slope;
    double decrement = 0.0;  ///< what a Newton step would gain at this rho
  };

  /// One pass over the data at `theta`; none if the information is not positive definite there or the
  /// penalised deviance has risen.
  std::optional<Pass> pass(const SearchResult& before, const VectorXd& rho, const VectorXd& theta,
                           const MatrixXd& m) const {
    if (model_.execution.hooks != nullptr) model_.execution.hooks->check();
    return judge(before, rho, theta, model_.evaluate(theta, Curvature::observed, m));
  }

  std::optional<Pass> judge(const SearchResult& before, const VectorXd& rho, const VectorXd& theta,
                            WorkingPass at) const {
    if (!at.finite()) return std::nullopt;
    const VectorXd s = total_penalty(criterion_.penalties(), rho);
    Pass out;
    out.fit.theta = theta;
    out.fit.deviance = at.deviance;
    out.fit.penalty = s.dot(theta.cwiseAbs2());
    if (before.fit.gram.size() > 0) {
      const double old = 0.5 * (before.fit.deviance + s.dot(before.fit.theta.cwiseAbs2()));
      if (out.fit.objective() > old + 1e-10 * (1.0 + std::abs(old))) return std::nullopt;
    }
    out.fit.factor = std::make_shared<const ScaledCholesky>(with_penalty(at.gram, s), kRankTolerance,
                                                            criterion_.identified());
    if (!out.fit.factor->positive()) return std::nullopt;
    const VectorXd gradient = free_gradient(s, theta, at.score);
    out.decrement = gradient.dot(VectorXd(out.fit.factor->solve(gradient)));
    out.fit.gradient_norm = gradient.lpNorm<Eigen::Infinity>();
    out.fit.gram = std::move(at.gram);
    out.fit.iterations = out.fit.evaluations = 1;
    out.fit.termination = Termination::gradient_small;
    out.score = std::move(at.score);
    out.slope = std::move(at.slope);
    return out;
  }

  VectorXd free_gradient(const VectorXd& s, const VectorXd& theta, const VectorXd& score) const {
    VectorXd gradient = s.cwiseProduct(theta) - score;
    for (Index j = 0; j < gradient.size(); ++j) {
      if (!criterion_.identified()[static_cast<std::size_t>(j)]) gradient[j] = 0.0;
    }
    return gradient;
  }

  /// The best smoothing parameters and coefficients of the local model.
  SearchResult improve(const MarginalLikelihood& local, const LocalModel& quadratic, const VectorXd& rho,
                       const VectorXd& center, double tolerance) const {
    const auto solve = [&](const VectorXd& at, const VectorXd&) { return quadratic(at); };
    SmoothingSearchOptions limits;
    limits.maxiter = 20;
    limits.tolerance = tolerance / 1001.0;
    limits.exact_hessian = ExactHessian::never;
    return SmoothingSearch(local, solve, limits, nullptr).minimize(center, rho, quadratic.theta());
  }

  /// Moves the slope of log|H| along with the smoothing parameters until both stay where they are.
  SearchResult follow_slope(const MarginalLikelihood& local, const LocalModel& quadratic,
                            DeterminantSlope& slope, SearchResult next, const VectorXd& center,
                            double enough) const {
    constexpr int kMostTurns = 4;
    for (int turn = 0; turn < kMostTurns; ++turn) {
      slope.move_to(next.fit, next.rho);
      const CriterionValue value = local.evaluate(next.fit, next.rho, Derivatives::working);
      const bool done = SearchRange(center).projected_norm(next.rho, value.gradient) <= 10.0 * enough;
      next = improve(local, quadratic, next.rho, center, enough);
      if (done) break;
    }
    return next;
  }

  /// A pass without information at the end of the search: true, and `best` is there, if the coefficients have
  /// settled.
  bool confirm(const DeterminantSlope& slope, const SearchResult& next, SearchResult& best) const {
    PenalizedFit fit;
    fit.theta = next.fit.theta;
    const Curvature curvature = model_.loss.canonical() ? Curvature::none : Curvature::expected;
    WorkingPass at = model_.evaluate(fit.theta, curvature, MatrixXd(), &fit.eta);
    ++best.evaluations;
    if (!at.finite()) return false;
    const VectorXd s = total_penalty(criterion_.penalties(), next.rho);
    const VectorXd gradient = free_gradient(s, fit.theta, at.score);
    const ScaledCholesky factor(with_penalty(best.fit.gram, s), kRankTolerance, criterion_.identified());
    if (!(gradient.dot(VectorXd(factor.solve(gradient))) <= kConfirmable)) return false;
    const MatrixXd step = fit.theta - slope.local.theta;
    fit.gram = best.fit.gram + weight_curvature(criterion_.some(), slope.local.theta, step).gram[0];
    fit.gram_expected = std::move(at.gram);
    fit.deviance = at.deviance;
    fit.penalty = s.dot(fit.theta.cwiseAbs2());
    fit.gradient_norm = gradient.lpNorm<Eigen::Infinity>();
    fit.termination = Termination::gradient_small;
    best.rho = next.rho;
    best.fit = std::move(fit);
    const MarginalLikelihood::LocalWeights end{best.fit.theta, slope.local.slope};
    best.criterion = criterion_.near(end).evaluate(best.fit, best.rho, Derivatives::exact);
    best.termination = Termination::gradient_small;
    return true;
  }

  /// A point of the local model with a lower criterion than the one at hand, in another valley; none if there
  /// is none.
  std::optional<SearchResult> other_valley(const MarginalLikelihood& local, const LocalModel& quadratic,
                                           const VectorXd& rho, const CriterionValue& value,
                                           const VectorXd& center) const {
    const VectorXd from = quadratic.lowest(rho, center, value.scale);
    if (from == rho) return std::nullopt;
    SearchResult found = improve(local, quadratic, from, center, 1e-4);
    if (!(found.criterion.value < value.value - 5e-7)) return std::nullopt;
    return found;
  }

  void report(int pass, double value, double norm) const {
    const Hooks* hooks = model_.execution.hooks;
    if (hooks != nullptr && hooks->progress) hooks->progress(pass, value, norm);
  }

  const MarginalLikelihood& criterion_;
  const Model& model_;
  SmoothingSearchOptions options_;
};

}  // namespace contextstats
