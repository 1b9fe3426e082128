#pragma once

#include "contextstats/link/link.hpp"

namespace contextstats {

/// eta = log(mu). The mean overflows for eta > 709.78 and is 0 for eta < -745.
struct LogFormula {
  static constexpr const char* name = "log";
  static constexpr double lower = 0.0;
  static constexpr double upper = kInfinity;

  static double link(double mu) { return std::log(mu); }
  static MeanDerivatives inverse(double eta) {
    const double mu = std::exp(eta);
    return {{mu, mu, mu, mu, mu}};
  }
};

using LogLink = FormulaLink<LogFormula>;

}  // namespace contextstats
