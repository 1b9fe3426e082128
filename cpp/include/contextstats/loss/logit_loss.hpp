#pragma once

#include <algorithm>
#include <cmath>
#include <memory>

#include "contextstats/family/binomial.hpp"
#include "contextstats/link/logit.hpp"
#include "contextstats/loss/glm_loss.hpp"
#include "contextstats/math/stable.hpp"

namespace contextstats {

/// Logistic regression for proportions y in [0, 1], vectorised.
///
/// With a = exp(-|eta|) in (0, 1], both probabilities are 1 / (1 + a) and a / (1 + a), neither of which
/// cancels:
///
///     D/2 = log(1 + a) + max(eta, 0) - y eta - saturated,
///     s = y (1 - mu) - (1 - y) mu,    w = mu (1 - mu),    dw = w (1 - 2 mu),    d2w = w (1 - 6 w).
///
/// Source: McCullagh and Nelder (1989), Generalized Linear Models, chapter 4.
class LogitLoss final : public FamilyLinkLoss<Binomial> {
 public:
  LogitLoss() : FamilyLinkLoss(Binomial{}, std::make_unique<LogitLink>()) {}

  bool canonical() const override { return true; }

  void evaluate(const double* all_y, const double* all_eta, Index n, const LossTile& out) const override {
    for_each_tile(n, [&](Index start, Index rows) {
      const double* y = all_y + start;
      const double* eta = all_eta + start;
      const LossTile tile = rows_from(out, start);
      double a[kTileRows], likely[kTileRows];  // likely: probability of the more likely outcome
      for (Index i = 0; i < rows; ++i) a[i] = -std::abs(eta[i]);
      exp_in_place(a, rows);
      for (Index i = 0; i < rows; ++i) likely[i] = 1.0 / (1.0 + a[i]);
      if (tile.deviance != nullptr) write_deviance(y, eta, a, likely, rows, tile.deviance);
      write_derivatives(y, eta, a, likely, rows, tile);
      discard_outside(eta, rows, -kLargest, kLargest, tile);
    });
  }

 private:
  void write_deviance(const double* y, const double* eta, const double* a, const double* likely, Index n,
                      double* deviance) const {
    double log_u[kTileRows];
    for (Index i = 0; i < n; ++i) log_u[i] = 1.0 + a[i];
    log_in_place(log_u, n);
    for (Index i = 0; i < n; ++i) {
      const double lost = a[i] - ((1.0 + a[i]) - 1.0);  // what rounding 1 + a has lost of a
      const double positive = eta[i] > 0.0 ? eta[i] : 0.0;
      deviance[i] = 2.0 * (log_u[i] + lost * likely[i] + (positive - y[i] * eta[i]));
    }
    const Eigen::Map<const Eigen::ArrayXd> proportion(y, n);
    if ((proportion * (1.0 - proportion)).sum() == 0.0) return;
    for (Index i = 0; i < n; ++i) {
      deviance[i] = std::max(deviance[i] + 2.0 * family().saturated_trial(y[i]), 0.0);
    }
  }

  static void write_derivatives(const double* y, const double* eta, const double* a, const double* likely,
                                Index n, const LossTile& out) {
    write_rows(out.score, n, [&](Index i) {
      const double unlikely = a[i] * likely[i];
      const double mu = eta[i] >= 0.0 ? likely[i] : unlikely;
      const double complement = eta[i] >= 0.0 ? unlikely : likely[i];
      return y[i] * complement - (1.0 - y[i]) * mu;
    });
    const auto weight = [&](Index i) { return a[i] * likely[i] * likely[i]; };
    write_rows(out.weight, n, weight);
    write_rows(out.expected, n, weight);
    write_rows(out.weight_d1, n,
               [&](Index i) { return weight(i) * std::copysign((1.0 - a[i]) * likely[i], -eta[i]); });
    write_rows(out.weight_d2, n, [&](Index i) { return weight(i) * (1.0 - 6.0 * weight(i)); });
  }
};

}  // namespace contextstats
