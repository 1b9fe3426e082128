#pragma once

#include <vector>

#include "contextstats/objective/row_sample.hpp"

namespace contextstats {

// How the weights W of the information Z'WZ change with the coefficients, and through them with the smoothing
// parameters: b_k = dtheta / d log(lambda_k), eta_k = Z b_k, and h_i = z_i' M z_i for a symmetric M.

namespace detail {

/// Numbers of the rows of a block; a column of `directions` for each b_k.
struct ThirdOrderArrays {
  VectorXd eta, d1, d2, h;
  MatrixXd directions;
};

}  // namespace detail

/// q = Z'(w' h), so that tr(M dZ'WZ / drho_k) = q'b_k.
inline VectorXd weight_slope(const StandIn& some, const VectorXd& theta, const MatrixXd& m) {
  const Model& model = some.model;
  const DataView& data = model.data;
  const VectorXd raw_theta = model.design.raw_coefficients(theta);
  const VectorXd raw_m = model.design.raw_quadratic(m);
  const VectorXd zero = VectorXd::Zero(model.design.n_raw());
  const auto visit = [&](RowBlock& block, detail::ThirdOrderArrays& a, VectorXd& slope) {
    const Index n = block.count();
    a.h.resize(n), a.d1.resize(n);
    model.block_eta(block, raw_theta, a.eta);
    LossTile out;
    out.weight_d1 = a.d1.data();
    model.loss.evaluate(data.y.data() + block.first(), a.eta.data(), n, out);
    block.quadratic_form(raw_m, a.h.data());
    a.d1.array() *= a.h.array() * data.weight.segment(block.first(), n).array();
    block.add_gradient(a.d1.data(), slope);
  };
  const VectorXd raw =
      model.rows.sum_over_blocks<detail::ThirdOrderArrays>(zero.size(), model.execution, zero, visit);
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
  const auto visit = [&](RowBlock& block, detail::ThirdOrderArrays& a, detail::WeightCurvatureSums& sums) {
    const Index n = block.count();
    for (VectorXd* array : {&a.d1, &a.d2, &a.h}) array->resize(n);
    a.directions.resize(n, K);
    model.block_eta(block, raw_theta, a.eta);
    LossTile out;
    out.weight_d1 = a.d1.data();
    if (want_curvature) out.weight_d2 = a.d2.data();
    model.loss.evaluate(data.y.data() + block.first(), a.eta.data(), n, out);
    for (Index k = 0; k < K; ++k) {
      block.linear_predictor(raw_b[static_cast<std::size_t>(k)], a.directions.col(k).data());
    }
    const auto prior = data.weight.segment(block.first(), n).array();
    if (want_curvature) {
      block.quadratic_form(raw_m, a.h.data());
      a.d2.array() *= a.h.array() * prior;
      sums.curvature.noalias() += a.directions.transpose() * (a.d2.asDiagonal() * a.directions);
    }
    a.directions.array().colwise() *= a.d1.array() * prior;
    block.add_grams(a.directions, sums.gram);
  };
  const Index size = zero.gram.size() + zero.curvature.size();
  const auto sums = model.rows.sum_over_blocks<detail::ThirdOrderArrays>(size, model.execution, zero, visit);
  WeightCurvature out;
  for (Index k = 0; k < K; ++k) out.gram.push_back(model.design.natural_gram(sums.gram.col(k)) / some.share);
  out.curvature = sums.curvature / some.share;
  return out;
}

}  // namespace contextstats
