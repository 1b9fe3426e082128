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
  VectorXd slope;         ///< d tr(M Z'WZ) / dtheta; empty if no M was given

  bool finite() const { return std::isfinite(deviance); }
};

namespace detail {

struct PassSums {
  double deviance = 0.0;
  VectorXd score;
  VectorXd slope;
  MatrixXd gram;

  PassSums& operator+=(const PassSums& other) {
    deviance += other.deviance;
    score += other.score;
    slope += other.slope;
    gram += other.gram;
    return *this;
  }
};

}  // namespace detail

/// A generalized linear model on a design: everything an optimizer asks of the data.
struct Model {
  Model(const DesignRows& rows_, const DataView& data_, const Loss& loss_, const Execution& execution_)
      : rows(rows_), design(rows_.design), data(data_), loss(loss_), execution(execution_) {}

  const DesignRows& rows;
  const KhatriRaoDesign& design;
  const DataView& data;
  const Loss& loss;
  Execution execution;

  /// eta of a block: offset plus Z theta.
  void block_eta(RowBlock& block, const VectorXd& raw, VectorXd& eta) const {
    eta.resize(block.count());
    block.linear_predictor(raw, eta.data());
    eta += data.offset.segment(block.first(), block.count());
  }

  /// eta of every row.
  VectorXd eta(const VectorXd& theta) const {
    const VectorXd raw = design.raw_coefficients(theta);
    VectorXd out(data.n_rows());
    for_each_chunk(RowChunks(rows.grouped.n_blocks(), 1), execution, [&](Index first, Index last) {
      rows.for_each_block(first, last, [&](RowBlock& block) {
        block.linear_predictor(raw, out.data() + block.first());
        out.segment(block.first(), block.count()) += data.offset.segment(block.first(), block.count());
      });
    });
    return out;
  }

  /// With a symmetric `m`, also how tr(m Z'WZ) moves with theta, W the observed weights. Fills `all_eta`, the
  /// linear predictor of every row, if it is given.
  WorkingPass evaluate(const VectorXd& theta, Curvature curvature, const MatrixXd& m = MatrixXd(),
                       VectorXd* all_eta = nullptr) const {
    const VectorXd raw = design.raw_coefficients(theta);
    if (all_eta != nullptr) all_eta->resize(data.n_rows());
    const auto make_eta = [&](RowBlock& block, VectorXd& eta) {
      block_eta(block, raw, eta);
      if (all_eta != nullptr) all_eta->segment(block.first(), block.count()) = eta;
    };
    return pass(curvature, make_eta, Target::none, m);
  }

  /// The first pass of a fit: eta comes from the response (McCullagh and Nelder 1989, section 2.5). Its
  /// working response is carried by `score`, which becomes Z'W(s / W + eta - offset): solve for theta, not
  /// for a step.
  WorkingPass evaluate_at_response() const {
    return pass(
        Curvature::expected,
        [&](const RowBlock& block, VectorXd& eta) {
          eta.resize(block.count());
          loss.initial_eta(data.y.data() + block.first(), data.var_weight.data() + block.first(),
                           block.count(), eta.data());
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
        [&](const RowBlock& block, VectorXd& eta) { eta = VectorXd::Constant(block.count(), level); },
        Target::eta);
  }

 private:
  /// What `score` carries: the score itself, or W times a target for Z theta.
  enum class Target { none, working_response, eta };

  template <class MakeEta>
  WorkingPass pass(Curvature curvature, const MakeEta& make_eta, Target target = Target::none,
                   const MatrixXd& m = MatrixXd()) const {
    detail::PassSums zero;
    zero.score = VectorXd::Zero(design.n_raw());
    zero.gram = MatrixXd::Zero(curvature == Curvature::none ? 0 : design.raw_gram_size(), 1);
    const bool want_slope = m.size() > 0;
    const VectorXd raw_m = want_slope ? design.raw_quadratic(m) : VectorXd();
    zero.slope = VectorXd::Zero(want_slope ? design.n_raw() : 0);
    const auto work = [&](Index first, Index last, detail::PassSums& sums) {
      VectorXd eta, deviance, score, weight, weight_d1, form;
      rows.for_each_block(first, last, [&](RowBlock& block) {
        const Index n = block.count();
        for (VectorXd* array : {&deviance, &score, &weight}) array->resize(n);
        make_eta(block, eta);
        LossTile out;
        out.deviance = deviance.data();
        out.score = score.data();
        if (curvature == Curvature::observed) out.weight = weight.data();
        if (curvature == Curvature::expected) out.expected = weight.data();
        if (want_slope) {
          weight_d1.resize(n), form.resize(n);
          out.weight_d1 = weight_d1.data();
        }
        loss.evaluate(data.y.data() + block.first(), eta.data(), n, out);
        const auto prior = data.weight.segment(block.first(), n);
        sums.deviance += prior.dot(deviance);
        if (target == Target::eta) score.setZero();
        if (target != Target::none) {
          score.array() += weight.array() * (eta - data.offset.segment(block.first(), n)).array();
        }
        score.array() *= prior.array();
        block.add_gradient(score.data(), sums.score);
        if (want_slope) {
          block.quadratic_form(raw_m, form.data());
          weight_d1.array() *= form.array() * prior.array();
          block.add_gradient(weight_d1.data(), sums.slope);
        }
        if (curvature == Curvature::none) return;
        weight.array() *= prior.array();
        block.add_grams(weight, sums.gram);
      });
    };
    const Index size = design.n_raw() + zero.slope.size() + zero.gram.size();
    const detail::PassSums sums = sum_over_blocks(rows.grouped.n_blocks(), size, execution, zero, work);
    WorkingPass result;
    result.deviance = sums.deviance;
    result.score = design.natural_gradient(sums.score);
    if (curvature != Curvature::none) result.gram = design.natural_gram(sums.gram);
    if (want_slope) result.slope = design.natural_gradient(sums.slope);
    return result;
  }
};

}  // namespace contextstats
