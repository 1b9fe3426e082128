#pragma once

#include "contextstats/smoothing/profile_scan.hpp"

namespace contextstats {

/// The deviance as a quadratic function of the coefficients, exact to second order where a pass over the data
/// was made. Refers to `fit`, which has a factor at `rho`, and to `score` and the penalties.
class LocalModel {
 public:
  LocalModel(const PenalizedFit& fit, const VectorXd& rho, const VectorXd& score, const MatrixXd& penalties,
             const std::vector<bool>& identified)
      : fit_(fit),
        rho_(rho),
        score_(score),
        target_(fit.gram * fit.theta + score),
        penalties_(penalties),
        identified_(identified) {}

  /// Its minimum with the penalty of rho.
  PenalizedFit operator()(const VectorXd& rho) const {
    const VectorXd s = total_penalty(penalties_, rho);
    PenalizedFit out;
    out.factor = rho == rho_ ? fit_.factor
                             : std::make_shared<const ScaledCholesky>(with_penalty(fit_.gram, s),
                                                                      kRankTolerance, identified_);
    out.theta = out.factor->solve(target_);
    const VectorXd d = out.theta - fit_.theta;
    out.deviance = fit_.deviance - 2.0 * score_.dot(d) + d.dot(fit_.gram * d);
    out.penalty = s.dot(out.theta.cwiseAbs2());
    out.gram = fit_.gram;
    out.termination = Termination::gradient_small;
    return out;
  }

  const VectorXd& theta() const { return fit_.theta; }

  /// rho with every entry at the lowest point of its own profile that is worth going to.
  VectorXd lowest(const VectorXd& rho, const VectorXd& center, double phi) const {
    return ProfileScan(fit_.gram, target_, penalties_, identified_).lowest(rho, center, phi);
  }

 private:
  const PenalizedFit& fit_;
  VectorXd rho_;
  const VectorXd& score_;
  VectorXd target_;
  const MatrixXd& penalties_;
  const std::vector<bool>& identified_;
};

}  // namespace contextstats
