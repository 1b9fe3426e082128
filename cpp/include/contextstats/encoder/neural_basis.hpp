#pragma once

#include <algorithm>
#include <stdexcept>
#include <utility>
#include <vector>

#include "contextstats/encoder/context_basis.hpp"
#include "contextstats/encoder/hidden_layers.hpp"

namespace contextstats {

/// Functions of standardised contexts z and of the last hidden layer h(z) of a network whose weights are
/// given: the columns of
///
///     [1, z, h, s, s z_1, .., s z_d] P,   s = 1 - h^2.
///
/// With the units of the last layer h = tanh(u(z)), the columns s and s z_k are what h gains to first order
/// when a straight line is added to u. One piece, and each function is a coordinate of its own.
class NeuralBasis final : public ContextBasis {
 public:
  /// `projection` is P, (1 + d + (2 + d) m, functions).
  NeuralBasis(std::vector<Index> columns, VectorXd centers, VectorXd scales, HiddenLayers layers,
              VectorXd weights, MatrixXd projection)
      : ContextBasis(projection.cols(), linear_monomials(projection.cols())),
        columns_(std::move(columns)),
        centers_(std::move(centers)),
        scales_(std::move(scales)),
        layers_(std::move(layers)),
        weights_(std::move(weights)),
        projection_(std::move(projection)) {
    const Index d = static_cast<Index>(columns_.size());
    if (d != layers_.n_inputs() || centers_.size() != d || scales_.size() != d ||
        weights_.size() != layers_.n_parameters() ||
        projection_.rows() != 1 + d + (2 + d) * layers_.n_outputs()) {
      throw std::invalid_argument("The sizes of a neural basis do not fit each other.");
    }
    std::vector<Index> all;
    for (Index column = 0; column < n_columns(); ++column) all.push_back(column);
    add_piece(std::move(all), MatrixXd::Identity(n_columns(), n_columns()));
  }

  void locate(const Columns&, Index, Index count, std::int32_t* pieces) const override {
    std::fill(pieces, pieces + count, 0);
  }

  bool reads_whole_rows() const override { return true; }

  MatrixXd coordinates_of_rows(const Columns& contexts, Index first, Index count) const override {
    const Index d = layers_.n_inputs();
    const Index m = layers_.n_outputs();
    MatrixXd z(count, d);
    for (Index k = 0; k < d; ++k) {
      const auto column = contexts.col(columns_[static_cast<std::size_t>(k)]).segment(first, count);
      z.col(k) = (column.array() - centers_[k]) / scales_[k];
    }
    std::vector<MatrixXd> activations;
    layers_.forward(weights_, z, activations);
    MatrixXd features(count, projection_.rows());
    features.col(0).setOnes();
    features.middleCols(1, d) = z;
    features.middleCols(1 + d, m) = activations.back();
    const MatrixXd slope = 1.0 - activations.back().array().square();
    features.middleCols(1 + d + m, m) = slope;
    for (Index k = 0; k < d; ++k) {
      features.middleCols(1 + d + (2 + k) * m, m) = slope.array().colwise() * z.col(k).array();
    }
    return features * projection_;
  }

 private:
  static std::vector<Exponents> linear_monomials(Index n_coordinates) {
    const std::size_t n = static_cast<std::size_t>(n_coordinates);
    if (n == 0) throw std::invalid_argument("A neural basis needs a function.");
    std::vector<Exponents> monomials(n, Exponents(n, 0));
    for (std::size_t k = 0; k < n; ++k) monomials[k][k] = 1;
    return monomials;
  }

  std::vector<Index> columns_;
  VectorXd centers_;
  VectorXd scales_;
  HiddenLayers layers_;
  VectorXd weights_;
  MatrixXd projection_;
};

}  // namespace contextstats
