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

/// dZ'WZ / drho_k = Z' diag(w' eta_k) Z, one matrix for each column b_k of `b`, from one pass over the data.
inline std::vector<MatrixXd> gram_derivatives(const Model& model, const VectorXd& theta, const MatrixXd& b) {
  const KhatriRaoDesign& design = model.design;
  const DataView& data = model.data;
  const VectorXd raw_theta = design.raw_coefficients(theta);
  std::vector<VectorXd> raw_b;
  for (Index k = 0; k < b.cols(); ++k) raw_b.push_back(design.raw_coefficients(b.col(k)));
  const MatrixXd zero = MatrixXd::Zero(design.raw_gram_size(), b.cols());
  const MatrixXd sums = sum_over_rows(
      data.n_rows(), zero.size(), model.execution, zero, [&](Index first, Index last, MatrixXd& partial) {
        for_each_tile(design, data.x, data.contexts, first, last,
                      [&](RowTile& tile, Index start, Index count) {
                        VectorXd eta(count), d1(count), weight(count);
                        model.tile_eta(tile, raw_theta, start, count, eta.data());
                        LossTile out;
                        out.weight_d1 = d1.data();
                        model.loss.evaluate(data.y.data() + start, eta.data(), count, out);
                        d1.array() *= data.weight.segment(start, count).array();
                        for (Index k = 0; k < b.cols(); ++k) {
                          tile.linear_predictor(raw_b[static_cast<std::size_t>(k)], weight.data());
                          weight.array() *= d1.array();
                          tile.add_gram(weight.data(), partial.col(k));
                        }
                      });
      });
  std::vector<MatrixXd> derivatives;
  for (Index k = 0; k < b.cols(); ++k) derivatives.push_back(design.natural_gram(sums.col(k)));
  return derivatives;
}

}  // namespace contextstats
