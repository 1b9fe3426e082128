#pragma once

#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <limits>

#include "contextstats/types.hpp"

namespace contextstats {

/// A smooth function h of a non-negative matrix M that is zero where the graph with an edge i -> j for every
/// M(i, j) > 0 has no cycle, and positive where it has one.
class Acyclicity {
 public:
  virtual ~Acyclicity() = default;
  /// h(M) and its gradient in the entries of M; +infinity (gradient not set) outside the domain.
  virtual double evaluate(const MatrixXd& m, MatrixXd& gradient) const = 0;
};

/// exp(M) - I of a non-negative matrix, without cancellation.
///
/// Taylor's series of M / 2^s, then s times (I + E)^2 - I = 2E + E^2; every term is non-negative.
inline MatrixXd exponential_minus_identity(const MatrixXd& m) {
  const double norm = m.cwiseAbs().colwise().sum().maxCoeff();
  const int halvings = norm > 0.5 ? static_cast<int>(std::ceil(std::log2(norm))) + 1 : 0;
  const MatrixXd scaled = std::ldexp(1.0, -halvings) * m;
  constexpr int degree = 14;  // 0.5^15 / 15! < 3e-17
  const MatrixXd identity = MatrixXd::Identity(m.rows(), m.cols());
  MatrixXd e = MatrixXd::Zero(m.rows(), m.cols());
  for (int k = degree; k >= 1; --k) e = (scaled * (identity + e) / k).eval();
  for (int k = 0; k < halvings; ++k) e = (2.0 * e + e * e).eval();
  return e;
}

/// h(M) = tr exp(M) - p: the number of closed walks, those of length k weighted by 1 / k!.
/// Source: Zheng, Aragam, Ravikumar and Xing (2018), DAGs with NO TEARS, NeurIPS 31.
class ExponentialAcyclicity final : public Acyclicity {
 public:
  double evaluate(const MatrixXd& m, MatrixXd& gradient) const override {
    if (!m.allFinite() || m.cwiseAbs().colwise().sum().maxCoeff() > 300.0)
      return std::numeric_limits<double>::infinity();
    const MatrixXd e = exponential_minus_identity(m);
    gradient = e.transpose();
    gradient.diagonal().array() += 1.0;
    return e.trace();
  }
};

/// h(M) = -log det(I - M): closed walks of length k weighted by 1 / k, finite where the spectral radius of M
/// is below one.
///
/// I - M has non-positive entries off the diagonal, so the radius is below one exactly if Gaussian
/// elimination without exchange of rows meets positive pivots only (it then is an M-matrix, and elimination
/// is stable). Source: Bello, Aragam and Ravikumar (2022), DAGMA, NeurIPS 35; Berman and Plemmons (1994),
/// chapter 6.
class LogDeterminantAcyclicity final : public Acyclicity {
 public:
  double evaluate(const MatrixXd& m, MatrixXd& gradient) const override {
    const Index p = m.rows();
    MatrixXd lu = MatrixXd::Identity(p, p) - m;
    double h = 0.0;
    for (Index k = 0; k < p; ++k) {
      if (!(lu(k, k) > 0.0) || !std::isfinite(lu(k, k))) return std::numeric_limits<double>::infinity();
      h -= std::log(lu(k, k));
      const Index rest = p - k - 1;
      lu.col(k).tail(rest) /= lu(k, k);
      lu.bottomRightCorner(rest, rest).noalias() -= lu.col(k).tail(rest) * lu.row(k).tail(rest);
    }
    gradient = MatrixXd::Identity(p, p);
    lu.triangularView<Eigen::UnitLower>().solveInPlace(gradient);
    lu.triangularView<Eigen::Upper>().solveInPlace(gradient);
    gradient.transposeInPlace();
    return std::max(h, 0.0);
  }
};

}  // namespace contextstats
