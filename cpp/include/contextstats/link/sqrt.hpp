#pragma once

#include "contextstats/link/link.hpp"

namespace contextstats {

/// eta = sqrt(mu), eta > 0 (as in R: the negative root would give every fit a twin).
struct SqrtFormula {
  static constexpr const char* name = "sqrt";
  static constexpr double lower = 0.0;
  static constexpr double upper = kInfinity;

  static double link(double mu) { return std::sqrt(mu); }
  static MeanDerivatives inverse(double eta) {
    if (!(eta > 0.0)) return kOutsideDomain;
    return {{eta * eta, 2.0 * eta, 2.0, 0.0, 0.0}};
  }
};

using SqrtLink = FormulaLink<SqrtFormula>;

}  // namespace contextstats
