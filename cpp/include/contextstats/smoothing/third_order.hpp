#pragma once

#include <vector>

#include "contextstats/objective/row_sample.hpp"

namespace contextstats {

// How the weights W of the information Z'WZ change with the coefficients, and through them with the smoothing
// parameters: b_k = dtheta / d log(lambda_k), eta_k = Z b_k, and h_i = z_i' M z_i for a symmetric M.

/// q = Z'(w' h), so that tr(M dZ'WZ / drho_k) = q'b_k.
inline VectorXd weight_slope(const StandIn& some, const VectorXd& theta, const MatrixXd& m) {
  const Model& model = some.model;
  const DataView& data = model.data;
  const VectorXd raw_theta = model.design.raw_coefficients(theta);
  const VectorXd raw_m = model.design.raw_quadratic(m);
  const VectorXd zero = VectorXd::Zero(model.design.n_raw());
  const auto work = [&](Index first, Index last, VectorXd& slope) {
    VectorXd eta, h, d1;
    model.rows.for_each_block(first, last, [&](RowBlock& block) {
      const Index n = block.count();
      h.resize(n), d1.resize(n);
      model.block_eta(block, raw_theta, eta);
      LossTile out;
      out.weight_d1 = d1.data();
      model.loss.evaluate(data.y.data() + block.first(), eta.data(), n, out);
      block.quadratic_form(raw_m, h.data());
      d1.array() *= h.array() * data.weight.segment(block.first(), n).array();
      block.add_gradient(d1.data(), slope);
    });
  };
  const VectorXd raw =
      sum_over_blocks(model.rows.grouped.n_blocks(), zero.size(), model.execution, zero, work);
  return model.design.natural_gradient(raw) / some.share;
}

/// Derivatives of the information.
struct WeightCurvature {
  std::vector<MatrixXd> gram;  ///< dZ'WZ / drho_k = Z' diag(w' eta_k) Z, one for each column b_k
  MatrixXd curvature;          ///< sum_i h_i w''_i eta_ij eta_ik; empty if no M was given
};

namespace detail {

struct WeightCurvatureSums {
  MatrixXd gram;
  MatrixXd curvature;
  WeightCurvatureSums& operator+=(const WeightCurvatureSums& other) {
    gram += other.gram;
    curvature += other.curvature;
    return *this;
  }
};

}  // namespace detail

/// All of them from one pass over the rows.
inline WeightCurvature weight_curvature(const StandIn& some, const VectorXd& theta, const MatrixXd& b,
                                        const MatrixXd& m = MatrixXd()) {
  const Model& model = some.model;
  const DataView& data = model.data;
  const Index K = b.cols();
  const bool want_curvature = m.size() > 0;
  const VectorXd raw_theta = model.design.raw_coefficients(theta);
  const VectorXd raw_m = want_curvature ? model.design.raw_quadratic(m) : VectorXd();
  std::vector<VectorXd> raw_b;
  for (Index k = 0; k < K; ++k) raw_b.push_back(model.design.raw_coefficients(b.col(k)));
  const detail::WeightCurvatureSums zero{MatrixXd::Zero(model.design.raw_gram_size(), K),
                                         MatrixXd::Zero(want_curvature ? K : 0, want_curvature ? K : 0)};
  const auto work = [&](Index first, Index last, detail::WeightCurvatureSums& sums) {
    VectorXd eta, d1, d2, h;
    MatrixXd directions;
    model.rows.for_each_block(first, last, [&](RowBlock& block) {
      const Index n = block.count();
      for (VectorXd* array : {&d1, &d2, &h}) array->resize(n);
      directions.resize(n, K);
      model.block_eta(block, raw_theta, eta);
      LossTile out;
      out.weight_d1 = d1.data();
      if (want_curvature) out.weight_d2 = d2.data();
      model.loss.evaluate(data.y.data() + block.first(), eta.data(), n, out);
      for (Index k = 0; k < K; ++k) {
        block.linear_predictor(raw_b[static_cast<std::size_t>(k)], directions.col(k).data());
      }
      const auto prior = data.weight.segment(block.first(), n).array();
      if (want_curvature) {
        block.quadratic_form(raw_m, h.data());
        d2.array() *= h.array() * prior;
        sums.curvature.noalias() += directions.transpose() * (d2.asDiagonal() * directions);
      }
      directions.array().colwise() *= d1.array() * prior;
      block.add_grams(directions, sums.gram);
    });
  };
  const Index size = zero.gram.size() + zero.curvature.size();
  const auto sums = sum_over_blocks(model.rows.grouped.n_blocks(), size, model.execution, zero, work);
  WeightCurvature out;
  for (Index k = 0; k < K; ++k) out.gram.push_back(model.design.natural_gram(sums.gram.col(k)) / some.share);
  out.curvature = sums.curvature / some.share;
  return out;
}

}  // namespace contextstats
