#pragma once

#include <stdexcept>
#include <utility>
#include <vector>

#include "contextstats/types.hpp"

namespace contextstats {

/// The hidden layers of a neural network,
///
///     h_0 = z,   h_l = tanh(W_l h_{l-1} + b_l),   l = 1 .. L,
///
/// for rows z of standardised contexts. All parameters lie in one vector: for each layer W_l (outputs,
/// inputs) column by column, then b_l.
class HiddenLayers {
 public:
  HiddenLayers(Index n_inputs, std::vector<Index> widths) : n_inputs_(n_inputs), widths_(std::move(widths)) {
    if (n_inputs_ < 1 || widths_.empty())
      throw std::invalid_argument("Hidden layers need inputs and a width.");
    Index inputs = n_inputs_;
    for (const Index width : widths_) {
      if (width < 1) throw std::invalid_argument("The width of a hidden layer must be at least 1.");
      n_parameters_ += width * (inputs + 1);
      inputs = width;
    }
  }

  Index n_inputs() const { return n_inputs_; }
  Index n_outputs() const { return widths_.back(); }
  Index n_parameters() const { return n_parameters_; }

  /// One value for each weight, another for each bias: (n_parameters).
  VectorXd by_kind(double weight, double bias) const {
    VectorXd values = VectorXd::Constant(n_parameters_, weight);
    Index end = 0;
    Index inputs = n_inputs_;
    for (const Index width : widths_) {
      end += width * (inputs + 1);
      values.segment(end - width, width).setConstant(bias);
      inputs = width;
    }
    return values;
  }

  /// The activations h_0 .. h_L, each (rows, units).
  void forward(ConstVector parameters, ConstMatrix z, std::vector<MatrixXd>& activations) const {
    activations.resize(widths_.size() + 1);
    activations[0] = z;
    const double* at = parameters.data();
    for (std::size_t l = 0; l < widths_.size(); ++l) {
      const Layer layer(at, activations[l].cols(), widths_[l]);
      activations[l + 1].noalias() = activations[l] * layer.weights.transpose();
      activations[l + 1].rowwise() += layer.bias.transpose();
      activations[l + 1] = activations[l + 1].array().tanh();
      at += layer.size();
    }
  }

  /// Adds J'V to the gradient, J the Jacobian of h_L in the parameters and V the cotangent of h_L, which is
  /// used up.
  void pullback(ConstVector parameters, const std::vector<MatrixXd>& activations, MatrixXd& cotangent,
                Eigen::Ref<VectorXd> gradient) const {
    Index end = n_parameters_;
    for (std::size_t l = widths_.size(); l-- > 0;) {
      const MatrixXd& below = activations[l];
      const Index start = end - widths_[l] * (below.cols() + 1);
      const Layer layer(parameters.data() + start, below.cols(), widths_[l]);
      cotangent.array() *= 1.0 - activations[l + 1].array().square();
      Eigen::Map<MatrixXd> weights(gradient.data() + start, widths_[l], below.cols());
      weights.noalias() += cotangent.transpose() * below;
      gradient.segment(end - widths_[l], widths_[l]) += cotangent.colwise().sum().transpose();
      if (l > 0) cotangent = cotangent * layer.weights;
      end = start;
    }
  }

 private:
  struct Layer {
    Layer(const double* at, Index inputs, Index width)
        : weights(at, width, inputs), bias(at + width * inputs, width) {}
    Index size() const { return weights.size() + bias.size(); }

    Eigen::Map<const MatrixXd> weights;
    Eigen::Map<const VectorXd> bias;
  };

  Index n_inputs_;
  std::vector<Index> widths_;
  Index n_parameters_ = 0;
};

}  // namespace contextstats
