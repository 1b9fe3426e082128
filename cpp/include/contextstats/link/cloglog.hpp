#pragma once

#include <algorithm>

#include "contextstats/link/link.hpp"

namespace contextstats {

/// eta = log{-log(1 - mu)}, so that with e = exp(eta), mu = 1 - exp(-e).
///
/// A failure has log(1 - mu) = -e, which overflows for eta > 709.78: its deviance is then +infinity. A
/// success is valid at any finite eta.
struct CloglogFormula {
  static constexpr const char* name = "cloglog";
  static constexpr double lower = 0.0;
  static constexpr double upper = 1.0;

  static double link(double mu) { return std::log(-std::log1p(-mu)); }

  static MeanDerivatives inverse(double eta) {
    const double e = std::min(std::exp(eta), e_limit);
    const double d1 = e * std::exp(-e);
    return {{-std::expm1(-e), d1, d1 * (1.0 - e), d1 * (1.0 + e * (e - 3.0)),
             d1 * (1.0 + e * (-7.0 + e * (6.0 - e)))}};
  }

  static LogProbabilityDerivatives log_probability(double eta) {
    const double e = std::exp(eta);
    LogProbabilityDerivatives out = {{0.0, 0.0, 0.0, 0.0, 0.0}, {-e, -e, -e, -e, -e}};
    if (e < 0.5) {
      success_by_series(e, eta, out.success);
    } else {
      success_by_ratio(std::min(e, e_limit), out.success);
    }
    return out;
  }

 private:
  static constexpr double e_limit = 1000.0;  // exp(-e) is 0 long before

  /// log(mu) = eta - e/2 + sum B_n e^n / (n n!), Bernoulli numbers B_n; d/deta multiplies the n-th term by n.
  static void success_by_series(double e, double eta, double* out) {
    constexpr double coefficient[8] = {1.0 / 12,          -1.0 / 720,
                                       1.0 / 30240,       -1.0 / 1209600,
                                       1.0 / 47900160,    -691.0 / 1307674368000,
                                       1.0 / 74724249600, -3617.0 / 10670622842880000};
    double term = -0.5 * e;  // term of d log(mu) / deta
    out[0] = eta + term;
    out[1] = 1.0 + term;
    out[2] = out[3] = out[4] = term;
    double power = e * e;
    for (int m = 0; m < 8; ++m, power *= e * e) {
      const double n = 2.0 * (m + 1);
      term = coefficient[m] * power;
      out[0] += term / n;
      out[1] += term;
      out[2] += term * n;
      out[3] += term * n * n;
      out[4] += term * n * n * n;
    }
  }

  /// r = d log(mu) / deta = e / {exp(e) - 1} satisfies r' = r (1 - e - r).
  static void success_by_ratio(double e, double* out) {
    const double r = e * std::exp(-e) / -std::expm1(-e);
    const double rate = 1.0 - e - r;
    const double r1 = r * rate;
    const double rate1 = -e - r1;
    const double r2 = r1 * rate + r * rate1;
    const double r3 = r2 * rate + 2.0 * r1 * rate1 + r * (-e - r2);
    out[0] = std::log1p(-std::exp(-e));
    out[1] = r;
    out[2] = r1;
    out[3] = r2;
    out[4] = r3;
  }
};

using CloglogLink = SigmoidLink<CloglogFormula>;

}  // namespace contextstats
