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
  const auto sums = sum_over_rows(
      data.n_rows(), design.n_raw() + n_directions * n_directions, model.execution, zero,
      [&](Index first, Index last, detail::ThirdOrderSums& partial) {
        for_each_tile(
            design, data.x, data.contexts, first, last, [&](RowTile& tile, Index start, Index count) {
              VectorXd eta(count), h(count), d1(count), d2(count);
              model.tile_eta(tile, raw_theta, start, count, eta.data());
              LossTile out;
              out.weight_d1 = d1.data();
              if (want_curvature) out.weight_d2 = d2.data();
              model.loss.evaluate(data.y.data() + start, eta.data(), count, out);
              tile.quadratic_form(raw_m, h.data());
              h.array() *= data.weight.segment(start, count).array();
              d1.array() *= h.array();
              tile.add_gradient(d1.data(), partial.slope);
              if (!want_curvature) return;
              MatrixXd directions(count, n_directions);
              for (Index k = 0; k < n_directions; ++k) {
                tile.linear_predictor(raw_b[static_cast<std::size_t>(k)], directions.col(k).data());
              }
              const VectorXd weight = h.cwiseProduct(d2);
              partial.curvature.noalias() += directions.transpose() * (weight.asDiagonal() * directions);
            });
      });
  return {design.natural_gradient(sums.slope), sums.curvature};
}

/// dZ'WZ / drho_k = Z' diag(w' eta_k) Z, one matrix for each column b_k of `b`.
inline std::vector<MatrixXd> gram_derivatives(const Model& model, const VectorXd& theta, const MatrixXd& b) {
  const DataView& data = model.data;
  const VectorXd eta =
      linear_predictor(model.design, data.x, data.contexts, theta, model.execution) + data.offset;
  VectorXd d1(data.n_rows());
  for_each_row_range(data.n_rows(), model.execution, [&](Index first, Index last) {
    LossTile out;
    out.weight_d1 = d1.data() + first;
    model.loss.evaluate(data.y.data() + first, eta.data() + first, last - first, out);
  });
  d1.array() *= data.weight.array();
  std::vector<MatrixXd> derivatives;
  for (Index k = 0; k < b.cols(); ++k) {
    const VectorXd direction =
        linear_predictor(model.design, data.x, data.contexts, b.col(k), model.execution);
    derivatives.push_back(
        gram(model.design, data.x, data.contexts, VectorXd(d1.cwiseProduct(direction)), model.execution));
  }
  return derivatives;
}

}  // namespace contextstats
