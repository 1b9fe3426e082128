#pragma once

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "contextstats/types.hpp"

namespace contextstats {

// Variance-component score tests: u' K u for the score u of coefficients that are zero under the null
// hypothesis, K a diagonal kernel, V the covariance of u. What each quantity is, and where it comes from, is
// said at the functions of the same names in python/contextstats/inference.

/// A covariance with the directions set to zero whose variance is below 1e-9 of `size` squared, what it was
/// before a projection.
inline MatrixXd without_rounding(const MatrixXd& information, VectorXd size) {
  size = (size.array() > 0.0).select(size, 1.0);
  const VectorXd inverse = size.cwiseInverse();
  const MatrixXd scaled = inverse.asDiagonal() * information * inverse.asDiagonal();
  MatrixXd shifted = scaled;
  shifted.diagonal().array() -= 2e-9;
  if (Eigen::LLT<MatrixXd>(shifted).info() == Eigen::Success) return information;  // the usual case
  const Eigen::SelfAdjointEigenSolver<MatrixXd> eigen(scaled);
  const Eigen::ArrayXd values = eigen.eigenvalues();
  MatrixXd root = eigen.eigenvectors() * (values > 1e-9).select(values, 0.0).sqrt().matrix().asDiagonal();
  for (Index i = 0; i < root.rows(); ++i) {
    if (root.row(i).squaredNorm() < 1e-9) root.row(i).setZero();
  }
  return size.asDiagonal() * (root * root.transpose()) * size.asDiagonal();
}

struct NullScore {
  VectorXd score;
  MatrixXd information;
};

/// Score of some coefficients at the fit without them, and its covariance, from blocks of the full fit:
/// V11^-1 theta and V11^-1 (V G)11. None where V11 is singular.
inline std::optional<NullScore> null_score(const VectorXd& theta, const MatrixXd& inverse,
                                           const MatrixXd& influence, const VectorXd& gram_diagonal) {
  const Index m = theta.size();
  if (!inverse.allFinite() || !(inverse.diagonal().array() > 0.0).all()) return std::nullopt;
  const VectorXd scale = inverse.diagonal().cwiseSqrt().cwiseInverse();
  const Eigen::LLT<MatrixXd> factor(scale.asDiagonal() * inverse * scale.asDiagonal());
  if (factor.info() != Eigen::Success) return std::nullopt;
  MatrixXd both(m, m + 1);
  both << influence, theta;
  both = scale.asDiagonal() * factor.solve(scale.asDiagonal() * both);
  const MatrixXd information = 0.5 * (both.leftCols(m) + both.leftCols(m).transpose());
  return NullScore{both.col(m), without_rounding(information, gram_diagonal.cwiseMax(0.0).cwiseSqrt())};
}

/// Diagonal of the kernel that favours smooth alternatives: 1 / d for a coordinate with penalty d; those
/// without one are expected to contribute as much as the largest of the others. Each group is expected to
/// contribute one.
inline VectorXd kernel_weights(const VectorXd& penalty, const MatrixXd& information,
                               const std::vector<std::vector<Index>>& groups) {
  const VectorXd variance = information.diagonal().cwiseMax(0.0);
  VectorXd kernel = VectorXd::Zero(penalty.size());
  for (const std::vector<Index>& inside : groups) {
    double tolerance = 0.0, largest = 0.0, spread = 0.0, expected = 0.0;
    for (const Index j : inside) tolerance = std::max(tolerance, 1e-10 * penalty[j]);
    Index n_free = 0;
    for (const Index j : inside) {
      if (penalty[j] > tolerance) {
        kernel[j] = 1.0 / penalty[j];
        largest = std::max(largest, kernel[j] * variance[j]);
      } else {
        spread += variance[j], ++n_free;
      }
    }
    const double of_free =
        largest > 0.0 && spread > 0.0 ? largest * static_cast<double>(n_free) / spread : 1.0;
    for (const Index j : inside) {
      if (!(penalty[j] > tolerance)) kernel[j] = of_free;
      expected += kernel[j] * variance[j];
    }
    for (const Index j : inside) kernel[j] = expected > 0.0 ? kernel[j] / expected : 0.0;
  }
  return kernel;
}

namespace detail {

inline double effective_df(const Eigen::ArrayXd& weights) {
  const double sum = weights.sum();
  return sum * sum / weights.square().sum();
}

/// One of the tested terms in coordinates in which its kernel is the identity and its information diagonal.
struct TestedTerm {
  TestedTerm(const MatrixXd& information, const VectorXd& kernel, const std::vector<Index>& at)
      : positions(at) {
    const VectorXd root = kernel(at).cwiseSqrt();
    const Eigen::SelfAdjointEigenSolver<MatrixXd> eigen(root.asDiagonal() * information(at, at) *
                                                        root.asDiagonal());
    const VectorXd& values = eigen.eigenvalues();
    const double least = 1e-10 * std::max(values[values.size() - 1], 0.0);
    Index r = 0;  // of all directions, those that the null model leaves something of
    while (r < values.size() && values[values.size() - 1 - r] > least) ++r;
    kappa = values.tail(r);
    directions = root.asDiagonal() * eigen.eigenvectors().rightCols(r);
  }

  /// Diagonal of the kernel (D + tau V)^-1 with so many effective degrees of freedom, that of the penalty
  /// (tau = 0) where it has as many, for an expected contribution of one.
  Eigen::ArrayXd weights(double df) const {
    const double tau = df <= effective_df(kappa) ? 0.0 : std::exp(log_tau(df));
    const Eigen::ArrayXd out = 1.0 / (1.0 + tau * kappa);
    return out / (out * kappa).sum();
  }

  std::vector<Index> positions;
  MatrixXd directions;   ///< columns K^1/2 U, U the eigenvectors of K^1/2 V K^1/2
  Eigen::ArrayXd kappa;  ///< its eigenvalues

 private:
  /// By interpolation between 40 values.
  double log_tau(double df) const {
    constexpr Index n = 40;
    const Eigen::ArrayXd at =
        Eigen::ArrayXd::LinSpaced(n, -std::log(kappa.maxCoeff()) - 5.0, -std::log(kappa.minCoeff()) + 5.0);
    double below = 0.0;
    for (Index i = 0; i < n; ++i) {
      const double found = effective_df(kappa / (1.0 + std::exp(at[i]) * kappa));
      if (found > df)
        return i == 0 ? at[0] : at[i - 1] + (at[i] - at[i - 1]) * (df - below) / (found - below);
      below = found;
    }
    return at[n - 1];
  }
};

/// 0 for the kernel of the penalty, then 4, 8, 16, ... as far as a term has so many, without those that the
/// kernel of the penalty has in all terms.
inline std::vector<double> kernel_degrees(const std::vector<TestedTerm>& terms) {
  double largest = 0.0, least = std::numeric_limits<double>::infinity();
  for (const TestedTerm& term : terms) {
    largest = std::max(largest, static_cast<double>(term.kappa.size()));
    least = std::min(least, effective_df(term.kappa));
  }
  std::vector<double> degrees{0.0};
  for (double df = 4.0; df <= largest; df *= 2.0) {
    if (df > least) degrees.push_back(df);
  }
  return degrees;
}

}  // namespace detail

/// A statistic u'K u / phi, distributed as the sum of independent chi-squares with these weights, largest
/// first.
struct KernelForm {
  double statistic = 0.0;
  VectorXd weights;
};

/// The forms of kernels of increasing roughness. Empty weights: the null model explains all that is tested.
inline std::vector<KernelForm> kernel_forms(const VectorXd& score, const MatrixXd& information,
                                            const VectorXd& kernel,
                                            const std::vector<std::vector<Index>>& groups, double scale) {
  std::vector<detail::TestedTerm> terms;
  Index size = 0;
  for (const std::vector<Index>& group : groups) {
    if (group.empty()) continue;
    terms.emplace_back(information, kernel, group);
    size += terms.back().kappa.size();
    if (terms.back().kappa.size() == 0) terms.pop_back();
  }
  MatrixXd basis = MatrixXd::Zero(score.size(), size);
  for (Index t = 0, start = 0; t < static_cast<Index>(terms.size()); ++t) {
    const detail::TestedTerm& term = terms[static_cast<std::size_t>(t)];
    basis(term.positions, Eigen::seqN(start, term.kappa.size())) = term.directions;
    start += term.kappa.size();
  }
  const MatrixXd together = terms.size() > 1 ? MatrixXd(basis.transpose() * information * basis) : MatrixXd();
  const VectorXd squares = (basis.transpose() * score).cwiseAbs2();
  std::vector<KernelForm> forms;
  for (const double df : detail::kernel_degrees(terms)) {
    VectorXd weights(size);
    Index start = 0;
    for (const detail::TestedTerm& term : terms) {
      const Index r = term.kappa.size();
      weights.segment(start, r) = term.weights(df);
      start += r;
    }
    VectorXd form;
    if (terms.size() > 1) {
      const VectorXd root = weights.cwiseSqrt();
      const MatrixXd whole = root.asDiagonal() * together * root.asDiagonal();
      form = Eigen::SelfAdjointEigenSolver<MatrixXd>(whole, Eigen::EigenvaluesOnly).eigenvalues();
    } else if (terms.size() == 1) {
      form = weights.array() * terms[0].kappa;
      std::sort(form.data(), form.data() + size);
    }
    forms.push_back({weights.dot(squares) / scale, form.reverse()});
  }
  return forms;
}

}  // namespace contextstats
