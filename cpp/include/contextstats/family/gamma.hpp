#pragma once

#include <cmath>

#include "contextstats/family/saturated.hpp"
#include "contextstats/math/jet.hpp"
#include "contextstats/math/special.hpp"
#include "contextstats/math/stable.hpp"

namespace contextstats {

/// Positive response with constant coefficient of variation: V(mu) = mu^2, D / 2 = y / mu - 1 - log(y / mu),
/// shape 1 / phi.
struct Gamma {
  static constexpr const char* name = "gamma";
  static constexpr bool scale_known = false;
  static constexpr bool scale_separable = true;

  bool mean_is_valid(double mu) const { return mu > 0.0 && std::isfinite(mu); }
  double starting_mean(double y, double) const { return y; }
  double half_deviance(double y, double mu) const { return t_minus_log1p((y - mu) / mu); }

  template <int N>
  Jet<N> variance(const Jet<N>& mu) const {
    return mu * mu;
  }

  /// log f(y; y, phi / v) = {log(k) - log(2 pi)} / 2 - delta(k) - log(y), with shape k = v / phi and delta
  /// the error of Stirling's formula.
  Saturated saturated(const double* y, const double* var_weight, const double* freq_weight, Index n,
                      double phi) const {
    const auto scale_term = [phi](double v) -> Saturated {
      const double shape = v / phi;
      const StirlingError delta = stirling_error(shape);
      const double in_shape = 0.5 - shape * delta.d1;            // shape times d/dshape
      const double in_shape2 = -0.5 - shape * shape * delta.d2;  // shape^2 times d2/dshape2
      return {0.5 * (std::log(shape) - kLogTwoPi) - delta.value, -in_shape / phi,
              (in_shape2 + 2.0 * in_shape) / (phi * phi)};
    };
    return sum_separable(y, var_weight, freq_weight, n, scale_term,
                         [](double value) { return -std::log(value); });
  }
};

}  // namespace contextstats
