#pragma once

#include <cmath>
#include <stdexcept>
#include <string>

#include "contextstats/family/saturated.hpp"
#include "contextstats/math/jet.hpp"
#include "contextstats/math/tweedie_series.hpp"

namespace contextstats {

/// A Poisson number of gamma jumps, with an atom at 0: V(mu) = mu^p, 1 < p < 2,
/// D / 2 = y^(2-p) / {(1-p)(2-p)} - y mu^(1-p) / (1-p) + mu^(2-p) / (2-p).
class Tweedie {
 public:
  static constexpr const char* name = "tweedie";
  static constexpr bool scale_known = false;
  static constexpr bool scale_separable = false;

  explicit Tweedie(double power) : power_(power) {
    if (!(power > 1.0 && power < 2.0)) {
      throw std::invalid_argument(
          "power of the tweedie family must lie strictly between 1 and 2, but is " + std::to_string(power) +
          ". Use family 'poisson' for power 1, 'gamma' for 2 and 'inverse_gaussian' for 3.");
    }
  }

  double power() const { return power_; }
  bool mean_is_valid(double mu) const { return mu > 0.0 && std::isfinite(mu); }
  double starting_mean(double y, double) const { return y > 0.0 ? y : 0.1; }

  /// With d = log(mu / y), D / 2 = y^(2-p) [{e^((2-p) d) - 1} / (2-p) - {e^((1-p) d) - 1} / (1-p)].
  double half_deviance(double y, double mu) const {
    const double a = 2.0 - power_;
    const double b = 1.0 - power_;
    if (y == 0.0) return std::pow(mu, a) / a;
    const double distance = std::abs(mu - y) < 0.5 * y ? std::log1p((mu - y) / y) : std::log(mu / y);
    return std::pow(y, a) * (std::expm1(a * distance) / a - std::expm1(b * distance) / b);
  }

  template <int N>
  Jet<N> variance(const Jet<N>& mu) const {
    return pow(mu, power_);
  }

  /// By the series of `TweedieSeries`; 0 for y = 0, where the density of the own mean is 1.
  Saturated saturated(const double* y, const double* var_weight, const double* freq_weight, Index n,
                      double phi) const {
    const TweedieSeries series(power_);
    const auto term = [&series, phi](double value, double weight) -> Saturated {
      if (!(value > 0.0)) return {};
      const TweedieSaturated in_log_phi = series(value, phi / weight);
      return {in_log_phi.value, in_log_phi.d1 / phi, (in_log_phi.d2 - in_log_phi.d1) / (phi * phi)};
    };
    return sum_saturated(y, var_weight, freq_weight, n, term);
  }

 private:
  double power_;
};

}  // namespace contextstats
