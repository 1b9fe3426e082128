#pragma once

#include <cmath>

namespace contextstats {

constexpr double kLogTwoPi = 1.8378770664093454836;

/// What Stirling's formula leaves out of log Gamma, with two derivatives in x.
struct StirlingError {
  double value = 0.0;
  double d1 = 0.0;
  double d2 = 0.0;
};

/// delta(x) = log Gamma(x) - {(x - 1/2) log x - x + log(2 pi) / 2} for x > 0.
///
/// Densities of counts and of gamma variables at their mean are short expressions in delta, without the
/// cancellation that log Gamma brings. For x >= 16 by the asymptotic series
/// 1/(12 x) - 1/(360 x^3) + 1/(1260 x^5) - ..., below by the recurrence
/// delta(x) = delta(x + 1) + (x + 1/2) log(1 + 1/x) - 1.
/// Source: Abramowitz and Stegun (1964), 6.1.40; Loader (2000), Fast and accurate computation of binomial
/// probabilities.
inline StirlingError stirling_error(double x) {
  StirlingError out;
  for (; x < 16.0; x += 1.0) {
    const double log_ratio = std::log1p(1.0 / x);
    const double product = x * (x + 1.0);
    out.value += (x + 0.5) * log_ratio - 1.0;
    out.d1 += log_ratio - (x + 0.5) / product;
    out.d2 += 0.5 / (product * product);
  }
  const double u = 1.0 / x;
  const double z = u * u;
  const double c1 = 1.0 / 12, c3 = -1.0 / 360, c5 = 1.0 / 1260, c7 = -1.0 / 1680, c9 = 1.0 / 1188,
               c11 = -691.0 / 360360;
  out.value += u * (c1 + z * (c3 + z * (c5 + z * (c7 + z * (c9 + z * c11)))));
  out.d1 -= z * (c1 + z * (3 * c3 + z * (5 * c5 + z * (7 * c7 + z * (9 * c9 + z * 11 * c11)))));
  out.d2 += u * z * (2 * c1 + z * (12 * c3 + z * (30 * c5 + z * (56 * c7 + z * (90 * c9 + z * 132 * c11)))));
  return out;
}

/// Logarithm and local shape of the standard normal distribution function Phi at x.
struct LogNormalCdf {
  double value;  // log Phi(x)
  double d1;     // phi(x) / Phi(x)
  double d2;     // in (-1, 0)
  double d3;
  double d4;
};

/// log Phi and its four derivatives, without loss in the lower tail.
///
/// With m = phi / Phi and h = x + m: m' = -m h and h' = 1 - m h. Below x = -5 these differences cancel. There
/// Laplace's continued fraction m = t + K1, K_n = n / (t + K_{n+1}), t = -x, gives h = K1, 1 - m h = K1 (K2 -
/// K1) and 2 K1 - K2 = K1 K2 (K3 - K2), all differences of numbers that are far apart. Source: Abramowitz and
/// Stegun (1964), 26.2.14.
inline LogNormalCdf log_normal_cdf(double x) {
  constexpr double half_log_two_pi = 0.5 * kLogTwoPi;
  if (x < -5.0) {
    const double t = -x;
    double k4 = 0.0;
    for (int n = 40; n >= 4; --n) k4 = n / (t + k4);
    const double k3 = 3.0 / (t + k4), k2 = 2.0 / (t + k3), h = 1.0 / (t + k2), m = t + h;
    const double g = k2 - h;  // (1 - m h) / h
    const double h_minus_g = h * k2 * (k3 - k2);
    const double one_minus_ratio = k2 * (k3 - k2);  // 1 - g / h
    return {-0.5 * x * x - half_log_two_pi - std::log(m), m, -m * h, m * h * h_minus_g,
            m * h * (2.0 * h * g - one_minus_ratio - h_minus_g * h_minus_g)};
  }
  const double sqrt_half = 0.70710678118654752440;
  const double upper = 0.5 * std::erfc(x * sqrt_half);
  const double lower = 0.5 * std::erfc(-x * sqrt_half);
  const double m = std::exp(-0.5 * x * x - half_log_two_pi) / lower;
  const double h = x + m;
  const double slope_h = 1.0 - m * h;
  const double d3 = m * (h * h - slope_h);
  return {x > 0.0 ? std::log1p(-upper) : std::log(lower), m, -m * h, d3,
          -h * d3 + m * (2.0 * h * slope_h - d3)};
}

/// Phi^-1(p), 0 < p < 1, by Newton's method on log Phi: it is concave, so that the steps converge from any
/// start.
inline double normal_quantile(double p) {
  if (p > 0.5) return -normal_quantile(1.0 - p);
  const double target = std::log(p);
  double x = 0.0;
  for (int iteration = 0; iteration < 50; ++iteration) {
    const LogNormalCdf cdf = log_normal_cdf(x);
    const double step = (target - cdf.value) / cdf.d1;
    x += step;
    if (std::abs(step) <= 1e-14 * std::abs(x)) break;
  }
  return x;
}

}  // namespace contextstats
