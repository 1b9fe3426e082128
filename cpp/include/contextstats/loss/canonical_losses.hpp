#pragma once

#include <cmath>
#include <limits>
#include <memory>

#include "contextstats/family/gamma.hpp"
#include "contextstats/family/gaussian.hpp"
#include "contextstats/family/inverse_gaussian.hpp"
#include "contextstats/link/identity.hpp"
#include "contextstats/link/inverse.hpp"
#include "contextstats/link/inverse_squared.hpp"
#include "contextstats/loss/glm_loss.hpp"

namespace contextstats {

/// Least squares: D = (y - eta)^2, s = y - eta, w = 1.
class GaussianIdentityLoss final : public FamilyLinkLoss<Gaussian> {
 public:
  GaussianIdentityLoss() : FamilyLinkLoss(Gaussian{}, std::make_unique<IdentityLink>()) {}

  bool canonical() const override { return true; }
  bool gaussian_identity() const override { return true; }

  void evaluate(const double* y, const double* eta, Index n, const LossTile& out) const override {
    write_rows(out.deviance, n, [&](Index i) { return (y[i] - eta[i]) * (y[i] - eta[i]); });
    write_rows(out.score, n, [&](Index i) { return y[i] - eta[i]; });
    write_rows(out.weight, n, [](Index) { return 1.0; });
    write_rows(out.expected, n, [](Index) { return 1.0; });
    write_rows(out.weight_d1, n, [](Index) { return 0.0; });
    write_rows(out.weight_d2, n, [](Index) { return 0.0; });
    discard_outside(eta, n, -kLargest, kLargest, out);
  }
};

/// Gamma with eta = 1 / mu > 0: D/2 = y eta - 1 - log(y eta), s = mu - y, w = mu^2, dw = -2 mu^3, d2w = 6
/// mu^4.
class GammaInverseLoss final : public FamilyLinkLoss<Gamma> {
 public:
  GammaInverseLoss() : FamilyLinkLoss(Gamma{}, std::make_unique<InverseLink>()) {}

  bool canonical() const override { return true; }

  void evaluate(const double* y, const double* eta, Index n, const LossTile& out) const override {
    const auto weight = [eta](Index i) { return 1.0 / (eta[i] * eta[i]); };
    write_rows(out.deviance, n, [&](Index i) { return 2.0 * t_minus_log1p(y[i] * eta[i] - 1.0); });
    write_rows(out.score, n, [&](Index i) { return 1.0 / eta[i] - y[i]; });
    write_rows(out.weight, n, weight);
    write_rows(out.expected, n, weight);
    write_rows(out.weight_d1, n, [&](Index i) { return -2.0 * weight(i) / eta[i]; });
    write_rows(out.weight_d2, n, [&](Index i) { return 6.0 * weight(i) * weight(i); });
    discard_outside(eta, n, std::numeric_limits<double>::min(), kLargest, out);
    discard_overflow(n, out);
  }
};

/// Inverse Gaussian with eta = 1 / mu^2 > 0: D/2 = (y sqrt(eta) - 1)^2 / (2 y), s = (mu - y) / 2, w = mu^3 /
/// 4, dw = -3 mu^5 / 8, d2w = 15 mu^7 / 16.
class InverseGaussianInverseSquaredLoss final : public FamilyLinkLoss<InverseGaussian> {
 public:
  InverseGaussianInverseSquaredLoss()
      : FamilyLinkLoss(InverseGaussian{}, std::make_unique<InverseSquaredLink>()) {}

  bool canonical() const override { return true; }

  void evaluate(const double* y, const double* eta, Index n, const LossTile& out) const override {
    const auto weight = [eta](Index i) { return 0.25 / (eta[i] * std::sqrt(eta[i])); };
    write_rows(out.deviance, n, [&](Index i) {
      const double distance = y[i] * std::sqrt(eta[i]) - 1.0;
      return distance * distance / y[i];
    });
    write_rows(out.score, n, [&](Index i) { return 0.5 * (1.0 / std::sqrt(eta[i]) - y[i]); });
    write_rows(out.weight, n, weight);
    write_rows(out.expected, n, weight);
    write_rows(out.weight_d1, n, [&](Index i) { return -1.5 * weight(i) / eta[i]; });
    write_rows(out.weight_d2, n, [&](Index i) { return 3.75 * weight(i) / (eta[i] * eta[i]); });
    discard_outside(eta, n, std::numeric_limits<double>::min(), kLargest, out);
    discard_overflow(n, out);
  }
};

}  // namespace contextstats
