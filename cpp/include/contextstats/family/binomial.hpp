#pragma once

#include <cmath>

#include "contextstats/family/saturated.hpp"
#include "contextstats/math/jet.hpp"
#include "contextstats/math/special.hpp"
#include "contextstats/math/stable.hpp"

namespace contextstats {

/// A proportion y in [0, 1]: V(mu) = mu (1 - mu), -log f = -y log(mu) - (1 - y) log(1 - mu) for each trial.
struct Binomial {
  static constexpr const char* name = "binomial";
  static constexpr bool scale_known = true;
  static constexpr bool scale_separable = true;

  double starting_mean(double y, double trials) const { return (trials * y + 0.5) / (trials + 1.0); }

  template <int N>
  Jet<N> variance(const Jet<N>& mu) const {
    return mu * (1.0 - mu);
  }

  /// y log y + (1 - y) log(1 - y): 0 for a single trial.
  double saturated_trial(double y) const { return x_log_x(y) + x_log_x(1.0 - y); }

  /// log of the binomial probability of its own mean. `var_weight` is the number of trials. A weight that is
  /// not a whole number counts no trials: such a row is `var_weight` times the Bernoulli term.
  Saturated saturated(const double* y, const double* var_weight, const double* freq_weight, Index n,
                      double) const {
    const auto term = [this](double share, double weight) -> Saturated {
      const double trials = std::round(weight);
      if (std::abs(weight - trials) > 1e-8) return {weight * saturated_trial(share), 0.0, 0.0};
      const double successes = std::round(trials * share);
      const double failures = trials - successes;
      if (!(successes > 0.0 && failures > 0.0)) return {};
      const double value = 0.5 * (std::log(trials / (successes * failures)) - kLogTwoPi) +
                           stirling_error(trials).value - stirling_error(successes).value -
                           stirling_error(failures).value;
      return {value, 0.0, 0.0};
    };
    return sum_saturated(y, var_weight, freq_weight, n, term);
  }
};

}  // namespace contextstats
