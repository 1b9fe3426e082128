#pragma once

#include <utility>

#include "contextstats/smoothing/marginal_likelihood.hpp"

namespace contextstats {

/// The slope of log|H| at a pass, and the matrix M it was taken with. It is linear in M: what M has moved
/// since it was summed over all rows is summed over those that stand for them.
struct DeterminantSlope {
  /// `fit`: with the information at the pass. `m_` and `of_all_rows`: the slope that the pass has summed, or
  /// empty.
  DeterminantSlope(const MarginalLikelihood& criterion_, const PenalizedFit& fit, const VectorXd& rho,
                   MatrixXd m_, VectorXd of_all_rows)
      : criterion(criterion_), m(std::move(m_)) {
    const Index P = fit.theta.size();
    local.theta = fit.theta;
    local.slope = m.size() > 0 ? std::move(of_all_rows) : VectorXd::Zero(P);
    if (m.size() == 0) m = MatrixXd::Zero(P, P);
    move_to(fit, rho);
  }

  /// `fit`: with the same information.
  void move_to(const PenalizedFit& fit, const VectorXd& rho) {
    MatrixXd there = criterion.trace_matrix(fit, rho);
    local.slope += weight_slope(criterion.some(), local.theta, there - m);
    m = std::move(there);
  }

  const MarginalLikelihood& criterion;
  MatrixXd m;
  MarginalLikelihood::LocalWeights local;
};

}  // namespace contextstats
