#pragma once

#include <memory>
#include <string>
#include <vector>

#include "contextstats/fit/lbfgs_fit.hpp"
#include "contextstats/fit/qr_fit.hpp"
#include "contextstats/smoothing/generalized_cross_validation.hpp"
#include "contextstats/smoothing/marginal_likelihood.hpp"
#include "contextstats/smoothing/search.hpp"

namespace contextstats {

enum class Smoothing { reml, ml, gcv, fixed };
enum class Method { newton, lbfgs };

struct FitOptions {
  Method method = Method::newton;
  Smoothing smoothing = Smoothing::reml;
  VectorXd lambda;         ///< the values for Smoothing::fixed; else where the search starts, or empty
  VectorXd theta;          ///< where the coefficients start, or empty
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

inline void finish(const Model& model, const MatrixXd& penalties, const PenalizedFit& fit, FitReport& report) {
  report.theta = fit.theta;
  report.deviance = fit.deviance;
  report.penalty = fit.penalty;
  report.gram_observed = fit.gram;
  report.gram_expected = model.loss.canonical() ? fit.gram : model.evaluate(fit.theta, Curvature::expected).gram;
  VectorXd s = VectorXd::Zero(fit.theta.size());
  if (penalties.rows() > 0) s = penalties.transpose() * report.lambda;
  if (report.inverse.size() > 0) return;
  const ScaledCholesky factor(with_penalty(fit.gram, s), kRankTolerance, report.identified);
  report.inverse_is_expected = !factor.positive();
  report.smallest_pivot = factor.smallest_pivot();
  report.inverse = factor.positive()
                       ? factor.inverse()
                       : ScaledCholesky(with_penalty(report.gram_expected, s), kRankTolerance, report.identified).inverse();
}

}  // namespace detail

/// Fits a model: coefficients at given or estimated smoothing parameters. `penalties` has a row for each of them.
inline FitReport fit(const Model& model, const MatrixXd& penalties, const FitOptions& options) {
  FitReport report;
  const WorkingPass start = model.evaluate_at_response();
  const bool fixed = options.smoothing == Smoothing::fixed;
  report.lambda = options.lambda.size() == penalties.rows() ? options.lambda
                                                            : detail::balanced_lambda(start.gram, penalties);
  VectorXd s = VectorXd::Zero(model.design.n_coefficients());
  if (penalties.rows() > 0) s = penalties.transpose() * report.lambda;
  const ScaledCholesky first(with_penalty(start.gram, s), kRankTolerance);
  report.identified = first.identified();
  report.smallest_pivot = first.rank() < s.size() ? 0.0 : first.smallest_pivot();
  const InnerOptions inner{options.maxiter, options.tolerance};

  if (s.isZero() && report.smallest_pivot < kCollinear && options.method == Method::newton) {
    QrSolver::Result result = QrSolver(model, inner).solve();
    report.solver = "qr";
    report.identified = result.identified;
    report.inverse = std::move(result.inverse);
    report.inverse_is_expected = true;
    report.iterations = result.fit.iterations;
    report.evaluations = result.fit.evaluations;
    report.termination = result.fit.termination;
    report.gradient_norm = result.fit.gradient_norm;
    detail::finish(model, penalties, result.fit, report);
    return report;
  }

  std::unique_ptr<GaussianSolver> gaussian;
  SmoothingSearch::Solve solve;
  if (options.method == Method::lbfgs) {
    report.solver = "lbfgs";
    solve = [&](const VectorXd& rho, const VectorXd& from) {
      return LbfgsSolver(model, inner).solve(total_penalty(penalties, rho), report.identified, from);
    };
  } else if (model.loss.gaussian_identity()) {
    report.solver = "least squares";
    gaussian = std::make_unique<GaussianSolver>(model, s);
    solve = [&](const VectorXd& rho, const VectorXd&) { return gaussian->solve(total_penalty(penalties, rho)); };
  } else {
    report.solver = "newton";
    solve = [&](const VectorXd& rho, const VectorXd& from) {
      return NewtonSolver(model, inner).solve(total_penalty(penalties, rho), report.identified, from);
    };
  }

  const VectorXd rho = report.lambda.array().max(1e-300).log().matrix();
  PenalizedFit final_fit;
  if (fixed || penalties.rows() == 0) {
    // lambda = 0 is allowed: then the penalty must really vanish.
    if (options.method == Method::lbfgs) {
      final_fit = LbfgsSolver(model, inner).solve(s, report.identified, options.theta);
    } else if (gaussian) {
      final_fit = gaussian->solve(s);
    } else {
      final_fit = NewtonSolver(model, inner).solve(s, report.identified, options.theta);
    }
    report.iterations = final_fit.iterations;
    report.evaluations = final_fit.evaluations;
    report.termination = final_fit.termination;
    if (penalties.rows() > 0) {
      report.criterion = MarginalLikelihood(model, penalties, report.identified, true)
                             .evaluate(final_fit, rho, Derivatives::none);
    }
  } else {
    std::unique_ptr<Criterion> criterion;
    if (options.smoothing == Smoothing::gcv) {
      criterion = std::make_unique<GeneralizedCrossValidation>(model, penalties, report.identified);
    } else {
      criterion = std::make_unique<MarginalLikelihood>(model, penalties, report.identified,
                                                       options.smoothing == Smoothing::reml);
    }
    const SearchOptions search_options{options.maxiter, options.tolerance};
    SearchResult found =
        SmoothingSearch(*criterion, solve, search_options, model.execution.hooks).minimize(rho, options.theta);
    final_fit = std::move(found.fit);
    report.lambda = found.rho.array().exp();
    report.criterion = std::move(found.criterion);
    report.iterations = found.iterations;
    report.evaluations = found.evaluations;
    report.termination = final_fit.converged() ? found.termination : final_fit.termination;
  }
  report.gradient_norm = final_fit.gradient_norm;
  detail::finish(model, penalties, final_fit, report);
  return report;
}

}  // namespace contextstats
