#pragma once

#include <cmath>
#include <stdexcept>
#include <string>

#include "contextstats/family/saturated.hpp"
#include "contextstats/math/jet.hpp"
#include "contextstats/math/special.hpp"
#include "contextstats/math/stable.hpp"

namespace contextstats {

/// Overdispersed counts: V(mu) = mu + alpha mu^2, size k = 1 / alpha,
/// D / 2 = y log(y / mu) - (y + k) log{(y + k) / (mu + k)}.
class NegativeBinomial {
 public:
  static constexpr const char* name = "negative_binomial";
  static constexpr bool scale_known = true;
  static constexpr bool scale_separable = true;

  explicit NegativeBinomial(double alpha) : alpha_(alpha), size_(1.0 / alpha) {
    if (!(alpha > 0.0) || !std::isfinite(alpha)) {
      throw std::invalid_argument("alpha of the negative binomial must be positive and finite, but is " +
                                  std::to_string(alpha) + ". Use family 'poisson' for alpha = 0.");
    }
  }

  double alpha() const { return alpha_; }
  bool mean_is_valid(double mu) const { return mu > 0.0 && std::isfinite(mu); }
  double starting_mean(double y, double) const { return y > 0.0 ? y : 1.0 / 6.0; }

  /// A difference of two Poisson-like terms, each accurate near mu = y: see `poisson_half_deviance`.
  double half_deviance(double y, double mu) const {
    const double excess = (mu - y) / (y + size_);
    if (std::abs(mu - y) <= kSeriesLimit * y) {
      return y * t_minus_log1p_series((mu - y) / y) - (y + size_) * t_minus_log1p_series(excess);
    }
    return (y > 0.0 ? y * std::log(y / mu) : 0.0) + (y + size_) * std::log1p(excess);
  }

  template <int N>
  Jet<N> variance(const Jet<N>& mu) const {
    return mu + alpha_ * (mu * mu);
  }

  /// v log f(y; y), log f = log[k / {2 pi y (y + k)}] / 2 + delta(y + k) - delta(k) - delta(y), 0 for y = 0.
  Saturated saturated(const double* y, const double* var_weight, const double* freq_weight, Index n,
                      double) const {
    const double delta_size = stirling_error(size_).value;
    RememberedCounts log_density([this, delta_size](double count) {
      if (!(count > 0.0)) return 0.0;
      return -0.5 * (kLogTwoPi + std::log(count * (1.0 + alpha_ * count))) +
             stirling_error(count + size_).value - delta_size - stirling_error(count).value;
    });
    return sum_saturated(y, var_weight, freq_weight, n, [&](double count, double weight) -> Saturated {
      return {weight * log_density(count), 0.0, 0.0};
    });
  }

 private:
  double alpha_;
  double size_;
};

}  // namespace contextstats
