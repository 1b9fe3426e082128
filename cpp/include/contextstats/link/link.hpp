#pragma once

#include <cmath>
#include <limits>
#include <string>

#include "contextstats/math/jet.hpp"
#include "contextstats/types.hpp"

namespace contextstats {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// Rows worked on at a time: all arrays of a tile together stay in the first-level cache.
constexpr Index kTileRows = 256;

/// d[k][i] is the k-th derivative of the mean of row i in its eta; d[0] is the mean.
struct MeanTile {
  double d[5][kTileRows];
};

/// log(mu) and log(1 - mu) of a probability and their derivatives in eta, k = 0 .. 4.
struct LogProbabilityTile {
  double success[5][kTileRows];
  double failure[5][kTileRows];
};

/// Jet of order N of the mean of row i.
template <int N>
Jet<N> mean_jet(const MeanTile& tile, Index i) {
  constexpr double inverse_factorial[4] = {1.0, 1.0, 0.5, 1.0 / 6.0};
  Jet<N> out;
  for (std::size_t k = 0; k < Jet<N>::size; ++k) out.c[k] = tile.d[k][i] * inverse_factorial[k];
  return out;
}

/// Jet of order N of dmu/deta of row i.
template <int N>
Jet<N> slope_jet(const MeanTile& tile, Index i) {
  constexpr double inverse_factorial[4] = {1.0, 1.0, 0.5, 1.0 / 6.0};
  Jet<N> out;
  for (std::size_t k = 0; k < Jet<N>::size; ++k) out.c[k] = tile.d[k + 1][i] * inverse_factorial[k];
  return out;
}

/// A link function eta = g(mu), known by its inverse and the derivatives of the inverse.
class Link {
 public:
  virtual ~Link() = default;

  /// Means and derivatives of up to kTileRows rows; NaN where eta is outside the domain of the inverse.
  virtual void inverse(const double* eta, Index n, MeanTile& out) const = 0;

  /// Means alone, of any number of rows.
  virtual void mean(const double* eta, Index n, double* mu) const = 0;

  /// Logarithms of both probabilities; NaN where the mean is not in (0, 1). Sigmoid links override this by
  /// formulas that keep both tails.
  virtual void log_probability(const double* eta, Index n, LogProbabilityTile& out) const {
    MeanTile mean;
    inverse(eta, n, mean);
    for (Index i = 0; i < n; ++i) {
      if (!(mean.d[0][i] > 0.0 && mean.d[0][i] < 1.0)) mean.d[0][i] = kNaN;
      const Jet<3> mu = mean_jet<3>(mean, i);
      const Jet<3> slope = slope_jet<3>(mean, i);
      const Jet<3> success = slope / mu;
      const Jet<3> failure = (-1.0 * slope) / (1.0 - mu);
      out.success[0][i] = std::log(mu.c[0]);
      out.failure[0][i] = std::log1p(-mu.c[0]);
      for (std::size_t k = 0; k < 4; ++k) {
        out.success[k + 1][i] = success.derivative(k);
        out.failure[k + 1][i] = failure.derivative(k);
      }
    }
  }

  /// eta = g(mu) for lower() < mu < upper().
  virtual double operator()(double mu) const = 0;

  /// Open interval of the means that the link can express.
  virtual double lower() const = 0;
  virtual double upper() const = 0;

  virtual std::string name() const = 0;
};

/// Inverse link and four derivatives at one eta.
struct MeanDerivatives {
  double d[5];
};

/// log(mu), log(1 - mu) and four derivatives each at one eta.
struct LogProbabilityDerivatives {
  double success[5];
  double failure[5];
};

/// A link from `Formula`, a struct with static `link(mu)`, `inverse(eta)`, `lower`, `upper` and `name`.
template <class Formula>
class FormulaLink : public Link {
 public:
  void inverse(const double* eta, Index n, MeanTile& out) const final {
    for (Index i = 0; i < n; ++i) {
      const MeanDerivatives row = Formula::inverse(eta[i]);
      for (int k = 0; k < 5; ++k) out.d[k][i] = row.d[k];
    }
  }
  void mean(const double* eta, Index n, double* mu) const final {
    for (Index i = 0; i < n; ++i) mu[i] = Formula::inverse(eta[i]).d[0];
  }
  double operator()(double mu) const final { return Formula::link(mu); }
  double lower() const final { return Formula::lower; }
  double upper() const final { return Formula::upper; }
  std::string name() const final { return Formula::name; }
};

/// A link into (0, 1) whose `Formula` also has `log_probability(eta)`.
template <class Formula>
class SigmoidLink final : public FormulaLink<Formula> {
 public:
  void log_probability(const double* eta, Index n, LogProbabilityTile& out) const override {
    for (Index i = 0; i < n; ++i) {
      const LogProbabilityDerivatives row = Formula::log_probability(eta[i]);
      for (int k = 0; k < 5; ++k) {
        out.success[k][i] = row.success[k];
        out.failure[k][i] = row.failure[k];
      }
    }
  }
};

constexpr MeanDerivatives kOutsideDomain = {{kNaN, kNaN, kNaN, kNaN, kNaN}};

}  // namespace contextstats
