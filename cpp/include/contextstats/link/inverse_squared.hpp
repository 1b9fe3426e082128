#pragma once

#include "contextstats/link/link.hpp"

namespace contextstats {

/// eta = 1 / mu^2, eta > 0.
struct InverseSquaredFormula {
  static constexpr const char* name = "inverse_squared";
  static constexpr double lower = 0.0;
  static constexpr double upper = kInfinity;

  static double link(double mu) { return 1.0 / (mu * mu); }
  static MeanDerivatives inverse(double eta) {
    if (!(eta > 0.0)) return kOutsideDomain;
    const double mu = 1.0 / std::sqrt(eta);
    const double d1 = -0.5 * mu / eta;
    const double d2 = -1.5 * d1 / eta;
    const double d3 = -2.5 * d2 / eta;
    return {{mu, d1, d2, d3, -3.5 * d3 / eta}};
  }
};

using InverseSquaredLink = FormulaLink<InverseSquaredFormula>;

}  // namespace contextstats
