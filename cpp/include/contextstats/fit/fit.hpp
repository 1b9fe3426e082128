#pragma once

#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "contextstats/smoothing/generalized_cross_validation.hpp"
#include "contextstats/smoothing/joint_search.hpp"
#include "contextstats/smoothing/marginal_likelihood.hpp"
#include "contextstats/smoothing/search.hpp"
#include "contextstats/solver/gaussian_solver.hpp"
#include "contextstats/solver/lbfgs_solver.hpp"
#include "contextstats/solver/newton_solver.hpp"
#include "contextstats/solver/qr_solver.hpp"

namespace contextstats {

enum class Smoothing { reml, ml, gcv, fixed };
enum class Method { newton, lbfgs };

struct FitOptions {
  Method method = Method::newton;
  Smoothing smoothing = Smoothing::reml;
  VectorXd lambda;  ///< the values for Smoothing::fixed; else where the search starts, or empty
  VectorXd theta;   ///< where the coefficients start, or empty
  int maxiter = 100;
  double tolerance = 1e-9;
};

/// Everything a fit knows; nothing points to the data.
struct FitReport {
  VectorXd theta;
  std::vector<bool> identified;
  double deviance = 0.0;
  double penalty = 0.0;
  MatrixXd gram_observed;  ///< Z'WZ with the observed weights
  MatrixXd gram_expected;  ///< Z'WZ with the expected weights
  MatrixXd inverse;        ///< (Z'WZ + S)^- with the weights named by `inverse_is_expected`
  bool inverse_is_expected = false;
  VectorXd lambda;
  CriterionValue criterion;  ///< at the end; sizes zero where nothing was estimated
  double gradient_norm = 0.0;
  int iterations = 0;
  int evaluations = 0;
  Termination termination = Termination::not_run;
  double smallest_pivot = 1.0;
  std::string solver;  ///< "newton", "lbfgs", "least squares", "qr"

  bool converged() const {
    return termination == Termination::gradient_small || termination == Termination::objective_flat;
  }
};

namespace detail {

/// Where the search for lambda starts: every penalty as large as the information it competes with.
inline VectorXd balanced_lambda(const MatrixXd& gram, const MatrixXd& penalties) {
  VectorXd lambda(penalties.rows());
  for (Index k = 0; k < penalties.rows(); ++k) {
    double information = 0.0;
    for (Index j = 0; j < penalties.cols(); ++j) {
      if (penalties(k, j) > 0.0) information += gram(j, j);
    }
    const double total = penalties.row(k).sum();
    lambda[k] = information > 0.0 && total > 0.0 ? information / total : 1.0;
  }
  return lambda;
}

inline void finish(const Model& model, const MatrixXd& penalties, const PenalizedFit& fit,
                   FitReport& report) {
  report.theta = fit.theta;
  report.deviance = fit.deviance;
  report.penalty = fit.penalty;
  if (!fit.usable()) return;
  report.gram_observed = fit.gram;
  report.gram_expected =
      model.loss.canonical() ? fit.gram : model.evaluate(fit.theta, Curvature::expected).gram;
  VectorXd s = VectorXd::Zero(fit.theta.size());
  if (penalties.rows() > 0) s = penalties.transpose() * report.lambda;
  if (report.inverse.size() > 0) return;
  const ScaledCholesky factor(with_penalty(fit.gram, s), kRankTolerance, report.identified);
  report.inverse_is_expected = !factor.positive();
  report.smallest_pivot = factor.smallest_pivot();
  report.inverse = factor.positive() ? factor.inverse()
                                     : ScaledCholesky(with_penalty(report.gram_expected, s), kRankTolerance,
                                                      report.identified)
                                           .inverse();
}

}  // namespace detail

namespace detail {

/// Above this many rows the search for the smoothing parameters starts where a search on some of the rows
/// ended.
constexpr Index kManyRows = 20000;
constexpr Index kSampleRows = 6000;

/// Every k-th row of the data, held while a model of them is fitted.
struct RowSample {
  RowSample(const DataView& data, Index wanted) {
    const Index stride = data.n_rows() / wanted;
    const Index n = data.n_rows() / stride;
    const auto pick = [&](const auto& from) {
      MatrixXd to(n, from.cols());
      for (Index j = 0; j < from.cols(); ++j) {
        for (Index i = 0; i < n; ++i) to(i, j) = from(i * stride, j);
      }
      return to;
    };
    x = pick(data.x), contexts = pick(data.contexts);
    y = pick(data.y), offset = pick(data.offset), weight = pick(data.weight);
    var_weight = pick(data.var_weight), freq_weight = pick(data.freq_weight);
  }

  DataView view() const { return {x, contexts, y, offset, weight, var_weight, freq_weight}; }

  MatrixXd x, contexts;
  VectorXd y, offset, weight, var_weight, freq_weight;
};

/// A criterion by its name.
inline std::unique_ptr<Criterion> make_criterion(const Model& model, const MatrixXd& penalties,
                                                 const std::vector<bool>& identified, Smoothing smoothing) {
  if (smoothing == Smoothing::gcv) {
    return std::make_unique<GeneralizedCrossValidation>(model, penalties, identified);
  }
  return std::make_unique<MarginalLikelihood>(model, penalties, identified, smoothing == Smoothing::reml);
}

}  // namespace detail

FitReport fit(const Model& model, const MatrixXd& penalties, const FitOptions& options);

namespace detail {

/// Where to start: what the caller gave, or what a fit to a sample of many rows says.
inline void find_start(const Model& model, const MatrixXd& penalties, FitOptions& options) {
  const bool given = options.theta.size() > 0 || options.lambda.size() > 0;
  const bool enough_rows = kSampleRows > 20 * model.design.n_coefficients();
  const bool searches = options.smoothing != Smoothing::fixed && penalties.rows() > 0;
  if (model.data.n_rows() <= kManyRows || (!searches && !enough_rows)) return;
  if (given && !(model.loss.gaussian_identity() && options.theta.size() == 0)) return;
  const RowSample sample(model.data, kSampleRows);
  const DataView view = sample.view();
  const DesignRows rows(model.design, view.x, view.contexts, model.execution);
  const Model part(rows, view, model.loss, model.execution);
  if (model.loss.gaussian_identity()) {
    const WorkingPass at = part.evaluate_at_response();
    const VectorXd lambda = balanced_lambda(at.gram, penalties);
    const VectorXd s = total_penalty(penalties, lambda.array().log().matrix());
    options.theta = ScaledCholesky(with_penalty(at.gram, s), kRankTolerance).solve(at.score);
    return;
  }
  FitOptions rough = options;
  rough.tolerance = 1e-6;
  const FitReport found = fit(part, penalties, rough);
  if (!found.theta.allFinite() || !std::isfinite(found.deviance)) return;
  if (searches) options.lambda = found.lambda;
  if (searches || found.converged()) options.theta = found.theta;
}

/// The first pass of a fit: at `theta`, or at the response and then `theta` is its weighted least squares
/// solution.
struct StartingPass {
  WorkingPass at;
  VectorXd theta;
  bool at_theta = false;
};

/// Reads the data once and finds out which coefficients are identified; fills `report`.
inline StartingPass starting_pass(const Model& model, const MatrixXd& penalties, const FitOptions& options,
                                  VectorXd& balanced, FitReport& report) {
  StartingPass start;
  const auto factorize = [&] {
    balanced = balanced_lambda(start.at.gram, penalties);
    report.lambda = options.lambda.size() == penalties.rows() ? options.lambda : balanced;
    VectorXd s = VectorXd::Zero(model.design.n_coefficients());
    if (penalties.rows() > 0) s = penalties.transpose() * report.lambda;
    const ScaledCholesky first(with_penalty(start.at.gram, s), kRankTolerance);
    report.identified = first.identified();
    report.smallest_pivot = first.rank() < s.size() ? 0.0 : first.smallest_pivot();
    if (!start.at_theta) start.theta = first.solve(start.at.score);
    return first.positive() && first.rank() == s.size();
  };
  if (options.theta.size() > 0) {
    start.at = model.evaluate(options.theta, Curvature::observed);
    start.theta = options.theta;
    start.at_theta = true;
    if (start.at.finite() && factorize()) return start;
  }
  start.at_theta = false;
  start.at = model.evaluate_at_response();
  factorize();
  if (model.loss.gaussian_identity()) {
    MatrixXd gram = std::move(start.at.gram);
    start.at = model.evaluate(start.theta, Curvature::none);
    start.at.gram = std::move(gram);
    start.at_theta = true;
  } else if (options.theta.size() > 0) {
    start.theta = options.theta;
  }
  return start;
}

/// The solver for the coefficients at given smoothing parameters that suits the model.
class Solver {
 public:
  Solver(const Model& model, const MatrixXd& penalties, const FitOptions& options, const FitReport& report,
         const StartingPass& start)
      : penalties_(penalties), identified_(report.identified) {
    const InnerOptions inner{options.maxiter, options.tolerance};
    if (options.method == Method::lbfgs) {
      name_ = "lbfgs";
      lbfgs_ = std::make_unique<LbfgsSolver>(model, inner);
    } else if (model.loss.gaussian_identity()) {
      name_ = "least squares";
      gaussian_ = std::make_unique<GaussianSolver>(start.theta, start.at, identified_);
    } else {
      name_ = "newton";
      newton_ = std::make_unique<NewtonSolver>(model, inner);
    }
  }

  const char* name() const { return name_; }

  VectorXd penalty(const VectorXd& lambda) const {
    return lambda.size() > 0 ? VectorXd(penalties_.transpose() * lambda)
                             : VectorXd(VectorXd::Zero(penalties_.cols()));
  }

  PenalizedFit solve(const VectorXd& lambda, const VectorXd& start) const {
    const VectorXd s = penalty(lambda);
    if (lbfgs_) return lbfgs_->solve(s, identified_, start);
    if (gaussian_) return gaussian_->solve(s);
    return newton_->solve(s, identified_, start);
  }

 private:
  const MatrixXd& penalties_;
  const std::vector<bool>& identified_;
  const char* name_ = "";
  std::unique_ptr<LbfgsSolver> lbfgs_;
  std::unique_ptr<GaussianSolver> gaussian_;
  std::unique_ptr<NewtonSolver> newton_;
};

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
  report.gradient_norm = result.fit.gradient_norm;
  finish(model, penalties, result.fit, report);
  return report;
}

/// The search proper: jointly first, where that is possible, then at each trial to convergence.
inline SearchResult search_from(const Model& model, const MatrixXd& penalties, const FitOptions& options,
                                const SmoothingSearch& search, const SearchOptions& limits,
                                const VectorXd& middle, const VectorXd& rho, const StartingPass& start,
                                const FitReport& report) {
  const bool restricted = options.smoothing == Smoothing::reml;
  if (options.method != Method::newton || options.smoothing == Smoothing::gcv ||
      model.loss.gaussian_identity()) {
    return search.minimize(middle, rho, start.theta);
  }
  std::optional<WorkingPass> first;
  if (start.at_theta) first = start.at;
  SearchResult found = JointSearch(model, penalties, report.identified, restricted, limits)
                           .minimize(middle, rho, start.theta, std::move(first));
  if (found.termination == Termination::gradient_small) return search.polish(middle, std::move(found));
  return search.minimize(middle, found.rho, found.fit.gram.size() > 0 ? found.fit.theta : start.theta);
}

/// Coefficients and smoothing parameters, or coefficients alone; fills `report` and returns the final fit.
inline PenalizedFit minimize(const Model& model, const MatrixXd& penalties, const FitOptions& options,
                             const VectorXd& center, const StartingPass& first, FitReport& report) {
  const Solver solver(model, penalties, options, report, first);
  report.solver = solver.name();
  const VectorXd rho = report.lambda.array().max(1e-300).log().matrix();
  if (options.smoothing == Smoothing::fixed || penalties.rows() == 0) {
    PenalizedFit fit = solver.solve(report.lambda, first.theta);
    report.iterations = fit.iterations;
    report.evaluations = fit.evaluations;
    report.termination = fit.termination;
    if (penalties.rows() > 0 && report.lambda.minCoeff() > 0.0 && fit.usable()) {
      report.criterion = make_criterion(model, penalties, report.identified, Smoothing::reml)
                             ->evaluate(fit, rho, Derivatives::none);
    }
    return fit;
  }
  const std::unique_ptr<Criterion> criterion =
      make_criterion(model, penalties, report.identified, options.smoothing);
  const auto solve = [&](const VectorXd& at, const VectorXd& from) {
    return solver.solve(at.array().exp(), from);
  };
  const SearchOptions limits{options.maxiter, options.tolerance, model.data.n_rows() <= kManyRows};
  const SmoothingSearch search(*criterion, solve, limits, model.execution.hooks);
  // A term that a sample made flat starts where it is nearly so: from there the way to either side is short.
  const VectorXd middle = center.array().log();
  const VectorXd start = rho.array().min(middle.array() + 10.0).max(middle.array() - 10.0);
  SearchResult found = search_from(model, penalties, options, search, limits, middle, start, first, report);
  report.lambda = found.rho.array().exp();
  report.criterion = std::move(found.criterion);
  report.iterations = found.iterations;
  report.evaluations = found.evaluations;
  report.termination = found.fit.converged() ? found.termination : found.fit.termination;
  return std::move(found.fit);
}

}  // namespace detail

/// Fits a model: coefficients at given or estimated smoothing parameters. `penalties` has a row for each of
/// them.
inline FitReport fit(const Model& model, const MatrixXd& penalties, const FitOptions& given) {
  FitOptions options = given;
  detail::find_start(model, penalties, options);
  FitReport report;
  VectorXd balanced;
  const detail::StartingPass start = detail::starting_pass(model, penalties, options, balanced, report);
  const bool unpenalized = report.lambda.size() == 0 || report.lambda.isZero();
  if (unpenalized && report.smallest_pivot < kCollinear && options.method == Method::newton) {
    return detail::fit_by_qr(model, penalties, options, std::move(report));
  }
  const PenalizedFit final_fit = detail::minimize(model, penalties, options, balanced, start, report);
  report.gradient_norm = final_fit.gradient_norm;
  detail::finish(model, penalties, final_fit, report);
  return report;
}

}  // namespace contextstats
