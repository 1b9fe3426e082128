#pragma once

#include "contextstats/link/link.hpp"
#include "contextstats/math/special.hpp"

namespace contextstats {

/// eta = Phi^-1(mu). Valid for |eta| < 1e150; log probabilities keep their digits in both tails.
struct ProbitFormula {
  static constexpr const char* name = "probit";
  static constexpr double lower = 0.0;
  static constexpr double upper = 1.0;

  static double link(double mu) { return normal_quantile(mu); }

  static MeanDerivatives inverse(double eta) {
    const double d1 = std::exp(-0.5 * eta * eta - 0.5 * kLogTwoPi);
    const double square = eta * eta;
    return {{0.5 * std::erfc(-eta * 0.70710678118654752440), d1, -eta * d1, (square - 1.0) * d1,
             eta * (3.0 - square) * d1}};
  }

  /// 1 - Phi(eta) = Phi(-eta): odd derivatives change sign.
  static LogProbabilityDerivatives log_probability(double eta) {
    const LogNormalCdf success = log_normal_cdf(eta);
    const LogNormalCdf failure = log_normal_cdf(-eta);
    return {{success.value, success.d1, success.d2, success.d3, success.d4},
            {failure.value, -failure.d1, failure.d2, -failure.d3, failure.d4}};
  }
};

using ProbitLink = SigmoidLink<ProbitFormula>;

}  // namespace contextstats
