#pragma once

#include "contextstats/link/link.hpp"

namespace contextstats {

/// eta = 1 / mu. Families on the positive half line need eta > 0; Gaussian means may have either sign.
struct InverseFormula {
  static constexpr const char* name = "inverse";
  static constexpr double lower = -kInfinity;
  static constexpr double upper = kInfinity;

  static double link(double mu) { return 1.0 / mu; }
  static MeanDerivatives inverse(double eta) {
    if (eta == 0.0) return kOutsideDomain;
    const double mu = 1.0 / eta;
    const double d1 = -mu * mu;
    const double d2 = -2.0 * mu * d1;
    const double d3 = -3.0 * mu * d2;
    return {{mu, d1, d2, d3, -4.0 * mu * d3}};
  }
};

using InverseLink = FormulaLink<InverseFormula>;

}  // namespace contextstats
