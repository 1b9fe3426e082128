#pragma once

#include "contextstats/link/link.hpp"

namespace contextstats {

/// eta = mu.
struct IdentityFormula {
  static constexpr const char* name = "identity";
  static constexpr double lower = -kInfinity;
  static constexpr double upper = kInfinity;

  static double link(double mu) { return mu; }
  static MeanDerivatives inverse(double eta) { return {{eta, 1.0, 0.0, 0.0, 0.0}}; }
};

using IdentityLink = FormulaLink<IdentityFormula>;

}  // namespace contextstats
