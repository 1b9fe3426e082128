#pragma once

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <vector>

#include "contextstats/types.hpp"

namespace contextstats {

/// What depends on one smoothing parameter lambda, all others fixed, in directions that diagonalise its
/// penalty and what is known of its coordinates: the posterior precision in direction i is kappa_i + lambda.
///
/// The posterior of lambda is its restricted likelihood, the deviance taken as quadratic around the estimate,
/// times a prior with density sigma^(2a - 1) in the standard deviation sigma = lambda^-1/2.
class SmoothingPath {
 public:
  /// `information`: kappa, in units of the penalty; `coordinates`: the estimate in these directions.
  /// `penalty` and `prior`: diagonals of the penalty, and of all penalties together, in natural coordinates.
  SmoothingPath(double lambda, const Eigen::ArrayXd& information, Eigen::ArrayXd coordinates,
                Eigen::ArrayXd penalty, Eigen::ArrayXd prior, double scale, double prior_exponent)
      : lambda_(lambda),
        kappa_(information.max(1e-10 * std::max(information.maxCoeff(), lambda))),
        coordinates_(std::move(coordinates)),
        penalty_(std::move(penalty)),
        prior_(std::move(prior)),
        scale_(scale),
        exponent_(prior_exponent) {}

  /// E{phi A^-1 + (shift)(shift)'} - phi A^-1 at the estimate, between the images of the directions.
  MatrixXd mean_squared_deviation() const {
    const Eigen::ArrayXd rho = grid();
    const Index n = rho.size(), r = kappa_.size();
    MatrixXd step(r, n);
    Eigen::ArrayXd logarithm(n);  // of the posterior density of rho
    const Eigen::ArrayXd there = kappa_ + lambda_;
    for (Index i = 0; i < n; ++i) {
      const double other = std::exp(rho[i]), change = other - lambda_;
      const Eigen::ArrayXd own = change * there / (kappa_ + other);
      const double determinant =
          ((kappa_ + other) / there).log().sum() - (change * penalty_ / prior_)
                                                       .max(-1.0 + 1e-300)
                                                       .unaryExpr([](double x) { return std::log1p(x); })
                                                       .sum();
      const double score = (own * coordinates_.square()).sum() / scale_ + determinant;
      logarithm[i] = -0.5 * score - exponent_ * rho[i];
      step.col(i) = own;
    }
    const VectorXd weight = posterior(logarithm, rho);
    const MatrixXd shift = coordinates_.matrix().asDiagonal() * step;
    MatrixXd out = shift * weight.asDiagonal() * shift.transpose();
    out.diagonal() -= scale_ * (step * weight);
    return out;
  }

 private:
  /// Values of log lambda, denser than the posterior is wide, some way beyond the range of the information.
  Eigen::ArrayXd grid() const {
    constexpr double below = 8.0, above = 10.0;
    const double low = std::log(kappa_.minCoeff()) - below, high = std::log(kappa_.maxCoeff()) + above;
    const double width = std::min(0.4, std::sqrt(2.0 / static_cast<double>(kappa_.size())) / 3.0);
    return Eigen::ArrayXd::LinSpaced(static_cast<Index>((high - low) / width) + 2, low, high);
  }

  /// Probabilities of the values.
  ///
  /// The outermost stand for all beyond them, where nothing changes any more. The roughest, of total
  /// probability 0.025, are taken for the first one that is not among them: with few coefficients the
  /// posterior of sigma has tails so heavy that a mean over them says nothing about a 95% band.
  VectorXd posterior(const Eigen::ArrayXd& logarithm, const Eigen::ArrayXd& rho) const {
    constexpr double tail = 0.025;
    VectorXd weight = (logarithm - logarithm.maxCoeff()).exp();
    const Index n = weight.size();
    const double spacing = rho[1] - rho[0];
    weight[n - 1] *= 1.0 + 1.0 / (exponent_ * spacing);
    const double alone = static_cast<double>((prior_ <= lambda_ * penalty_ * (1.0 + 1e-9)).count());
    if (alone / 2.0 > exponent_) weight[0] *= 1.0 + 1.0 / ((alone / 2.0 - exponent_) * spacing);
    weight /= weight.sum();
    Index first = 0;
    double below = 0.0;
    while (first < n - 1 && below + weight[first] < tail) below += weight[first++];
    weight.head(first).setZero();
    weight[first] += below;
    return weight;
  }

  double lambda_;
  Eigen::ArrayXd kappa_, coordinates_, penalty_, prior_;
  double scale_, exponent_;
};

/// R with R R' the sum over the smoothing parameters of what not knowing one of them adds to the covariance
/// of the coefficients: the positive part of the mean squared deviation from the estimate, less the
/// covariance given lambda. `inverse` is (G + S)^-1, `estimate` its product with the working response; row k
/// of `penalties` the diagonal D_k.
inline MatrixXd integrated_root(const MatrixXd& inverse, const VectorXd& estimate, const MatrixXd& penalties,
                                const VectorXd& lambdas, double scale, double prior_exponent) {
  const VectorXd prior = penalties.transpose() * lambdas;
  MatrixXd out(inverse.rows(), (penalties.array() > 0.0).count());
  Index filled = 0;
  for (Index k = 0; k < penalties.rows(); ++k) {
    std::vector<Index> at;
    for (Index j = 0; j < penalties.cols(); ++j) {
      if (penalties(k, j) > 0.0) at.push_back(j);
    }
    const Index r = static_cast<Index>(at.size());
    if (r == 0) continue;
    const VectorXd penalty = penalties.row(k)(at).transpose();
    const VectorXd root = penalty.cwiseSqrt();
    const Eigen::SelfAdjointEigenSolver<MatrixXd> eigen(root.asDiagonal() * inverse(at, at) *
                                                        root.asDiagonal());
    const MatrixXd directions = root.asDiagonal() * eigen.eigenvectors();
    const SmoothingPath path(lambdas[k], eigen.eigenvalues().cwiseInverse().array() - lambdas[k],
                             directions.transpose() * estimate(at), penalty, prior(at), scale,
                             prior_exponent);
    const Eigen::SelfAdjointEigenSolver<MatrixXd> more(path.mean_squared_deviation());
    const VectorXd lengths = more.eigenvalues().cwiseMax(0.0).cwiseSqrt();
    const MatrixXd own = directions * (more.eigenvectors() * lengths.asDiagonal());
    out.middleCols(filled, r).noalias() = inverse(Eigen::all, at) * own;
    filled += r;
  }
  return out;
}

}  // namespace contextstats
