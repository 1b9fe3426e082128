#pragma once

#include <cmath>

#include "contextstats/family/saturated.hpp"
#include "contextstats/math/jet.hpp"
#include "contextstats/math/special.hpp"

namespace contextstats {

/// First-passage times: V(mu) = mu^3, D / 2 = (y - mu)^2 / (2 y mu^2), 1 / phi the shape lambda.
struct InverseGaussian {
  static constexpr const char* name = "inverse_gaussian";
  static constexpr bool scale_known = false;
  static constexpr bool scale_separable = true;

  double power() const { return 3.0; }
  bool mean_is_valid(double mu) const { return mu > 0.0 && std::isfinite(mu); }
  double starting_mean(double y, double) const { return y; }
  double half_deviance(double y, double mu) const {
    const double relative = (y - mu) / mu;
    return 0.5 * relative * relative / y;
  }

  template <int N>
  Jet<N> variance(const Jet<N>& mu) const {
    return mu * mu * mu;
  }

  /// log f(y; y, phi / v) = -log(2 pi phi y^3 / v) / 2.
  Saturated saturated(const double* y, const double* var_weight, const double* freq_weight, Index n,
                      double phi) const {
    const auto scale_term = [phi](double v) -> Saturated {
      return {-0.5 * (kLogTwoPi + std::log(phi / v)), -0.5 / phi, 0.5 / (phi * phi)};
    };
    const auto response_term = [](double value) { return -1.5 * std::log(value); };
    return sum_separable(y, var_weight, freq_weight, n, scale_term, response_term);
  }
};

}  // namespace contextstats
