#pragma once

#include "contextstats/link/link.hpp"
#include "contextstats/math/stable.hpp"

namespace contextstats {

/// eta = log{mu / (1 - mu)}. Any finite eta is valid: logarithms of both probabilities are linear in the
/// tails.
struct LogitFormula {
  static constexpr const char* name = "logit";
  static constexpr double lower = 0.0;
  static constexpr double upper = 1.0;

  static double link(double mu) { return std::log(mu) - std::log1p(-mu); }

  static MeanDerivatives inverse(double eta) {
    const double mu = expit(eta);
    const double complement = expit(-eta);
    const double d1 = mu * complement;
    const double skew = complement - mu;
    return {{mu, d1, d1 * skew, d1 * (1.0 - 6.0 * d1), d1 * skew * (1.0 - 12.0 * d1)}};
  }

  static LogProbabilityDerivatives log_probability(double eta) {
    const MeanDerivatives mu = inverse(eta);
    return {{-log1pexp(-eta), expit(-eta), -mu.d[1], -mu.d[2], -mu.d[3]},
            {-log1pexp(eta), -mu.d[0], -mu.d[1], -mu.d[2], -mu.d[3]}};
  }
};

using LogitLink = SigmoidLink<LogitFormula>;

}  // namespace contextstats
