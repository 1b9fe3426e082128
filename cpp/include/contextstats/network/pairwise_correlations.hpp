#pragma once

#include <cmath>
#include <optional>
#include <vector>

#include "contextstats/network/context_functions.hpp"
#include "contextstats/network/gram_reml.hpp"
#include "contextstats/parallel/items.hpp"

namespace contextstats {

/// atanh of the correlation of one pair of variables, as a function of context.
struct PairFit {
  VectorXd theta;
  MatrixXd covariance;
  VectorXd lambda;
  double edf = 0.0;
  double scale = 1.0;  ///< variance of the score; one for Gaussian variables
  bool converged = false;
};

/// Correlations of standardised variables, all pairs from one Gram matrix.
///
/// With u_i, v_i of mean zero and variance one, rho(c) = tanh(b(c)'theta) solves
///
///     sum_i b(c_i) e_i / (1 - rho_i^2) = S theta,   e_i = u_i v_i - rho_i (u_i^2 + v_i^2) / 2,
///
/// e being the score of the correlation made orthogonal to the scores of the two variances. On the scale of
/// Fisher's z its information is sum_i b(c_i) b(c_i)' for every pair and every rho, so that a step of Fisher
/// scoring is one solution with the same matrix. A constant correlation is the sample's.
class PairwiseCorrelations {
 public:
  PairwiseCorrelations(const ContextFunctions& functions, ConstMatrix u, ConstMatrix contexts,
                       const NetworkOptions& options, Execution execution)
      : functions_(functions),
        u_(u),
        options_(options),
        execution_(execution),
        design_(functions.design(1)),
        one_(MatrixXd::Ones(u.rows(), 1)),
        rows_(design_, one_, contexts, execution) {
    const VectorXd ones = VectorXd::Ones(u.rows());
    gram_ = gram(rows_, ones, execution_);
  }

  /// Pairs (0, 1), (0, 2), .., (1, 2), ...
  std::vector<PairFit> operator()() const {
    const Index p = u_.cols();
    std::vector<std::pair<Index, Index>> pairs;
    for (Index j = 0; j < p; ++j) {
      for (Index k = j + 1; k < p; ++k) pairs.push_back({j, k});
    }
    std::vector<PairFit> fits(pairs.size());
    for_each_item(static_cast<Index>(pairs.size()), execution_, [&](Index i) {
      const std::size_t s = static_cast<std::size_t>(i);
      fits[s] = fit_pair(u_.col(pairs[s].first), u_.col(pairs[s].second));
    });
    return fits;
  }

 private:
  static constexpr int kSearches =
      12;  // the smoothing parameters then stay: they could go back and forth for ever

  PairFit fit_pair(ConstVector u, ConstVector v) const {
    const Execution own{1, nullptr};
    const double n = static_cast<double>(u.size());
    const Eigen::ArrayXd product = u.array() * v.array();
    const Eigen::ArrayXd squares = 0.5 * (u.array().square() + v.array().square());
    PairFit fit;
    fit.theta = VectorXd::Zero(functions_.size());
    fit.theta[0] = std::atanh(std::clamp(product.sum() / squares.sum(), -0.999999, 0.999999));
    VectorXd z = VectorXd::Constant(u.size(), fit.theta[0]), rho;
    for (int iteration = 0; iteration < options_.maxiter; ++iteration) {
      const Eigen::ArrayXd r = z.array().tanh();
      const VectorXd s = ((product - r * squares) / (1.0 - r.square()).max(1e-12)).matrix();
      const VectorXd score = gradient(rows_, s, own);
      const VectorXd cross = gram_ * fit.theta + score;
      const double total = fit.theta.dot(cross + score) + s.squaredNorm();
      const GramProblem problem{gram_, cross, total, n, functions_.penalties(), std::nullopt};
      const GramReml reml(problem);
      const bool given = options_.lambda.size() > 0;
      const GramFit found = given                   ? reml.at(options_.lambda.array().log())
                            : iteration < kSearches ? reml.minimize(rho)
                                                    : reml.at(rho);
      if (!found.positive) return fit;
      rho = found.rho;
      const VectorXd way = found.theta - fit.theta;
      const VectorXd change = linear_predictor(rows_, way, own);
      const double longest = change.cwiseAbs().maxCoeff();
      const double share = longest > 0.5 ? 0.5 / longest : 1.0;
      z += share * change;
      fit.theta += share * way;
      fit.covariance = given ? MatrixXd(found.scale * found.inverse) : reml.covariance(found);
      fit.lambda = found.rho.array().exp();
      fit.edf = found.edf;
      fit.scale = found.scale;
      fit.converged = longest < 1e-2 * std::sqrt(options_.tolerance);
      if (fit.converged) break;
    }
    return fit;
  }

  const ContextFunctions& functions_;
  ConstMatrix u_;
  const NetworkOptions& options_;
  Execution execution_;
  KhatriRaoDesign design_;
  MatrixXd one_;
  DesignRows rows_;
  MatrixXd gram_;
};

}  // namespace contextstats
