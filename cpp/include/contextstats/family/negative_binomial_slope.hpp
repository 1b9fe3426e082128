#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "contextstats/math/special.hpp"
#include "contextstats/math/stable.hpp"
#include "contextstats/types.hpp"

namespace contextstats {

/// First two derivatives in log(alpha).
struct AlphaSlope {
  double d1 = 0.0;
  double d2 = 0.0;

  AlphaSlope& operator+=(const AlphaSlope& other) {
    d1 += other.d1;
    d2 += other.d2;
    return *this;
  }
};

/// How the negative binomial log density of a count y with mean mu moves with log(alpha). With k = 1 / alpha
/// and q = alpha mu:
///
///     log f = sum_{j < y} log(1 + alpha j) - (y + k) log(1 + q) + y log(mu) - log(y!),
///
/// the sum for whole counts; for others log Gamma(y + k) - log Gamma(k) - y log(k) in its place.
class NegativeBinomialSlope {
 public:
  explicit NegativeBinomialSlope(double alpha) : alpha_(alpha) {
    sums_.reserve(kSmall + 1);
    sums_.push_back({});
    for (std::size_t j = 0; j < kSmall; ++j) {
      const double step = alpha * static_cast<double>(j), keep = 1.0 / (1.0 + step);
      sums_.push_back({sums_.back().d1 + step * keep, sums_.back().d2 + step * keep * keep});
    }
  }

  /// Adds the slopes of n rows times their weights.
  void add(const double* y, const double* mu, const double* weight, Index n, AlphaSlope& sum) const {
    double log_u[kTogether];
    for (Index start = 0; start < n; start += kTogether) {
      const Index rows = std::min(kTogether, n - start);
      for (Index i = 0; i < rows; ++i) log_u[i] = 1.0 + alpha_ * mu[start + i];
      log_in_place(log_u, rows);
      for (Index i = start; i < start + rows; ++i) {
        const double q = alpha_ * mu[i], u = 1.0 + q;
        const double lost = (q - (u - 1.0)) / u;  // what rounding 1 + q has lost
        const AlphaSlope each = row(y[i], mu[i], log_u[i - start] + lost);
        sum.d1 += weight[i] * each.d1;
        sum.d2 += weight[i] * each.d2;
      }
    }
  }

 private:
  static constexpr std::size_t kSmall = 1024;
  static constexpr Index kTogether = 256;

  AlphaSlope row(double y, double mu, double log1p_q) const {
    const double q = alpha_ * mu, keep = 1.0 / (1.0 + q);
    const double spread = log1p_q / alpha_;
    AlphaSlope out = of_count(y);
    out.d1 += spread - (alpha_ * y + 1.0) * mu * keep;
    out.d2 += mu * keep - spread - alpha_ * y * mu * keep + (alpha_ * y + 1.0) * mu * q * keep * keep;
    return out;
  }

  AlphaSlope of_count(double y) const {
    const std::size_t whole = y < static_cast<double>(kSmall) ? static_cast<std::size_t>(y) : kSmall;
    if (static_cast<double>(whole) == y) return sums_[whole];
    const double k = 1.0 / alpha_;
    const StirlingError low = stirling_error(k), high = stirling_error(y + k);
    // psi(x) = log x - 1 / (2 x) + delta'(x), psi'(x) = 1 / x + 1 / (2 x^2) + delta''(x)
    const double first = k * (std::log1p(alpha_ * y) + 0.5 / k - 0.5 / (y + k) + high.d1 - low.d1);
    const double second =
        1.0 / k - 1.0 / (y + k) + 0.5 / (k * k) - 0.5 / ((y + k) * (y + k)) + low.d2 - high.d2;
    return {y - first, first - k * k * second};
  }

  double alpha_;
  std::vector<AlphaSlope> sums_;  // of alpha j / (1 + alpha j) and alpha j / (1 + alpha j)^2 over j < count
};

}  // namespace contextstats
