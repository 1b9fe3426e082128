#pragma once

#include <algorithm>
#include <cmath>

#include "contextstats/math/special.hpp"
#include "contextstats/math/stable.hpp"

namespace contextstats {

/// log f(y; mu = y, phi) of a Tweedie variable and its derivatives in log(phi).
struct TweedieSaturated {
  double value = 0.0;
  double d1 = 0.0;
  double d2 = 0.0;
};

/// The compound Poisson-gamma density at its own mean, 1 < power < 2, y > 0.
///
/// Dunn and Smyth's series f = (1/y) sum_j W_j exp{-y^(2-p) / (phi (p-1) (2-p))} is summed over the number j
/// of gamma jumps. With a = (2-p)/(p-1), J = y^(2-p) / (phi (2-p)) and Stirling's formula for both gamma
/// functions,
///
///     f = sqrt(a) / (2 pi y) sum_{j>=1} exp{-(1 + a) d(j, J) - delta(j) - delta(a j)},
///     d(j, J) = j log(j / J) - j + J,
///
/// whose terms neither overflow nor cancel, however small phi is. J falls by d log(phi), which gives the
/// derivatives as moments of J - j under the normalised terms. The terms are a bell of standard deviation
/// sqrt(J / (1 + a)); where it is wide, every s-th term times s is as exact as all of them (the trapezoidal
/// rule on a smooth function that vanishes at both ends), so the cost does not grow with J. Source: Dunn and
/// Smyth (2005), Statistics and Computing 15, 267-280.
class TweedieSeries {
 public:
  explicit TweedieSeries(double power) : power_(power), a_((2.0 - power) / (power - 1.0)) {}

  TweedieSaturated operator()(double y, double phi) const {
    const double center = std::pow(y, 2.0 - power_) / (phi * (2.0 - power_));  // J
    const double spread = std::sqrt(center / (1.0 + a_));
    const double stride = std::max(1.0, std::floor(0.7 * spread));
    const double start = std::max(1.0, std::round(center));
    const double reference = log_term(start, center);

    Moments moments;
    for (double j = start; add(j, center, reference, moments); j += stride) {
    }
    for (double j = start - stride; j >= 1.0 && add(j, center, reference, moments); j -= stride) {
    }

    const double slope = 1.0 + a_;
    const double mean = moments.first / moments.zeroth;  // E(J - j)
    const double variance = moments.second / moments.zeroth - mean * mean;
    TweedieSaturated out;
    out.value = -std::log(y) + 0.5 * std::log(a_) - kLogTwoPi + reference + std::log(stride * moments.zeroth);
    out.d1 = slope * mean;
    out.d2 = slope * (slope * variance - center);
    return out;
  }

 private:
  struct Moments {
    double zeroth = 0.0;
    double first = 0.0;
    double second = 0.0;
  };

  double log_term(double j, double center) const {
    return -(1.0 + a_) * poisson_half_deviance(j, center) - stirling_error(j).value -
           stirling_error(a_ * j).value;
  }

  /// Adds one term; false once the terms are too small to matter.
  bool add(double j, double center, double reference, Moments& moments) const {
    constexpr double log_negligible = -45.0;
    const double log_ratio = log_term(j, center) - reference;
    if (!(log_ratio > log_negligible)) return false;
    const double term = std::exp(log_ratio);
    const double distance = center - j;
    moments.zeroth += term;
    moments.first += term * distance;
    moments.second += term * distance * distance;
    return true;
  }

  double power_;
  double a_;
};

}  // namespace contextstats
