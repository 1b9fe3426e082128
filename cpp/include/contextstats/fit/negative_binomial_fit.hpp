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
/// a large factor a turn. Where rows are many, alpha has nearly settled before the passes that are dear.
class NegativeBinomialSearch {
 public:
  NegativeBinomialSearch(const DesignRows& rows, const DataView& data, LossOfAlpha loss,
                         const MatrixXd& penalties, const Execution& execution)
      : rows_(rows), data_(data), loss_(std::move(loss)), penalties_(penalties), execution_(execution) {}

  NegativeBinomialFit fit(const FitOptions& given) const {
    FitOptions options = given;
    double log_alpha = 0.0;
    if (data_.n_rows() > detail::kManyRows && given.method == Method::newton) {
      log_alpha = approach(options);
    }
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
      const double step = step_to_stationary(model, out.report, given.smoothing, log_alpha) - log_alpha;
      if (std::abs(step) <= kSettled) break;
      log_alpha += step;
      options.theta = out.report.theta;
      if (given.smoothing != Smoothing::fixed) options.lambda = out.report.lambda;
    }
    out.report.iterations = iterations;
    out.report.evaluations = evaluations;
    return out;
  }

 private:
  static constexpr int kMostTurns = 50;
  static constexpr double kSettled = 1e-6;  ///< of log(alpha)
  static constexpr double kLowest = -16.0, kHighest = 6.0;

  /// A start from a sample, then coefficients and alpha of all rows as good as they become without the dear
  /// passes; fills `options`.
  double approach(FitOptions& options) const {
    double log_alpha = 0.0;
    const auto improve = [&](const Model& model, const StandIn& some) {
      FitReport report;
      const StartingPass first = starting_pass(model, penalties_, options, report);
      PenalizedFit fit = detail::minimize(model, some, penalties_, options, first, true, report);
      if (!fit.usable() || !fit.theta.allFinite()) return false;
      log_alpha = root(model, linear_predictor(model.rows, fit.theta, execution_) + model.data.offset, 0.0,
                       log_alpha);
      options.theta = std::move(fit.theta);
      if (options.smoothing != Smoothing::fixed) options.lambda = report.lambda;
      return true;
    };
    const auto with_alpha = [&](const auto& work) {
      const std::unique_ptr<Loss> loss = loss_(std::exp(log_alpha));
      return work(Model(rows_, data_, *loss, execution_));
    };
    const FitOptions given = options;
    bool useful = true;
    for (int turn = 0; turn < 3 && useful; ++turn) {
      useful = with_alpha([&](const Model& model) {
        const RowSample sample(model, detail::kSampleRows);
        return improve(sample.model(), {sample.model()});
      });
    }
    useful = useful && with_alpha([&](const Model& model) {
               const RowSample sample(model, detail::stand_in_rows(data_.n_rows()));
               return improve(model, {sample.model(), sample.share()});
             });
    if (!useful) options = given;
    return log_alpha;
  }

  /// The log(alpha) at which the criterion is stationary, the coefficients held.
  double step_to_stationary(const Model& model, const FitReport& report, Smoothing smoothing,
                            double log_alpha) const {
    const bool laplace =
        penalties_.rows() > 0 && (smoothing == Smoothing::reml || smoothing == Smoothing::ml);
    double slope = 0.0;
    if (laplace && data_.n_rows() > detail::kManyRows) {
      const RowSample sample(model, detail::stand_in_rows(data_.n_rows()));
      slope = determinant_slope({sample.model(), sample.share()}, report, smoothing, log_alpha);
    } else if (laplace) {
      slope = determinant_slope({model}, report, smoothing, log_alpha);
    }
    return root(model, report.eta, slope, log_alpha);
  }

  /// d(log|H| / 2) / dlog(alpha) at fixed smoothing parameters: the weights move, and the coefficients with
  /// the score.
  double determinant_slope(const StandIn& some, const FitReport& report, Smoothing smoothing,
                           double log_alpha) const {
    constexpr double h = 1e-4;
    const Model& model = some.model;
    const Index n = model.data.n_rows();
    const VectorXd eta = linear_predictor(model.rows, report.theta, execution_) + model.data.offset;
    const std::unique_ptr<Loss> above = loss_(std::exp(log_alpha + h)),
                                below = loss_(std::exp(log_alpha - h));
    VectorXd score_up(n), score_down(n), weight_up(n), weight_down(n);
    above->evaluate(model.data.y.data(), eta.data(), n, {nullptr, score_up.data(), weight_up.data()});
    below->evaluate(model.data.y.data(), eta.data(), n, {nullptr, score_down.data(), weight_down.data()});
    const VectorXd dscore = (score_up - score_down).cwiseProduct(model.data.weight) / (2.0 * h);
    const VectorXd dweight = (weight_up - weight_down).cwiseProduct(model.data.weight) / (2.0 * h);
    const MatrixXd information = with_penalty(report.gram_observed, penalties_.transpose() * report.lambda);
    const MarginalLikelihood criterion(model, penalties_, report.identified, smoothing == Smoothing::reml);
    const MatrixXd m = criterion.trace_matrix(information);
    const VectorXd dtheta = ScaledCholesky(information, kRankTolerance, report.identified)
                                .solve(gradient(model.rows, dscore, execution_) / some.share);
    const double by_weights = quadratic_form(model.rows, m, execution_).dot(dweight) / some.share;
    return 0.5 * (by_weights + weight_slope(some, report.theta, m).dot(dtheta));
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
      if (std::abs(step) <= 0.1 * kSettled || high - low <= 0.1 * kSettled) break;
    }
    return at;
  }

  AlphaSlope likelihood_slope(const Model& model, const VectorXd& eta, double log_alpha) const {
    const NegativeBinomialSlope slope(std::exp(log_alpha));
    const DataView& data = model.data;
    return sum_over_rows(data.n_rows(), 2, execution_, AlphaSlope(),
                         [&](Index first, Index last, AlphaSlope& sum) {
                           VectorXd mu(last - first);
                           model.loss.mean(eta.data() + first, last - first, mu.data());
                           for (Index i = first; i < last; ++i) {
                             const AlphaSlope row = slope(data.y[i], mu[i - first]);
                             sum.d1 += data.weight[i] * row.d1;
                             sum.d2 += data.weight[i] * row.d2;
                           }
                         });
  }

  const DesignRows& rows_;
  const DataView& data_;
  LossOfAlpha loss_;
  const MatrixXd& penalties_;
  Execution execution_;
};

}  // namespace contextstats
