#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>

#include "contextstats/types.hpp"

namespace contextstats {

/// Largest |x| for which both exp(x) and exp(-x) are finite, normal doubles (with room for a small factor).
constexpr double kExpLimit = 708.0;

/// log(1 + exp(x)) without overflow, and with full relative accuracy where it is tiny.
inline double log1pexp(double x) { return x > 0.0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); }

/// 1 / (1 + exp(-x)) with full relative accuracy in the lower tail.
inline double expit(double x) {
  const double a = std::exp(-std::abs(x));
  return (x >= 0.0 ? 1.0 : a) / (1.0 + a);
}

/// x log x, continued by 0 at x = 0.
inline double x_log_x(double x) { return x > 0.0 ? x * std::log(x) : 0.0; }

/// |t| up to which `t_minus_log1p_series` is accurate to the last digits.
constexpr double kSeriesLimit = 0.25;

/// t - log(1 + t) for |t| <= 1/4, where subtracting the two would lose digits.
///
/// With r = t / (2 + t), log(1 + t) = 2 atanh(r) and t - 2 r = r t, so that
/// t - log(1 + t) = r {t - 2 r^2 (1/3 + r^2/5 + r^4/7 + ...)}.
inline double t_minus_log1p_series(double t) {
  const double r = t / (2.0 + t);
  const double z = r * r;
  double sum = 1.0 / 19.0;
  sum = sum * z + 1.0 / 17.0;
  sum = sum * z + 1.0 / 15.0;
  sum = sum * z + 1.0 / 13.0;
  sum = sum * z + 1.0 / 11.0;
  sum = sum * z + 1.0 / 9.0;
  sum = sum * z + 1.0 / 7.0;
  sum = sum * z + 1.0 / 5.0;
  sum = sum * z + 1.0 / 3.0;
  return r * (t - 2.0 * z * sum);
}

/// t - log(1 + t) for t > -1.
inline double t_minus_log1p(double t) {
  return std::abs(t) <= kSeriesLimit ? t_minus_log1p_series(t) : t - std::log1p(t);
}

/// y log(y / mu) - (y - mu) for y >= 0, mu > 0: half the Poisson deviance, to full accuracy near mu = y.
inline double poisson_half_deviance(double y, double mu) {
  if (y == 0.0) return mu;
  const double t = (mu - y) / y;
  return std::abs(t) <= kSeriesLimit ? y * t_minus_log1p_series(t) : y * std::log(y / mu) - (y - mu);
}

/// x = exp(x), vectorised. Arguments beyond +-kExpLimit are moved there: the result is a normal number.
inline void exp_in_place(double* x, Index n) {
  Eigen::Map<Eigen::ArrayXd> rows(x, n);
  rows = rows.max(-kExpLimit).min(kExpLimit).exp();
}

/// x = log(x), vectorised.
inline void log_in_place(double* x, Index n) {
  Eigen::Map<Eigen::ArrayXd> rows(x, n);
  rows = rows.log();
}

}  // namespace contextstats
