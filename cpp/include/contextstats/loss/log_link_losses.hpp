#pragma once

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "contextstats/family/gamma.hpp"
#include "contextstats/family/negative_binomial.hpp"
#include "contextstats/family/poisson.hpp"
#include "contextstats/link/log.hpp"
#include "contextstats/loss/glm_loss.hpp"
#include "contextstats/math/stable.hpp"

namespace contextstats {

/// out = y, and 1 where y = 0: what multiplies log(y) is 0 there.
inline void one_for_zero(const double* y, Index n, double* out) {
  for (Index i = 0; i < n; ++i) out[i] = y[i] > 0.0 ? y[i] : 1.0;
}

/// values[i] = otherwise[i] where distance[i] / scale(i) is beyond the reach of `t_minus_log1p_series`.
template <class Scale>
void replace_far(const double* distance, const Scale& scale, const double* otherwise, Index n,
                 double* values) {
  for (Index i = 0; i < n; ++i) {
    const double near = values[i];
    const double far = otherwise[i];
    values[i] = std::abs(distance[i]) < kSeriesLimit * scale(i) ? near : far;
  }
}

/// Poisson regression with the log link: s = y - mu, w = dw = d2w = mu.
///
/// A mean that underflows (eta < -708) is held at exp(-708): its score is y. Means beyond exp(708) are
/// discarded.
class PoissonLogLoss final : public FamilyLinkLoss<Poisson> {
 public:
  PoissonLogLoss() : FamilyLinkLoss(Poisson{}, std::make_unique<LogLink>()) {}

  bool canonical() const override { return true; }

  void evaluate(const double* all_y, const double* all_eta, Index n, const LossTile& out) const override {
    for_each_tile(n, [&](Index start, Index rows) {
      const double* y = all_y + start;
      const double* eta = all_eta + start;
      const LossTile tile = rows_from(out, start);
      double mu[kTileRows];
      std::copy_n(eta, rows, mu);
      exp_in_place(mu, rows);
      if (tile.deviance != nullptr) write_deviance(y, eta, mu, rows, tile.deviance);
      write_rows(tile.score, rows, [&](Index i) { return y[i] - mu[i]; });
      for (double* array : {tile.weight, tile.expected, tile.weight_d1, tile.weight_d2}) {
        if (array != nullptr) std::copy_n(mu, rows, array);
      }
      discard_outside(eta, rows, -kLargest, kExpLimit, tile);
    });
  }

 private:
  static void write_deviance(const double* y, const double* eta, const double* mu, Index n,
                             double* deviance) {
    double divisor[kTileRows], far[kTileRows], excess[kTileRows];
    one_for_zero(y, n, divisor);
    std::copy_n(divisor, n, far);
    log_in_place(far, n);
    for (Index i = 0; i < n; ++i) excess[i] = mu[i] - y[i];
    for (Index i = 0; i < n; ++i) far[i] = 2.0 * (y[i] * (far[i] - eta[i]) + excess[i]);
    for (Index i = 0; i < n; ++i) deviance[i] = 2.0 * y[i] * t_minus_log1p_series(excess[i] / divisor[i]);
    replace_far(
        excess, [y](Index i) { return y[i]; }, far, n, deviance);
  }
};

/// Gamma regression with the log link. With r = y / mu: s = r - 1, w = r, dw = -r, d2w = r, expected
/// weight 1.
///
/// Valid for |eta| <= 708.
class GammaLogLoss final : public FamilyLinkLoss<Gamma> {
 public:
  GammaLogLoss() : FamilyLinkLoss(Gamma{}, std::make_unique<LogLink>()) {}

  void evaluate(const double* all_y, const double* all_eta, Index n, const LossTile& out) const override {
    for_each_tile(n, [&](Index start, Index rows) {
      const double* y = all_y + start;
      const double* eta = all_eta + start;
      const LossTile tile = rows_from(out, start);
      double ratio[kTileRows];
      for (Index i = 0; i < rows; ++i) ratio[i] = -eta[i];
      exp_in_place(ratio, rows);
      for (Index i = 0; i < rows; ++i) ratio[i] *= y[i];
      if (tile.deviance != nullptr) write_deviance(y, eta, ratio, rows, tile.deviance);
      write_rows(tile.score, rows, [&](Index i) { return ratio[i] - 1.0; });
      write_rows(tile.weight, rows, [&](Index i) { return ratio[i]; });
      write_rows(tile.expected, rows, [](Index) { return 1.0; });
      write_rows(tile.weight_d1, rows, [&](Index i) { return -ratio[i]; });
      write_rows(tile.weight_d2, rows, [&](Index i) { return ratio[i]; });
      discard_outside(eta, rows, -kExpLimit, kExpLimit, tile);
      discard_overflow(rows, tile);
    });
  }

 private:
  static void write_deviance(const double* y, const double* eta, const double* ratio, Index n,
                             double* deviance) {
    double far[kTileRows], excess[kTileRows];
    std::copy_n(y, n, far);
    log_in_place(far, n);
    for (Index i = 0; i < n; ++i) excess[i] = ratio[i] - 1.0;
    for (Index i = 0; i < n; ++i) far[i] = 2.0 * (excess[i] - (far[i] - eta[i]));
    for (Index i = 0; i < n; ++i) deviance[i] = 2.0 * t_minus_log1p_series(excess[i]);
    replace_far(
        excess, [](Index) { return 1.0; }, far, n, deviance);
  }
};

/// Negative binomial regression with the log link. With q = alpha mu / (1 + alpha mu):
///
///     s = (y - mu) (1 - q),    w = mu (1 - q) (1 - q + y alpha (1 - q)),    dw = w (1 - 2 q),
///     d2w = w {(1 - 2 q)^2 - 2 q (1 - q)},    expected weight mu (1 - q).
class NegativeBinomialLogLoss final : public FamilyLinkLoss<NegativeBinomial> {
 public:
  explicit NegativeBinomialLogLoss(double alpha)
      : FamilyLinkLoss(NegativeBinomial(alpha), std::make_unique<LogLink>()) {}

  void evaluate(const double* all_y, const double* all_eta, Index n, const LossTile& out) const override {
    const double alpha = family().alpha();
    for_each_tile(n, [&](Index start, Index rows) {
      const double* y = all_y + start;
      const double* eta = all_eta + start;
      const LossTile tile = rows_from(out, start);
      double mu[kTileRows], keep[kTileRows];
      std::copy_n(eta, rows, mu);
      exp_in_place(mu, rows);
      for (Index i = 0; i < rows; ++i) keep[i] = 1.0 / (1.0 + alpha * mu[i]);  // 1 - q
      if (tile.deviance != nullptr) write_deviance(y, eta, mu, rows, tile.deviance);
      const auto weight = [&](Index i) { return mu[i] * keep[i] * (1.0 + alpha * y[i]) * keep[i]; };
      write_rows(tile.score, rows, [&](Index i) { return (y[i] - mu[i]) * keep[i]; });
      write_rows(tile.weight, rows, weight);
      write_rows(tile.expected, rows, [&](Index i) { return mu[i] * keep[i]; });
      write_rows(tile.weight_d1, rows, [&](Index i) { return weight(i) * (2.0 * keep[i] - 1.0); });
      write_rows(tile.weight_d2, rows, [&](Index i) {
        const double tilt = 2.0 * keep[i] - 1.0;
        return weight(i) * (tilt * tilt - 2.0 * keep[i] * (1.0 - keep[i]));
      });
      discard_outside(eta, rows, -kLargest, kExpLimit, tile);
      discard_overflow(rows, tile);
    });
  }

 private:
  /// D/2 = y log(y / mu) + (y + k) log{(mu + k) / (y + k)}, each term accurate near mu = y.
  void write_deviance(const double* y, const double* eta, const double* mu, Index n, double* deviance) const {
    const double size = 1.0 / family().alpha();
    double excess[kTileRows], divisor[kTileRows], far[kTileRows], second[kTileRows];
    for (Index i = 0; i < n; ++i) excess[i] = mu[i] - y[i];
    one_for_zero(y, n, divisor);
    std::copy_n(divisor, n, far);
    log_in_place(far, n);
    for (Index i = 0; i < n; ++i) far[i] = y[i] * (far[i] - eta[i]);
    for (Index i = 0; i < n; ++i)
      deviance[i] = y[i] * t_minus_log1p_series(excess[i] / divisor[i]) - excess[i];
    replace_far(
        excess, [y](Index i) { return y[i]; }, far, n, deviance);

    for (Index i = 0; i < n; ++i) far[i] = (mu[i] + size) / (y[i] + size);
    log_in_place(far, n);
    for (Index i = 0; i < n; ++i) far[i] *= y[i] + size;
    for (Index i = 0; i < n; ++i) {
      second[i] = excess[i] - (y[i] + size) * t_minus_log1p_series(excess[i] / (y[i] + size));
    }
    replace_far(
        excess, [y, size](Index i) { return y[i] + size; }, far, n, second);
    for (Index i = 0; i < n; ++i) deviance[i] = 2.0 * std::max(deviance[i] + second[i], 0.0);
  }
};

/// V = mu^p with the log link (inverse Gaussian, Tweedie). With A = y mu^(1-p), B = mu^(2-p):
///
///     s = A - B,    w = (p-1) A + (2-p) B,    dw = -(p-1)^2 A + (2-p)^2 B,    d2w = (p-1)^3 A + (2-p)^3 B.
template <class Family>
class PowerLogLoss final : public FamilyLinkLoss<Family> {
 public:
  explicit PowerLogLoss(Family family)
      : FamilyLinkLoss<Family>(std::move(family), std::make_unique<LogLink>()) {}

  void evaluate(const double* all_y, const double* all_eta, Index n, const LossTile& out) const override {
    const Family& family = this->family();
    const double a = family.power() - 1.0, b = 2.0 - family.power();
    for_each_tile(n, [&](Index start, Index rows) {
      const double* y = all_y + start;
      const double* eta = all_eta + start;
      const LossTile tile = rows_from(out, start);
      double A[kTileRows], B[kTileRows];
      for (Index i = 0; i < rows; ++i) A[i] = -a * eta[i];
      for (Index i = 0; i < rows; ++i) B[i] = b * eta[i];
      exp_in_place(A, rows);
      exp_in_place(B, rows);
      for (Index i = 0; i < rows; ++i) A[i] *= y[i];
      write_rows(tile.deviance, rows,
                 [&](Index i) { return 2.0 * std::max(family.half_deviance(y[i], std::exp(eta[i])), 0.0); });
      write_rows(tile.score, rows, [&](Index i) { return A[i] - B[i]; });
      write_rows(tile.weight, rows, [&](Index i) { return a * A[i] + b * B[i]; });
      write_rows(tile.expected, rows, [&](Index i) { return B[i]; });
      write_rows(tile.weight_d1, rows, [&](Index i) { return -a * a * A[i] + b * b * B[i]; });
      write_rows(tile.weight_d2, rows, [&](Index i) { return a * a * a * A[i] + b * b * b * B[i]; });
      const double limit = kExpLimit / std::max(1.0, a);
      discard_outside(eta, rows, -limit, limit, tile);
      discard_overflow(rows, tile);
    });
  }
};

}  // namespace contextstats
