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

/// Half the mean squared residual of x ~ mu(c) + W(c)'x, summed over nodes, where mu and W are mixtures of
/// the archetypes with weights `z`. Gradients are written for A and z.
inline double archetype_loss(const ConstMatrix& x, const MatrixXd& z, const MatrixXd& a,
                             const ArchetypeLayout& layout, const Execution& execution,
                             MatrixXd& by_archetypes, MatrixXd& by_z) {
  by_z.resize(z.rows(), z.cols());
  const double share = 1.0 / static_cast<double>(x.rows());
  const ContextSum zero{0.0, MatrixXd::Zero(a.rows(), a.cols())};
  const auto add_block = [&](Index first, Index size, ContextSum& sum) {
    MatrixXd phi(size, layout.edge_rows());
    const auto gates = z.middleRows(first, size);
    for (Index i = 0; i < layout.p; ++i) {
      phi.middleCols(i * layout.k, layout.k) =
          gates.array().colwise() * x.col(i).segment(first, size).array();
    }
    phi.rightCols(layout.k) = gates;
    const MatrixXd residual = phi * a - x.middleRows(first, size);
    sum.value += 0.5 * share * residual.squaredNorm();
    sum.gradient.noalias() += share * (phi.transpose() * residual);
    const MatrixXd by_phi = share * (residual * a.transpose());
    MatrixXd total = by_phi.rightCols(layout.k);
    for (Index i = 0; i < layout.p; ++i) {
      total.array() +=
          by_phi.middleCols(i * layout.k, layout.k).array().colwise() * x.col(i).segment(first, size).array();
    }
    by_z.middleRows(first, size) = total;
  };
  const auto add_rows = [&](Index first, Index last, ContextSum& sum) {
    constexpr Index block = 512;
    for (Index row = first; row < last; row += block) add_block(row, std::min(block, last - row), sum);
  };
  ContextSum sum = sum_over_rows(x.rows(), a.size(), execution, zero, add_rows);
  by_archetypes = std::move(sum.gradient);
  return sum.value;
}

}  // namespace contextstats
