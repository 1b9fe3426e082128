#pragma once

#include <string>

#include "contextstats/family/saturated.hpp"
#include "contextstats/types.hpp"

namespace contextstats {

/// What `Loss::evaluate` writes for a tile of n rows. Arrays are contiguous; a null pointer means "not
/// wanted".
///
/// With D the unit deviance of one row (so -log f = D / 2 + constant when phi = 1):
struct LossTile {
  double* deviance = nullptr;   // D >= 0
  double* score = nullptr;      // s = -d(D/2)/deta
  double* weight = nullptr;     // w = d2(D/2)/deta2, the observed information; negative for some links
  double* expected = nullptr;   // E(w) = (dmu/deta)^2 / V(mu), the expected information; never negative
  double* weight_d1 = nullptr;  // dw/deta
  double* weight_d2 = nullptr;  // d2w/deta2
};

/// The deviance of a family under a link, row by row, as a function of the linear predictor eta (offset
/// included).
///
/// Rows are unweighted: whoever sums them multiplies by the weights. A row whose mean lies outside the
/// support of its family, or is not finite, has deviance +infinity and zero for everything else: never NaN. A
/// line search therefore sees an objective of +infinity and halves its step.
///
/// Objects are immutable: one loss may be used by several threads at once.
class Loss {
 public:
  using Saturated = contextstats::Saturated;

  virtual ~Loss() = default;

  /// mu = inverse link of eta; NaN where eta is not in the domain of the inverse link.
  virtual void mean(const double* eta, Index n, double* mu) const = 0;

  /// The variance function V(mu) and its derivative.
  virtual void variance(const double* mu, Index n, double* value, double* slope) const = 0;

  /// Fills the arrays of `out` that are not null.
  virtual void evaluate(const double* y, const double* eta, Index n, const LossTile& out) const = 0;

  /// Link of y pulled inside the support: where to start when no coefficients are known.
  /// `prior_weight` (number of trials for binomial rows) may be null, which means 1.
  virtual void initial_eta(const double* y, const double* prior_weight, Index n, double* eta) const = 0;

  /// Binomial, Poisson, negative binomial: phi = 1.
  virtual bool scale_known() const = 0;

  /// The link is the canonical one: observed and expected weights agree.
  virtual bool canonical() const = 0;

  /// The deviance is (y - eta)^2: quadratic, so that the data are needed only once.
  virtual bool gaussian_identity() const = 0;

  /// The saturated log-likelihood. Weights may be null, which means 1. Families with a known scale ignore
  /// `phi` and have zero derivatives; a binomial row has `var_weight` trials (rounded) and proportion y.
  virtual Saturated saturated(const double* y, const double* var_weight, const double* freq_weight, Index n,
                              double phi) const = 0;

  /// The saturated density is a function of y times a function of phi.
  virtual bool scale_separable() const = 0;

  /// For example "binomial(logit)".
  virtual std::string name() const = 0;
};

}  // namespace contextstats
