#pragma once

#include "contextstats/network/dag_penalty.hpp"

namespace contextstats {

/// How contexts mix archetypes.
enum class Gates {
  softmax,  ///< weights that are positive and sum to one
  linear    ///< free weights: W(c) has low rank in the context basis
};

/// Sizes of an archetype model and the places of its parameters in one vector: first A ((p + 1) K x p, the
/// archetypes' edges and then their intercepts, laid out as in `EdgeLayout`), then the gate weights V (q x
/// K).
struct ArchetypeLayout {
  Index p = 0;  ///< variables
  Index k = 0;  ///< archetypes
  Index q = 0;  ///< columns of the context basis

  EdgeLayout edges() const { return {p, k}; }
  Index edge_rows() const { return (p + 1) * k; }
  Index n_edge_parameters() const { return edge_rows() * p; }
  Index size() const { return n_edge_parameters() + q * k; }
  Eigen::Map<const MatrixXd> archetypes(const VectorXd& theta) const {
    return {theta.data(), edge_rows(), p};
  }
  Eigen::Map<const MatrixXd> gate_weights(const VectorXd& theta) const {
    return {theta.data() + n_edge_parameters(), q, k};
  }
};

/// z(c) = softmax(B V), or B V, row by row.
inline MatrixXd gate_values(const MatrixXd& basis, const MatrixXd& weights, Gates gates) {
  MatrixXd z = basis * weights;
  if (gates == Gates::linear) return z;
  for (Index i = 0; i < z.rows(); ++i) {
    z.row(i).array() -= z.row(i).maxCoeff();
    z.row(i) = z.row(i).array().exp();
    z.row(i) /= z.row(i).sum();
  }
  return z;
}

/// Takes a gradient in z to one in V.
inline MatrixXd gate_pullback(const MatrixXd& basis, const MatrixXd& z, MatrixXd by_z, Gates gates) {
  if (gates == Gates::softmax) {
    const VectorXd mean = z.cwiseProduct(by_z).rowwise().sum();
    by_z.colwise() -= mean;
    by_z = by_z.cwiseProduct(z).eval();
  }
  return basis.transpose() * by_z;
}

/// Columns x_i z_k, then z_k: the products that archetypes multiply, for some rows.
inline MatrixXd gated_products(const ConstMatrix& x, const MatrixXd& z, const ArchetypeLayout& layout,
                               Index first, Index size) {
  MatrixXd phi(size, layout.edge_rows());
  const auto gates = z.middleRows(first, size);
  for (Index i = 0; i < layout.p; ++i) {
    phi.middleCols(i * layout.k, layout.k) = gates.array().colwise() * x.col(i).segment(first, size).array();
  }
  phi.rightCols(layout.k) = gates;
  return phi;
}

constexpr Index gated_block = 512;  ///< rows whose products are held at a time

/// Residuals of x ~ mu(c) + W(c)'x, where mu and W are mixtures of the archetypes with weights `z`.
inline MatrixXd archetype_residuals(const ConstMatrix& x, const MatrixXd& z, const MatrixXd& a,
                                    const ArchetypeLayout& layout, const Execution& execution) {
  MatrixXd residual(x.rows(), layout.p);
  for_each_chunk(RowChunks(x.rows(), 1), execution, [&](Index first, Index last) {
    for (Index row = first; row < last; row += gated_block) {
      const Index size = std::min(gated_block, last - row);
      residual.middleRows(row, size) = gated_products(x, z, layout, row, size) * a - x.middleRows(row, size);
    }
  });
  return residual;
}

/// Takes a gradient in the residuals to one in A (added up) and one in z.
inline void archetype_pullback(const ConstMatrix& x, const MatrixXd& z, const MatrixXd& a,
                               const MatrixXd& by_residual, const ArchetypeLayout& layout,
                               const Execution& execution, MatrixXd& by_archetypes, MatrixXd& by_z) {
  by_z.resize(z.rows(), z.cols());
  const auto add_block = [&](Index first, Index size, ContextSum& sum) {
    const auto slope = by_residual.middleRows(first, size);
    sum.gradient.noalias() += gated_products(x, z, layout, first, size).transpose() * slope;
    const MatrixXd by_phi = slope * a.transpose();
    MatrixXd total = by_phi.rightCols(layout.k);
    for (Index i = 0; i < layout.p; ++i) {
      total.array() +=
          by_phi.middleCols(i * layout.k, layout.k).array().colwise() * x.col(i).segment(first, size).array();
    }
    by_z.middleRows(first, size) = total;
  };
  const ContextSum zero{0.0, MatrixXd::Zero(a.rows(), a.cols())};
  by_archetypes =
      sum_over_rows(x.rows(), a.size(), execution, zero, [&](Index first, Index last, ContextSum& sum) {
        for (Index row = first; row < last; row += gated_block)
          add_block(row, std::min(gated_block, last - row), sum);
      }).gradient;
}

/// Sum over nodes of weight_j r_j / 2, r_j the mean squared residual; of log(r_j) / 2 where `node_weight` is
/// empty. Gradients are written for A and z.
inline double archetype_loss(const ConstMatrix& x, const MatrixXd& z, const MatrixXd& a,
                             const ArchetypeLayout& layout, const VectorXd& node_weight,
                             const Execution& execution, MatrixXd& by_archetypes, MatrixXd& by_z) {
  MatrixXd residual = archetype_residuals(x, z, a, layout, execution);
  const double share = 1.0 / static_cast<double>(x.rows());
  const VectorXd mean_square = share * residual.colwise().squaredNorm().transpose();
  const bool weighted = node_weight.size() > 0;
  const double value = weighted ? 0.5 * node_weight.dot(mean_square) : 0.5 * mean_square.array().log().sum();
  const VectorXd slope = weighted ? node_weight : VectorXd(mean_square.cwiseInverse());
  residual *= (share * slope).asDiagonal();
  archetype_pullback(x, z, a, residual, layout, execution, by_archetypes, by_z);
  return value;
}

}  // namespace contextstats
