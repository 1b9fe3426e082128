#pragma once

#include "contextstats/solver/penalized_fit.hpp"

namespace contextstats {

/// A criterion for the smoothing parameters at rho = log(lambda), with what an optimizer needs of it.
struct CriterionValue {
  double value = 0.0;
  double scale = 1.0;     ///< phi: 1 if known, else the one that minimises the criterion
  VectorXd gradient;      ///< (K,) total derivative in rho
  MatrixXd hessian;       ///< (K, K) in rho, phi profiled out; empty if the criterion has none in closed form
  bool exact = false;     ///< the Hessian leaves nothing out
  MatrixXd full_hessian;  ///< (K, K), or (K + 1, K + 1) with log(phi) last where phi is estimated
  MatrixXd dtheta;        ///< (P, K) dtheta / drho
};

/// What a criterion is asked for beyond its value.
enum class Derivatives {
  none,
  working,  ///< exact gradient; Hessian as if the weights did not depend on rho
  exact     ///< exact gradient and Hessian
};

/// Diagonal penalties: row k holds d_k, S = diag(sum_k lambda_k d_k).
inline VectorXd total_penalty(const MatrixXd& penalties, const VectorXd& rho) {
  if (rho.size() == 0) return VectorXd::Zero(penalties.cols());
  return penalties.transpose() * rho.array().exp().matrix();
}

/// What the smoothing parameters minimise. `fit` is the penalised fit at `rho`.
class Criterion {
 public:
  virtual ~Criterion() = default;
  virtual CriterionValue evaluate(const PenalizedFit& fit, const VectorXd& rho, Derivatives wanted) const = 0;
};

}  // namespace contextstats
