#pragma once

#include <cmath>
#include <vector>

#include "contextstats/smoothing/criterion.hpp"
#include "contextstats/smoothing/third_order.hpp"

namespace contextstats {

/// Generalized cross validation, n D / (n - edf)^2, where the scale is estimated; where it is known (phi = 1)
/// the unbiased risk estimate D / n + 2 edf / n - 1. edf = tr((Z'WZ + S)^-1 Z'WZ). Sources: Craven and Wahba
/// (1979), Numerische Mathematik 31; Wood (2008), JRSS B 70.
class GeneralizedCrossValidation final : public Criterion {
 public:
  GeneralizedCrossValidation(const Model& model, const MatrixXd& penalties, std::vector<bool> identified)
      : model_(model), penalties_(penalties), identified_(std::move(identified)) {}

  CriterionValue evaluate(const PenalizedFit& fit, const VectorXd& rho, Derivatives wanted) const override {
    if (model_.execution.hooks != nullptr) model_.execution.hooks->check();
    const VectorXd s = total_penalty(penalties_, rho);
    const ScaledCholesky factor(with_penalty(fit.gram, s), kRankTolerance, identified_);
    const MatrixXd inverse = factor.inverse();
    const double n = model_.data.freq_weight.sum();
    const double edf = inverse.cwiseProduct(fit.gram).sum();
    const double left = n - edf;
    CriterionValue out;
    const bool known = model_.loss.scale_known();
    out.scale = known ? 1.0 : fit.deviance / left;
    out.value = known ? fit.deviance / n + 2.0 * edf / n - 1.0 : n * fit.deviance / (left * left);
    if (wanted == Derivatives::none) return out;

    const MatrixXd ld = rho.array().exp().matrix().asDiagonal() * penalties_;
    out.dtheta = -factor.solve(ld.transpose().array().colwise() * fit.theta.array());
    const VectorXd d_deviance = -2.0 * out.dtheta.transpose() * s.cwiseProduct(fit.theta);
    const VectorXd d_edf = edf_derivative(fit, inverse, ld, out.dtheta);
    out.gradient = known ? VectorXd(d_deviance / n + 2.0 / n * d_edf)
                         : VectorXd(n / (left * left) * d_deviance +
                                    2.0 * n * fit.deviance / (left * left * left) * d_edf);
    return out;
  }

 private:
  VectorXd edf_derivative(const PenalizedFit& fit, const MatrixXd& inverse, const MatrixXd& ld,
                          const MatrixXd& dtheta) const {
    const MatrixXd smoother = inverse * fit.gram * inverse;  // H^-1 G H^-1
    VectorXd derivative = -ld * smoother.diagonal();
    if (!model_.loss.gaussian_identity()) {
      const std::vector<MatrixXd> dgram = weight_curvature({model_}, fit.theta, dtheta).gram;
      for (Index k = 0; k < derivative.size(); ++k) {
        derivative[k] += (inverse - smoother).cwiseProduct(dgram[static_cast<std::size_t>(k)]).sum();
      }
    }
    return derivative;
  }

  const Model& model_;
  const MatrixXd& penalties_;
  std::vector<bool> identified_;
};

}  // namespace contextstats
