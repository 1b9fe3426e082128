#pragma once

#include <algorithm>

#include "contextstats/family/binomial.hpp"
#include "contextstats/loss/glm_loss.hpp"

namespace contextstats {

/// Proportions under any link, from log(mu) and log(1 - mu) and their derivatives in eta:
///
///     -D/2 = y log(mu) + (1 - y) log(1 - mu) - saturated,    s = y mu'/mu - (1 - y) mu'/(1 - mu),
///
/// and so on for the weight and its derivatives. Nothing is divided by mu (1 - mu), so sigmoid links
/// stay exact in both tails, where mu rounds to 0 or 1. A term whose share of y is 0 is left out, even if
/// infinite.
class BinomialLoss final : public FamilyLinkLoss<Binomial> {
 public:
  using FamilyLinkLoss<Binomial>::FamilyLinkLoss;

  void evaluate(const double* y, const double* eta, Index n, const LossTile& out) const override {
    for_each_tile(n, [&](Index start, Index rows) {
      LogProbabilityTile log_probability;
      link().log_probability(eta + start, rows, log_probability);
      evaluate_rows(y + start, log_probability, rows, rows_from(out, start));
      discard_outside(eta + start, rows, -kLargest, kLargest, rows_from(out, start));
      discard_overflow(rows, rows_from(out, start));
    });
  }

 private:
  void evaluate_rows(const double* y, const LogProbabilityTile& p, Index n, const LossTile& out) const {
    write_rows(out.deviance, n, [&](Index i) {
      return 2.0 *
             std::max(family().saturated_trial(y[i]) - mix(y[i], p.success[0][i], p.failure[0][i]), 0.0);
    });
    const auto derivative = [&](int k) {
      return [&, k](Index i) { return mix(y[i], p.success[k][i], p.failure[k][i]); };
    };
    write_rows(out.score, n, derivative(1));
    write_rows(out.expected, n,
               [&](Index i) { return p.success[1][i] == 0.0 ? 0.0 : -p.success[1][i] * p.failure[1][i]; });
    const auto minus_derivative = [&](int k) {
      return [&, k](Index i) { return -mix(y[i], p.success[k][i], p.failure[k][i]); };
    };
    write_rows(out.weight, n, minus_derivative(2));
    write_rows(out.weight_d1, n, minus_derivative(3));
    write_rows(out.weight_d2, n, minus_derivative(4));
  }

  static double mix(double y, double success, double failure) {
    return (y == 0.0 ? 0.0 : y * success) + (y == 1.0 ? 0.0 : (1.0 - y) * failure);
  }
};

}  // namespace contextstats
