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

/// One number for each row of a block.
struct PassArrays {
  VectorXd eta, deviance, score, weight, weight_d1, form;
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
    rows.for_each_block<NoArrays>(execution, [&](RowBlock& block, NoArrays) {
      block.linear_predictor(raw, out.data() + block.first());
      out.segment(block.first(), block.count()) += data.offset.segment(block.first(), block.count());
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
    const auto visit = [&](RowBlock& block, detail::PassArrays& a, detail::PassSums& sums) {
      const Index n = block.count();
      for (VectorXd* array : {&a.deviance, &a.score, &a.weight}) array->resize(n);
      make_eta(block, a.eta);
      LossTile out;
      out.deviance = a.deviance.data();
      out.score = a.score.data();
      if (curvature == Curvature::observed) out.weight = a.weight.data();
      if (curvature == Curvature::expected) out.expected = a.weight.data();
      if (want_slope) {
        a.weight_d1.resize(n), a.form.resize(n);
        out.weight_d1 = a.weight_d1.data();
      }
      loss.evaluate(data.y.data() + block.first(), a.eta.data(), n, out);
      const auto prior = data.weight.segment(block.first(), n);
      sums.deviance += prior.dot(a.deviance);
      if (target == Target::eta) a.score.setZero();
      if (target != Target::none) {
        a.score.array() += a.weight.array() * (a.eta - data.offset.segment(block.first(), n)).array();
      }
      a.score.array() *= prior.array();
      block.add_gradient(a.score.data(), sums.score);
      if (want_slope) {
        block.quadratic_form(raw_m, a.form.data());
        a.weight_d1.array() *= a.form.array() * prior.array();
        block.add_gradient(a.weight_d1.data(), sums.slope);
      }
      if (curvature == Curvature::none) return;
      a.weight.array() *= prior.array();
      block.add_grams(a.weight, sums.gram);
    };
    const Index size = design.n_raw() + zero.slope.size() + zero.gram.size();
    const auto sums = rows.sum_over_blocks<detail::PassArrays>(size, execution, zero, visit);
    WorkingPass result;
    result.deviance = sums.deviance;
    result.score = design.natural_gradient(sums.score);
    if (curvature != Curvature::none) result.gram = design.natural_gram(sums.gram);
    if (want_slope) result.slope = design.natural_gradient(sums.slope);
    return result;
  }
};

}  // namespace contextstats
