#pragma once

#include <functional>

#include "contextstats/family/negative_binomial_slope.hpp"
#include "contextstats/fit/fit.hpp"

namespace contextstats {

/// A loss for every alpha of the negative binomial, with the link of the model.
using LossOfAlpha = std::function<std::unique_ptr<Loss>(double alpha)>;

struct NegativeBinomialFit {
  FitReport report;
  double alpha = 1.0;
};

/// A negative binomial model whose alpha is estimated with everything else: the profile of the criterion over
/// log(alpha) (REML or ML; else the penalised likelihood) is stationary at the end.
///
/// alpha is all but orthogonal to the coefficients, so that improving one and the other in turn converges by
/// a large factor a turn. The turns before the last ones leave coefficients as they are after a step or two,
/// and where rows are many the first read a sample.
class NegativeBinomialSearch {
 public:
  NegativeBinomialSearch(const DesignRows& rows, const DataView& data, LossOfAlpha loss,
                         const MatrixXd& penalties, const Execution& execution)
      : rows_(rows), data_(data), loss_(std::move(loss)), penalties_(penalties), execution_(execution) {}

  NegativeBinomialFit fit(const FitOptions& given) const {
    FitOptions options = given;
    const std::unique_ptr<Loss> any = loss_(1.0);
    const Model all(rows_, data_, *any, execution_);
    std::optional<RowSample> stand_in;
    if (many_rows()) stand_in.emplace(all, detail::stand_in_rows(data_.n_rows()));
    double log_alpha =
        given.method == Method::newton ? approach(all, stand_in ? &*stand_in : nullptr, options) : 0.0;
    NegativeBinomialFit out;
    int iterations = 0, evaluations = 0;
    for (int turn = 0; turn < kMostTurns; ++turn) {
      const std::unique_ptr<Loss> loss = loss_(std::exp(log_alpha));
      const Model model(rows_, data_, *loss, execution_);
      out.report = contextstats::fit(model, penalties_, options);
      out.alpha = std::exp(log_alpha);
      iterations += out.report.iterations;
      evaluations += out.report.evaluations;
      if (out.report.gram_observed.size() == 0 || !out.report.theta.allFinite()) break;
      const Place at{out.report.theta, out.report.gram_observed, out.report.lambda, out.report.identified};
      const Part part(model, stand_in ? &*stand_in : nullptr);
      const double next = stationary(part.some(), model, at, out.report.eta, given.smoothing, log_alpha);
      if (std::abs(next - log_alpha) <= kSettled) break;
      log_alpha = next;
      go_on_from(at, part.model, given.smoothing, options);
    }
    out.report.iterations = iterations;
    out.report.evaluations = evaluations;
    return out;
  }

 private:
  static constexpr int kMostTurns = 50;
  static constexpr double kSettled = 3e-6;    ///< of log(alpha)
  static constexpr double kSmallStep = 3e-5;  ///< of Newton's method: the next one is of its square
  static constexpr double kLowest = -16.0, kHighest = 6.0;
  static constexpr double kAnything = std::numeric_limits<double>::infinity();

  /// Coefficients and smoothing parameters, and the information there or near.
  struct Place {
    const VectorXd& theta;
    const MatrixXd& gram;
    const VectorXd& lambda;
    const std::vector<bool>& identified;
  };

  bool many_rows() const { return data_.n_rows() > detail::kManyRows; }

  static bool searches(Smoothing smoothing) { return smoothing != Smoothing::fixed; }
  bool laplace(Smoothing smoothing) const {
    return penalties_.rows() > 0 && (smoothing == Smoothing::reml || smoothing == Smoothing::ml);
  }

  /// Rows that stand for those of a model, with its loss; all of them if there are few.
  struct Part {
    Part(const Model& whole, const RowSample* stand_in)
        : model(stand_in ? stand_in->with(whole.loss) : whole), share(stand_in ? stand_in->share() : 1.0) {}
    StandIn some() const { return {model, share}; }

    const Model model;
    const double share;
  };

  /// The next fit starts at a place; with many rows its first pass may be the last one with information.
  void go_on_from(const Place& at, const Model& part, Smoothing smoothing, FitOptions& options) const {
    options.theta = at.theta;
    if (!searches(smoothing)) return;
    options.lambda = at.lambda;
    if (!many_rows() || !laplace(smoothing)) return;
    options.trace = MarginalLikelihood(part, penalties_, at.identified, smoothing == Smoothing::reml)
                        .trace_matrix(with_penalty(at.gram, penalties_.transpose() * at.lambda));
  }

  /// Coefficients, smoothing parameters and alpha as good as they become in a few cheap turns: with few rows
  /// three, with many three on a small sample, one on a larger one, and two of a single pass over all rows.
  double approach(const Model& all, const RowSample* stand_in, FitOptions& options) const {
    const FitOptions given = options;
    double log_alpha = 0.0;
    bool useful = true;
    const auto turns = [&](int count, const Model& rows, double may_leave) {
      for (int turn = 0; turn < count && useful; ++turn) {
        const std::unique_ptr<Loss> loss = loss_(std::exp(log_alpha));
        const Model model(rows.rows, rows.data, *loss, execution_);
        options.trace.resize(0, 0);  // dear, and for the pass after the last turn
        useful = improve(model, stand_in, may_leave, options, log_alpha);
      }
    };
    if (many_rows()) {
      const RowSample small(all, detail::kSampleRows);
      turns(3, small.model(), detail::kLittle);
      turns(1, stand_in->model(), detail::kLittle);
      turns(laplace(given.smoothing) ? 2 : 1, all, kAnything);
    } else {
      turns(3, all, detail::kLittle);
    }
    if (!useful) options = given;
    return log_alpha;
  }

  /// One turn; false if it led nowhere.
  bool improve(const Model& model, const RowSample* stand_in, double may_leave, FitOptions& options,
               double& log_alpha) const {
    const bool of_all_rows = &model.data == &data_;
    FitReport report;
    const StartingPass first = starting_pass(model, penalties_, options, report);
    const Part part(model, of_all_rows ? stand_in : nullptr);
    const PenalizedFit fit =
        detail::minimize(model, part.some(), penalties_, options, first, may_leave, report);
    if (!fit.usable() || !fit.theta.allFinite()) return false;
    const Place at{fit.theta, fit.gram, report.lambda, report.identified};
    const VectorXd eta = model.eta(fit.theta);
    log_alpha = stationary(part.some(), model, at, eta, options.smoothing, log_alpha);
    options.theta = fit.theta;
    if (of_all_rows) {
      go_on_from(at, part.model, options.smoothing, options);
    } else if (searches(options.smoothing)) {
      options.lambda = report.lambda;
    }
    return true;
  }

  /// The log(alpha) at which the criterion is stationary, the coefficients held; `some` stands for the model.
  double stationary(const StandIn& some, const Model& model, const Place& at, const VectorXd& eta,
                    Smoothing smoothing, double log_alpha) const {
    const double slope = laplace(smoothing) ? determinant_slope(some, at, smoothing, log_alpha) : 0.0;
    return root(model, eta, slope, log_alpha);
  }

  /// d(log|H| / 2) / dlog(alpha) at fixed smoothing parameters: the weights move, and the coefficients with
  /// the score.
  double determinant_slope(const StandIn& some, const Place& at, Smoothing smoothing,
                           double log_alpha) const {
    constexpr double h = 1e-4;
    const std::unique_ptr<Loss> above = loss_(std::exp(log_alpha + h)),
                                below = loss_(std::exp(log_alpha - h));
    const Model& model = some.model;
    const Index n = model.data.n_rows();
    const VectorXd eta = model.eta(at.theta);
    VectorXd score_up(n), score_down(n), weight_up(n), weight_down(n);
    above->evaluate(model.data.y.data(), eta.data(), n, {nullptr, score_up.data(), weight_up.data()});
    below->evaluate(model.data.y.data(), eta.data(), n, {nullptr, score_down.data(), weight_down.data()});
    const VectorXd dscore = (score_up - score_down).cwiseProduct(model.data.weight) / (2.0 * h);
    const VectorXd dweight = (weight_up - weight_down).cwiseProduct(model.data.weight) / (2.0 * h);
    const MatrixXd information = with_penalty(at.gram, penalties_.transpose() * at.lambda);
    const MarginalLikelihood criterion(model, penalties_, at.identified, smoothing == Smoothing::reml);
    const MatrixXd m = criterion.trace_matrix(information);
    const VectorXd dtheta = ScaledCholesky(information, kRankTolerance, at.identified)
                                .solve(gradient(model.rows, dscore, execution_) / some.share);
    const double by_weights = quadratic_form(model.rows, m, execution_).dot(dweight) / some.share;
    return 0.5 * (by_weights + weight_slope(some, at.theta, m).dot(dtheta));
  }

  /// Where minus the log-likelihood at given linear predictors, plus slope log(alpha), is stationary.
  double root(const Model& model, const VectorXd& eta, double slope, double log_alpha) const {
    double low = kLowest, high = kHighest, at = log_alpha;
    for (int iteration = 0; iteration < 60; ++iteration) {
      const AlphaSlope sum = likelihood_slope(model, eta, at);
      const double d1 = slope - sum.d1, d2 = -sum.d2;
      (d1 > 0.0 ? high : low) = at;
      double next = d2 > 0.0 ? at - d1 / d2 : 0.5 * (low + high);
      if (!(next > low && next < high)) next = 0.5 * (low + high);
      const double step = std::clamp(next - at, -3.0, 3.0);
      at += step;
      if (std::abs(step) <= kSmallStep || high - low <= 0.1 * kSettled) break;
    }
    return at;
  }

  AlphaSlope likelihood_slope(const Model& model, const VectorXd& eta, double log_alpha) const {
    const NegativeBinomialSlope slope(std::exp(log_alpha));
    const DataView& data = model.data;
    return sum_over_rows(
        data.n_rows(), 2, execution_, AlphaSlope(), [&](Index first, Index last, AlphaSlope& sum) {
          VectorXd mu(last - first);
          model.loss.mean(eta.data() + first, last - first, mu.data());
          slope.add(data.y.data() + first, mu.data(), data.weight.data() + first, last - first, sum);
        });
  }

  const DesignRows& rows_;
  const DataView& data_;
  LossOfAlpha loss_;
  const MatrixXd& penalties_;
  Execution execution_;
};

}  // namespace contextstats
