#pragma once

#include <Eigen/Eigenvalues>
#include <cmath>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "contextstats/encoder/bspline_basis.hpp"
#include "contextstats/encoder/dense_basis.hpp"
#include "contextstats/fit/fit.hpp"
#include "contextstats/loss/make_loss.hpp"

namespace contextstats {

/// y ~ 1 + x with an intercept and a slope that vary smoothly with one context each: four smoothing
/// parameters, one of them shared by no other block, and positive responses so that every family can be used.
struct SmoothProblem {
  SmoothProblem() : x(n, 2), contexts(n, 2), y(n), zero(VectorXd::Zero(n)), one(VectorXd::Ones(n)) {
    std::mt19937 random(11);
    std::normal_distribution<double> normal;
    std::uniform_real_distribution<double> uniform;
    weight = VectorXd(n);
    eta = VectorXd(n);
    for (Index i = 0; i < n; ++i) {
      contexts.row(i) << uniform(random), uniform(random);
      x.row(i) << 1.0, normal(random);
      eta[i] = std::sin(6.0 * contexts(i, 0)) / 2.0 + x(i, 1) * (contexts(i, 1) - 0.3);
      weight[i] = 0.5 + uniform(random);
      noise.push_back(normal(random));
      chance.push_back(uniform(random));
    }
    const MatrixXd difference = second_differences(m);
    const MatrixXd s = difference.transpose() * difference;
    Eigen::SelfAdjointEigenSolver<MatrixXd> eigen(s);
    MatrixXd rotation =
        eigen.eigenvectors().rightCols(m - 1);  // drops one direction: identifiable enough for a test
    VectorXd diagonal = eigen.eigenvalues().tail(m - 1);
    diagonal[0] = 0.0;
    const VectorXd knots = VectorXd::LinSpaced(m + 4, -3.0 / (m - 3), 1.0 + 3.0 / (m - 3));
    std::vector<std::shared_ptr<const ContextBasis>> bases{
        std::make_shared<DenseBasis>(true, std::vector<Index>{}, VectorXd(), VectorXd()),
        std::make_shared<BSplineBasis>(0, knots, 3, false),
        std::make_shared<BSplineBasis>(1, knots, 3, false)};
    std::vector<Block> blocks{{0, 0, MatrixXd::Ones(1, 1), 0},
                              {0, 1, rotation, 0},
                              {0, 2, rotation, 0},
                              {1, 0, MatrixXd::Ones(1, 1), 0},
                              {1, 2, rotation, 0}};
    design = std::make_unique<KhatriRaoDesign>(bases, blocks, 2);
    penalties = MatrixXd::Zero(3, design->n_coefficients());
    Index row = 0;
    for (const Block& block : design->blocks()) {
      if (block.transform.cols() > 1) penalties.row(row++).segment(block.start, m - 1) = diagonal.transpose();
    }
  }

  static MatrixXd second_differences(Index m) {
    MatrixXd d = MatrixXd::Zero(m - 2, m);
    for (Index i = 0; i < m - 2; ++i) d.row(i).segment(i, 3) << 1.0, -2.0, 1.0;
    return d;
  }

  void draw(const std::string& family) {
    for (Index i = 0; i < n; ++i) {
      const std::size_t k = static_cast<std::size_t>(i);
      const double mean = std::exp(0.3 * eta[i]);
      if (family == "gaussian") y[i] = eta[i] + noise[k];
      if (family == "binomial") y[i] = chance[k] < 1.0 / (1.0 + std::exp(-eta[i])) ? 1.0 : 0.0;
      if (family == "gamma" || family == "inverse_gaussian") y[i] = mean * std::exp(0.4 * noise[k]);
      if (family == "poisson" || family == "negative_binomial")
        y[i] = std::floor(3.0 * mean * (0.5 + chance[k]));
      if (family == "tweedie") y[i] = chance[k] < 0.3 ? 0.0 : mean * std::exp(0.5 * noise[k]);
    }
  }

  static constexpr Index n = 400;
  static constexpr Index m = 8;
  MatrixXd x, contexts, penalties;
  VectorXd y, zero, one, weight, eta;
  std::vector<double> noise, chance;
  std::unique_ptr<KhatriRaoDesign> design;
};

}  // namespace contextstats
