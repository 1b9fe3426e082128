#pragma once

#include <vector>

#include "contextstats/objective/working_pass.hpp"

namespace contextstats {

/// How the weights W of the information Z'WZ change with the smoothing parameters, through the coefficients.
///
/// With b_k = dtheta / d log(lambda_k), eta_k = Z b_k and h_i = z_i' M z_i for a symmetric M (the inverse
/// information):
struct ThirdOrder {
  VectorXd slope;      ///< q = Z'(w' h): tr(M dZ'WZ/drho_k) = q'b_k
  MatrixXd curvature;  ///< sum_i h_i w''_i eta_ij eta_ik
};

namespace detail {

struct ThirdOrderSums {
  VectorXd slope;
  MatrixXd curvature;
  ThirdOrderSums& operator+=(const ThirdOrderSums& other) {
    slope += other.slope;
    curvature += other.curvature;
    return *this;
  }
};

}  // namespace detail

inline ThirdOrder third_order(const Model& model, const VectorXd& theta, const MatrixXd& m, const MatrixXd& b,
                              bool want_curvature) {
  const KhatriRaoDesign& design = model.design;
  const DataView& data = model.data;
  const VectorXd raw_theta = design.raw_coefficients(theta);
  const VectorXd raw_m = design.raw_quadratic(m);
  const Index n_directions = want_curvature ? b.cols() : 0;
  std::vector<VectorXd> raw_b;
  for (Index k = 0; k < n_directions; ++k) raw_b.push_back(design.raw_coefficients(b.col(k)));
  const detail::ThirdOrderSums zero{VectorXd::Zero(design.n_raw()),
                                    MatrixXd::Zero(n_directions, n_directions)};
  const auto work = [&](Index first, Index last, detail::ThirdOrderSums& partial) {
    VectorXd eta, h, d1, d2;
    MatrixXd directions;
    model.rows.for_each_block(first, last, [&](RowBlock& block) {
      const Index n = block.count();
      for (VectorXd* array : {&h, &d1, &d2}) array->resize(n);
      model.block_eta(block, raw_theta, eta);
      LossTile out;
      out.weight_d1 = d1.data();
      if (want_curvature) out.weight_d2 = d2.data();
      model.loss.evaluate(data.y.data() + block.first(), eta.data(), n, out);
      block.quadratic_form(raw_m, h.data());
      h.array() *= data.weight.segment(block.first(), n).array();
      d1.array() *= h.array();
      block.add_gradient(d1.data(), partial.slope);
      if (!want_curvature) return;
      directions.resize(n, n_directions);
      for (Index k = 0; k < n_directions; ++k) {
        block.linear_predictor(raw_b[static_cast<std::size_t>(k)], directions.col(k).data());
      }
      d2.array() *= h.array();
      partial.curvature.noalias() += directions.transpose() * (d2.asDiagonal() * directions);
    });
  };
  const auto sums =
      sum_over_blocks(model.rows.grouped.n_blocks(), design.n_raw() + n_directions * n_directions,
                      model.execution, zero, work);
  return {design.natural_gradient(sums.slope), sums.curvature};
}

/// dZ'WZ / drho_k = Z' diag(w' eta_k) Z, one matrix for each column b_k of `b`, from one pass over the data;
/// with `most_blocks` from no more than twice as many blocks of rows, evenly spread, which stand for all.
inline std::vector<MatrixXd> gram_derivatives(const Model& model, const VectorXd& theta, const MatrixXd& b,
                                              Index most_blocks) {
  const KhatriRaoDesign& design = model.design;
  const DataView& data = model.data;
  const VectorXd raw_theta = design.raw_coefficients(theta);
  std::vector<VectorXd> raw_b;
  for (Index k = 0; k < b.cols(); ++k) raw_b.push_back(design.raw_coefficients(b.col(k)));
  const MatrixXd zero = MatrixXd::Zero(design.raw_gram_size(), b.cols());
  const Index stride = std::max<Index>(1, model.rows.grouped.n_blocks() / most_blocks);
  const Index n_used = (model.rows.grouped.n_blocks() + stride - 1) / stride;
  double rows_used = 0.0;
  for (Index i = 0; i < n_used; ++i) rows_used += static_cast<double>(model.rows.grouped.count(i * stride));
  const auto work = [&](Index first, Index last, MatrixXd& partial) {
    VectorXd eta, d1;
    MatrixXd weights;
    const auto add = [&](RowBlock& block) {
      const Index n = block.count();
      d1.resize(n), weights.resize(n, b.cols());
      model.block_eta(block, raw_theta, eta);
      LossTile out;
      out.weight_d1 = d1.data();
      model.loss.evaluate(data.y.data() + block.first(), eta.data(), n, out);
      d1.array() *= data.weight.segment(block.first(), n).array();
      for (Index k = 0; k < b.cols(); ++k) {
        block.linear_predictor(raw_b[static_cast<std::size_t>(k)], weights.col(k).data());
        weights.col(k).array() *= d1.array();
      }
      block.add_grams(weights, partial);
    };
    for (Index i = first; i < last; ++i) model.rows.for_each_block(i * stride, i * stride + 1, add);
  };
  const MatrixXd sums = sum_over_blocks(n_used, zero.size(), model.execution, zero, work);
  const double share = rows_used / static_cast<double>(data.n_rows());
  std::vector<MatrixXd> derivatives;
  for (Index k = 0; k < b.cols(); ++k) derivatives.push_back(design.natural_gram(sums.col(k)) / share);
  return derivatives;
}

}  // namespace contextstats
