#pragma once

#include <cmath>

#include "contextstats/family/saturated.hpp"
#include "contextstats/math/jet.hpp"
#include "contextstats/math/special.hpp"

namespace contextstats {

/// Normal response: V(mu) = 1, D = (y - mu)^2, phi the variance.
struct Gaussian {
  static constexpr const char* name = "gaussian";
  static constexpr bool scale_known = false;
  static constexpr bool scale_separable = true;

  bool mean_is_valid(double mu) const { return std::isfinite(mu); }
  double starting_mean(double y, double) const { return y; }
  double half_deviance(double y, double mu) const { return 0.5 * (y - mu) * (y - mu); }

  template <int N>
  Jet<N> variance(const Jet<N>&) const {
    return constant_jet<N>(1.0);
  }

  /// log f(y; y, phi / v) = -log(2 pi phi / v) / 2.
  Saturated saturated(const double* y, const double* var_weight, const double* freq_weight, Index n,
                      double phi) const {
    const auto scale_term = [phi](double v) -> Saturated {
      return {-0.5 * (kLogTwoPi + std::log(phi / v)), -0.5 / phi, 0.5 / (phi * phi)};
    };
    return sum_separable(y, var_weight, freq_weight, n, scale_term, [](double) { return 0.0; });
  }
};

}  // namespace contextstats
