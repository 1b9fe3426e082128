#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "contextstats/fit/coefficient_solver.hpp"
#include "contextstats/smoothing/generalized_cross_validation.hpp"
#include "contextstats/smoothing/joint_search.hpp"
#include "contextstats/solver/qr_solver.hpp"

namespace contextstats {
namespace detail {

/// Above this many rows a fit starts where a fit to some of the rows ended.
constexpr Index kManyRows = 20000;
constexpr Index kSampleRows = 6000;
constexpr double kRounding = 1e-13;  ///< of a tolerance: below it, rounding says when a search ends

/// What a search may leave to gain: little beside the error of a sample, or nothing.
constexpr double kLittle = 0.1, kNothing = 0.0;

/// How many of many rows stand for all where that is enough.
inline Index stand_in_rows(Index n) { return std::clamp<Index>(n / 8, 12000, 32000); }

/// The criterion by its name, for the smoothing parameters and the coefficients together or one after the
/// other; fills `report` and returns the final fit.
template <class Solve>
SearchResult search_smoothing(const Model& model, const StandIn& some, const MatrixXd& penalties,
                              const FitOptions& options, const SmoothingSearchOptions& limits,
                              const StartingPass& first, const FitReport& report, const Solve& solve) {
  // A term that a sample made flat starts where it is nearly so: from there the way to either side is short.
  const VectorXd rho = report.lambda.array().max(1e-300).log();
  const VectorXd center = first.balanced.array().log();
  const VectorXd start = rho.array().min(center.array() + 10.0).max(center.array() - 10.0);
  const Hooks* hooks = model.execution.hooks;
  if (options.smoothing == Smoothing::gcv) {
    const GeneralizedCrossValidation criterion(model, penalties, report.identified);
    return SmoothingSearch(criterion, solve, limits, hooks).minimize(center, start, first.theta);
  }
  const bool restricted = options.smoothing != Smoothing::ml;
  const MarginalLikelihood criterion(model, penalties, report.identified, restricted, some);
  const SmoothingSearch nested(criterion, solve, limits, hooks);
  if (options.method != Method::newton || model.loss.gaussian_identity()) {
    return nested.minimize(center, start, first.theta);
  }
  std::optional<WorkingPass> at_theta;
  if (first.at_theta) at_theta = first.at;
  SearchResult found = JointSearch(criterion, limits)
                           .minimize(center, start, first.theta, std::move(at_theta),
                                     first.at_theta ? options.trace : MatrixXd());
  if (limits.may_leave > 0.0 || found.termination == Termination::gradient_small) return found;
  return nested.minimize(center, found.rho, found.fit.gram.size() > 0 ? found.fit.theta : first.theta);
}

/// Coefficients and smoothing parameters, or coefficients alone; fills `report` and returns the final fit.
inline PenalizedFit minimize(const Model& model, const StandIn& some, const MatrixXd& penalties,
                             const FitOptions& options, const StartingPass& first, double may_leave,
                             FitReport& report) {
  const CoefficientSolver solver(model, penalties, options, report.identified, first);
  report.solver = solver.name();
  if (options.smoothing == Smoothing::fixed || penalties.rows() == 0) {
    PenalizedFit fit = solver.solve(report.lambda, first.theta);
    report.iterations = fit.iterations;
    report.evaluations = fit.evaluations;
    report.termination = fit.termination;
    if (penalties.rows() > 0 && report.lambda.minCoeff() > 0.0 && fit.usable()) {
      report.criterion = MarginalLikelihood(model, penalties, report.identified, true)
                             .evaluate(fit, report.lambda.array().log(), Derivatives::none);
    }
    return fit;
  }
  SmoothingSearchOptions limits;
  limits.maxiter = options.maxiter;
  limits.tolerance = options.tolerance;
  limits.many_rows = model.data.n_rows() > kManyRows;
  limits.may_leave = may_leave;
  if (limits.many_rows) limits.exact_hessian = ExactHessian::at_end;
  if (may_leave > 0.0) limits.exact_hessian = ExactHessian::never;
  const auto solve = [&](const VectorXd& rho, const VectorXd& from) {
    return solver.solve(rho.array().exp(), from);
  };
  SearchResult found = search_smoothing(model, some, penalties, options, limits, first, report, solve);
  report.lambda = found.rho.array().exp();
  report.criterion = std::move(found.criterion);
  report.iterations = found.iterations;
  report.evaluations = found.evaluations;
  report.termination = found.fit.converged() ? found.termination : found.fit.termination;
  return std::move(found.fit);
}

/// Where to start: what the caller gave, or what a fit to a sample of many rows says.
inline void find_start(const Model& model, const MatrixXd& penalties, FitOptions& options) {
  const bool given = options.theta.size() > 0 || options.lambda.size() > 0;
  const bool enough_rows = kSampleRows > 20 * model.design.n_coefficients();
  const bool searches = options.smoothing != Smoothing::fixed && penalties.rows() > 0;
  if (model.data.n_rows() <= kManyRows || (!searches && !enough_rows)) return;
  if (given && !(model.loss.gaussian_identity() && options.theta.size() == 0)) return;
  const RowSample sample(model, kSampleRows);
  const Model& part = sample.model();
  if (model.loss.gaussian_identity()) {
    const WorkingPass at = part.evaluate_at_response();
    const VectorXd lambda = balanced_lambda(at.gram, penalties);
    const VectorXd s = total_penalty(penalties, lambda.array().log().matrix());
    options.theta = ScaledCholesky(with_penalty(at.gram, s), kRankTolerance).solve(at.score);
    return;
  }
  FitOptions rough = options;
  rough.tolerance = 1e-6;
  FitReport found;
  const StartingPass first = starting_pass(part, penalties, rough, found);
  const PenalizedFit fit = minimize(part, {part}, penalties, rough, first, kLittle, found);
  if (!fit.usable() || !fit.theta.allFinite()) return;
  if (searches) options.lambda = found.lambda;
  if (searches || found.converged()) options.theta = fit.theta;
}

inline void finish(const Model& model, const MatrixXd& penalties, PenalizedFit fit, FitReport& report) {
  report.theta = std::move(fit.theta);
  report.deviance = fit.deviance;
  report.penalty = fit.penalty;
  report.gradient_norm = fit.gradient_norm;
  report.eta = std::move(fit.eta);
  if (report.eta.size() == 0) report.eta = model.eta(report.theta);
  if (!fit.usable()) return;
  report.gram_observed = std::move(fit.gram);
  if (model.loss.canonical()) {
    report.gram_expected = report.gram_observed;
  } else if (fit.gram_expected.size() > 0) {
    report.gram_expected = std::move(fit.gram_expected);
  } else {
    report.gram_expected = model.evaluate(report.theta, Curvature::expected).gram;
  }
  VectorXd s = VectorXd::Zero(report.theta.size());
  if (penalties.rows() > 0) s = penalties.transpose() * report.lambda;
  if (report.inverse.size() > 0) return;
  if (!fit.factor) {
    fit.factor = std::make_shared<const ScaledCholesky>(with_penalty(report.gram_observed, s), kRankTolerance,
                                                        report.identified);
  }
  report.inverse_is_expected = !fit.factor->positive();
  report.smallest_pivot = fit.factor->smallest_pivot();
  report.inverse = fit.factor->positive() ? fit.factor->inverse()
                                          : ScaledCholesky(with_penalty(report.gram_expected, s),
                                                           kRankTolerance, report.identified)
                                                .inverse();
}

/// An unpenalised model with nearly collinear columns.
inline FitReport fit_by_qr(const Model& model, const MatrixXd& penalties, const FitOptions& options,
                           FitReport report) {
  QrSolver::Result result = QrSolver(model, {options.maxiter, options.tolerance}).solve();
  report.solver = "qr";
  report.identified = result.identified;
  report.inverse = std::move(result.inverse);
  report.inverse_is_expected = true;
  report.iterations = result.fit.iterations;
  report.evaluations = result.fit.evaluations;
  report.termination = result.fit.termination;
  finish(model, penalties, std::move(result.fit), report);
  return report;
}

}  // namespace detail

/// Fits a model: coefficients at given or estimated smoothing parameters. `penalties` has a row for each of
/// them.
inline FitReport fit(const Model& model, const MatrixXd& penalties, const FitOptions& given) {
  FitOptions options = given;
  options.tolerance = std::max(given.tolerance, detail::kRounding);
  detail::find_start(model, penalties, options);
  FitReport report;
  const StartingPass first = starting_pass(model, penalties, options, report);
  const bool unpenalized = report.lambda.size() == 0 || report.lambda.isZero();
  if (unpenalized && report.smallest_pivot < kCollinear && options.method == Method::newton) {
    return detail::fit_by_qr(model, penalties, options, std::move(report));
  }
  const Index n = model.data.n_rows();
  std::optional<RowSample> sample;
  if (n > detail::kManyRows && !model.loss.gaussian_identity() && penalties.rows() > 0) {
    sample.emplace(model, detail::stand_in_rows(n));
  }
  const StandIn some = sample ? StandIn{sample->model(), sample->share()} : StandIn{model};
  PenalizedFit last = detail::minimize(model, some, penalties, options, first, detail::kNothing, report);
  detail::finish(model, penalties, std::move(last), report);
  return report;
}

}  // namespace contextstats
