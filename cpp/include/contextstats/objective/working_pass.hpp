#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "contextstats/loss/loss.hpp"
#include "contextstats/objective/data_view.hpp"
#include "contextstats/objective/design_passes.hpp"

namespace contextstats {

/// Which second derivative of the deviance weights the rows.
enum class Curvature { none, observed, expected };

/// Deviance, its gradient and its curvature at one point, from one pass over the data.
struct WorkingPass {
  double deviance = 0.0;  ///< sum_i w_i D_i; infinite where a mean leaves the support
  VectorXd score;         ///< Z'(w s) = minus the gradient of half the deviance
  MatrixXd gram;          ///< Z' W Z; empty if no curvature was asked for

  bool finite() const { return std::isfinite(deviance); }
};

namespace detail {

struct PassSums {
  double deviance = 0.0;
  VectorXd score;
  VectorXd gram;

  PassSums& operator+=(const PassSums& other) {
    deviance += other.deviance;
    score += other.score;
    gram += other.gram;
    return *this;
  }
};

}  // namespace detail

/// A generalized linear model on a design: everything an optimizer asks of the data.
struct Model {
  const KhatriRaoDesign& design;
  const DataView& data;
  const Loss& loss;
  Execution execution;

  /// eta of a tile: offset plus Z theta.
  void tile_eta(const RowTile& tile, const VectorXd& raw, Index start, Index count, double* eta) const {
    tile.linear_predictor(raw, eta);
    for (Index r = 0; r < count; ++r) eta[r] += data.offset[start + r];
  }

  WorkingPass evaluate(const VectorXd& theta, Curvature curvature) const {
    const VectorXd raw = design.raw_coefficients(theta);
    return pass(curvature, [&](const RowTile& tile, Index start, Index count, double* eta) {
      tile_eta(tile, raw, start, count, eta);
    });
  }

  /// The first pass of a fit: eta comes from the response (McCullagh and Nelder 1989, section 2.5). Its
  /// working response is carried by `score`, which becomes Z'W(s / W + eta - offset): solve for theta, not
  /// for a step.
  WorkingPass evaluate_at_response() const {
    return pass(
        Curvature::expected,
        [&](const RowTile&, Index start, Index count, double* eta) {
          loss.initial_eta(data.y.data() + start, data.var_weight.data() + start, count, eta);
        },
        Target::working_response);
  }

  /// The cross products of the least squares problem Z theta = (link of the mean response) - offset, weighted
  /// by the expected information at that mean: the level from which a start that leaves the support can be
  /// approached.
  WorkingPass evaluate_at_mean() const {
    const double mean = data.y.dot(data.weight) / data.weight.sum();
    double level = 0.0;
    loss.initial_eta(&mean, nullptr, 1, &level);
    return pass(
        Curvature::expected,
        [&](const RowTile&, Index, Index count, double* eta) { std::fill(eta, eta + count, level); },
        Target::eta);
  }

 private:
  /// What `score` carries: the score itself, or W times a target for Z theta.
  enum class Target { none, working_response, eta };

  template <class MakeEta>
  WorkingPass pass(Curvature curvature, const MakeEta& make_eta, Target target = Target::none) const {
    detail::PassSums zero;
    zero.score = VectorXd::Zero(design.n_raw());
    zero.gram = VectorXd::Zero(curvature == Curvature::none ? 0 : design.raw_gram_size());
    const auto work = [&](Index first, Index last, detail::PassSums& sums) {
      std::vector<double> eta, deviance, score, weight;
      for_each_tile(design, data.x, data.contexts, first, last, [&](RowTile& tile, Index start, Index count) {
        for (std::vector<double>* array : {&eta, &deviance, &score, &weight}) {
          array->resize(static_cast<std::size_t>(count));
        }
        make_eta(tile, start, count, eta.data());
        LossTile out;
        out.deviance = deviance.data();
        out.score = score.data();
        if (curvature == Curvature::observed) out.weight = weight.data();
        if (curvature == Curvature::expected) out.expected = weight.data();
        loss.evaluate(data.y.data() + start, eta.data(), count, out);
        for (Index r = 0; r < count; ++r) {
          const std::size_t i = static_cast<std::size_t>(r);
          const double prior = data.weight[start + r];
          sums.deviance += prior * deviance[i];
          if (target == Target::eta) score[i] = 0.0;
          if (target != Target::none) score[i] += weight[i] * (eta[i] - data.offset[start + r]);
          score[i] *= prior;
          if (curvature != Curvature::none) weight[i] *= prior;
        }
        tile.add_gradient(score.data(), sums.score);
        if (curvature != Curvature::none) tile.add_gram(weight.data(), sums.gram);
      });
    };
    const Index size = design.n_raw() + zero.gram.size();
    const detail::PassSums sums = sum_over_rows(data.n_rows(), size, execution, zero, work);
    WorkingPass result;
    result.deviance = sums.deviance;
    result.score = design.natural_gradient(sums.score);
    if (curvature != Curvature::none) result.gram = design.natural_gram(sums.gram);
    return result;
  }
};

}  // namespace contextstats
