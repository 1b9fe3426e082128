#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "contextstats/smoothing/marginal_likelihood.hpp"
#include "contextstats/smoothing/profile_scan.hpp"
#include "contextstats/smoothing/search.hpp"

namespace contextstats {

/// Smoothing parameters and coefficients improved together: each pass over the data gives a quadratic model
/// of the deviance and a linear one of log|H|, on which both are optimised before the next pass.
///
/// A fixed point is a stationary point of the exact criterion, since the models agree with it there to first
/// order; passes come closer by a factor of the order of the effect that smoothing has on the weights, a few
/// hundredths. Where weights are far from smooth (separation, tiny counts) the iteration may fail to settle:
/// it then says so, and the nested search goes on from the best point. Source of the idea without the slope
/// of log|H|: performance-oriented iteration, Gu (1992), JCGS 1; with quadratic models, Wood, Li, Shaddick
/// and Augustin (2017), JASA 112.
class JointSearch {
 public:
  JointSearch(const Model& model, const MatrixXd& penalties, std::vector<bool> identified, bool restricted,
              const SearchOptions& options)
      : model_(model),
        penalties_(penalties),
        identified_(std::move(identified)),
        restricted_(restricted),
        options_(options) {}

  /// Where the passes settle; `fit` is usable there, and `termination` says whether they did settle. `first`
  /// is the pass at `theta` with the observed information, if there has been one.
  SearchResult minimize(const VectorXd& center, const VectorXd& rho, const VectorXd& theta,
                        std::optional<WorkingPass> first) const {
    SearchResult best;
    best.rho = rho;
    best.fit.theta = theta;
    VectorXd trial_rho = rho;
    VectorXd trial = theta;
    MatrixXd m;  // of the pass before: the inverse information moves little
    double last_norm = std::numeric_limits<double>::infinity();
    int rises = 0;
    for (best.iterations = 0; best.iterations < std::min(kMostPasses, options_.maxiter); ++best.iterations) {
      std::optional<Pass> at =
          first ? judge(best, trial_rho, trial, m, std::move(*first)) : pass(best, trial_rho, trial, m);
      first.reset();
      ++best.evaluations;
      if (!at) {
        if (best.iterations == 0 || ++rises > 4) break;
        trial = best.fit.theta + 0.25 * (trial - best.fit.theta);  // the quadratic model was trusted too far
        continue;
      }
      const MarginalLikelihood local(model_, penalties_, identified_, restricted_, &at->local);
      CriterionValue here = local.evaluate(at->fit, trial_rho, Derivatives::working);
      const double norm = projected(here.gradient, trial_rho, center);
      report(best.iterations, here.value, norm);
      best.rho = trial_rho;
      best.fit = std::move(at->fit);
      const double scale = 1.0 + std::min(std::abs(here.value), 1e3);
      if (m.size() > 0 && at->decrement <= kSettled && norm <= enough_of(options_.tolerance) * scale) {
        const std::optional<SearchResult> deeper = other_valley(local, *at, best, here, center);
        if (!deeper) {
          best.termination = Termination::gradient_small;
          break;
        }
        trial_rho = deeper->rho;
        trial = deeper->fit.theta;
        last_norm = std::numeric_limits<double>::infinity();
        continue;
      }
      if (best.iterations > 3 && norm > 0.7 * last_norm && ++rises > 4) break;
      last_norm = norm;
      const LocalModel quadratic(*at, best.fit, penalties_, identified_);
      const VectorXd from =
          best.iterations < 2 ? quadratic.lowest(best.rho, center, here.scale, 0.0) : best.rho;
      const double enough = std::max(1e-2 * norm, enough_of(options_.tolerance) * scale);
      const SearchResult next = improve(local, quadratic, from, center, enough);
      trial_rho = next.rho;
      trial = next.fit.theta;
      m = local.trace_matrix(with_penalty(best.fit.gram, total_penalty(penalties_, best.rho)));
    }
    return best;
  }

 private:
  static constexpr int kMostPasses = 40;
  static constexpr double kSettled = 1e-17;  ///< coefficients within 1e-8 of their standard errors
  static constexpr double kRange = 26.0;

  /// Passes come closer by a factor, not quadratically: they stop well within the tolerance.
  static double enough_of(double tolerance) { return std::max(0.02 * tolerance, 1e-11); }

  struct Pass {
    PenalizedFit fit;
    VectorXd score;
    double decrement = 0.0;  ///< what a Newton step would gain at this rho
    MarginalLikelihood::LocalWeights local;
  };

  /// One pass over the data at `theta`; none if the information is not positive definite there or the
  /// penalised deviance has risen.
  std::optional<Pass> pass(const SearchResult& before, const VectorXd& rho, const VectorXd& theta,
                           const MatrixXd& m) const {
    if (model_.execution.hooks != nullptr) model_.execution.hooks->check();
    return judge(before, rho, theta, m, model_.evaluate(theta, Curvature::observed, m));
  }

  std::optional<Pass> judge(const SearchResult& before, const VectorXd& rho, const VectorXd& theta,
                            const MatrixXd& m, WorkingPass at) const {
    if (!at.finite()) return std::nullopt;
    const VectorXd s = total_penalty(penalties_, rho);
    Pass out;
    out.fit.theta = theta;
    out.fit.deviance = at.deviance;
    out.fit.penalty = s.dot(theta.cwiseAbs2());
    if (before.fit.gram.size() > 0) {
      const double old = 0.5 * (before.fit.deviance + s.dot(before.fit.theta.cwiseAbs2()));
      if (out.fit.objective() > old + 1e-10 * (1.0 + std::abs(old))) return std::nullopt;
    }
    const ScaledCholesky factor(with_penalty(at.gram, s), kRankTolerance, identified_);
    if (!factor.positive()) return std::nullopt;
    VectorXd gradient = s.cwiseProduct(theta) - at.score;
    for (Index j = 0; j < gradient.size(); ++j) {
      if (!identified_[static_cast<std::size_t>(j)]) gradient[j] = 0.0;
    }
    const VectorXd step = factor.solve(gradient);
    out.decrement = gradient.dot(step);
    out.fit.gradient_norm = gradient.lpNorm<Eigen::Infinity>();
    out.fit.gram = std::move(at.gram);
    out.fit.iterations = out.fit.evaluations = 1;
    out.fit.termination = Termination::gradient_small;
    out.score = std::move(at.score);
    out.local.theta = theta;
    out.local.slope = m.size() > 0 ? std::move(at.slope) : VectorXd::Zero(theta.size());
    return out;
  }

  /// The deviance as a quadratic function of the coefficients, exact to second order at a pass.
  struct LocalModel {
    LocalModel(const Pass& at, const PenalizedFit& fit_, const MatrixXd& penalties_,
               const std::vector<bool>& identified_)
        : fit(fit_),
          score(at.score),
          target(fit_.gram * fit_.theta + at.score),
          penalties(penalties_),
          identified(identified_) {}

    PenalizedFit operator()(const VectorXd& rho) const {
      const VectorXd s = total_penalty(penalties, rho);
      PenalizedFit out;
      out.theta = ScaledCholesky(with_penalty(fit.gram, s), kRankTolerance, identified).solve(target);
      const VectorXd d = out.theta - fit.theta;
      out.deviance = fit.deviance - 2.0 * score.dot(d) + d.dot(fit.gram * d);
      out.penalty = s.dot(out.theta.cwiseAbs2());
      out.gram = fit.gram;
      out.termination = Termination::gradient_small;
      return out;
    }

    VectorXd lowest(const VectorXd& rho, const VectorXd& center, double phi, double least_gain) const {
      return ProfileScan(fit.gram, target, penalties, identified).lowest(rho, center, phi, least_gain);
    }

    const PenalizedFit& fit;
    const VectorXd& score;
    VectorXd target;
    const MatrixXd& penalties;
    const std::vector<bool>& identified;
  };

  /// The best smoothing parameters and coefficients of the local model.
  SearchResult improve(const MarginalLikelihood& local, const LocalModel& quadratic, const VectorXd& rho,
                       const VectorXd& center, double tolerance) const {
    const auto solve = [&](const VectorXd& at, const VectorXd&) { return quadratic(at); };
    SearchOptions limits = options_;
    limits.maxiter = 20;
    limits.tolerance = tolerance / 1001.0;
    limits.use_exact = false;
    return SmoothingSearch(local, solve, limits, nullptr).minimize(center, rho, quadratic.fit.theta);
  }

  /// A point of the local model with a lower criterion than the one at hand, in another valley; none if there
  /// is none.
  std::optional<SearchResult> other_valley(const MarginalLikelihood& local, const Pass& at,
                                           const SearchResult& here, const CriterionValue& value,
                                           const VectorXd& center) const {
    constexpr double worth_a_move = 1e-6;
    const LocalModel quadratic(at, here.fit, penalties_, identified_);
    const VectorXd from = quadratic.lowest(here.rho, center, value.scale, worth_a_move);
    if (from == here.rho) return std::nullopt;
    SearchResult found = improve(local, quadratic, from, center, 1e-4);
    if (!(found.criterion.value < value.value - 0.5 * worth_a_move)) return std::nullopt;
    return found;
  }

  /// The largest entry of a gradient, those aside that point out of the range of the search.
  static double projected(const VectorXd& gradient, const VectorXd& rho, const VectorXd& center) {
    double norm = 0.0;
    for (Index k = 0; k < rho.size(); ++k) {
      const double out = gradient[k] < 0.0 ? rho[k] - center[k] : center[k] - rho[k];
      if (out < kRange) norm = std::max(norm, std::abs(gradient[k]));
    }
    return norm;
  }

  void report(int pass, double value, double norm) const {
    const Hooks* hooks = model_.execution.hooks;
    if (hooks != nullptr && hooks->progress) hooks->progress(pass, value, norm);
  }

  const Model& model_;
  const MatrixXd& penalties_;
  std::vector<bool> identified_;
  bool restricted_;
  SearchOptions options_;
};

}  // namespace contextstats
