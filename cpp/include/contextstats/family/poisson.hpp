#pragma once

#include <cmath>

#include "contextstats/family/saturated.hpp"
#include "contextstats/math/jet.hpp"
#include "contextstats/math/special.hpp"
#include "contextstats/math/stable.hpp"

namespace contextstats {

/// Counts: V(mu) = mu, D / 2 = y log(y / mu) - (y - mu).
struct Poisson {
  static constexpr const char* name = "poisson";
  static constexpr bool scale_known = true;
  static constexpr bool scale_separable = true;

  bool mean_is_valid(double mu) const { return mu > 0.0 && std::isfinite(mu); }
  double starting_mean(double y, double) const { return y + 0.1; }
  double half_deviance(double y, double mu) const { return poisson_half_deviance(y, mu); }

  template <int N>
  Jet<N> variance(const Jet<N>& mu) const {
    return mu;
  }

  /// v log f(y; y); log f is -log(2 pi y) / 2 - delta(y) with delta the error of Stirling's formula, 0 for y
  /// = 0.
  Saturated saturated(const double* y, const double* var_weight, const double* freq_weight, Index n,
                      double) const {
    RememberedCounts log_density([](double count) {
      return count > 0.0 ? -0.5 * (kLogTwoPi + std::log(count)) - stirling_error(count).value : 0.0;
    });
    return sum_saturated(y, var_weight, freq_weight, n, [&](double count, double weight) -> Saturated {
      return {weight * log_density(count), 0.0, 0.0};
    });
  }
};

}  // namespace contextstats
