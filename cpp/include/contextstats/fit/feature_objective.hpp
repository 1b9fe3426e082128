#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "contextstats/encoder/hidden_layers.hpp"
#include "contextstats/loss/loss.hpp"
#include "contextstats/parallel/row_chunks.hpp"

namespace contextstats {

/// A network whose hidden layers are learned: the contexts it reads and the coefficients that use it.
struct LearnedNetwork {
  HiddenLayers layers;
  std::vector<Index> columns;  ///< of the standardised contexts
  /// (response, predictor) of each coefficient beta_rj(c) that the network is part of.
  std::vector<std::pair<Index, Index>> users;

  /// Rows of the head: the constant, the contexts, the last hidden layer.
  Index head_rows() const { return 1 + layers.n_inputs() + layers.n_outputs(); }
  Index head_size() const { return head_rows() * static_cast<Index>(users.size()); }
  Index n_parameters() const { return layers.n_parameters() + head_size(); }
};

/// What features are learned from. Several responses share the loss, predictors and contexts.
struct FeatureData {
  ConstMatrix x;         ///< (n, p)
  ConstMatrix contexts;  ///< (n, d), standardised
  ConstMatrix y;         ///< (n, r)
  ConstMatrix offset;    ///< (n, r)
  ConstVector weight;    ///< (n,)
  double unit = 1.0;     ///< deviance of a row that counts as one
};

/// The penalised mean deviance of
///
///     eta_ir = offset_ir + sum_j x_ij beta_rj(c_i),   beta_rj(c) = sum_t [1, z_t, h_t(z_t)]' theta_trj,
///
/// as a function of the hidden layers h_t and the heads theta_t together:
///
///     1/2 sum_ir w_i D_ir / (unit sum_i w_i) + decay/2 (|weights|^2 + |heads of hidden units|^2).
///
/// Biases, and constants and straight lines in the heads, are all but free. Parameters: for each network its
/// hidden parameters, then its head (head rows, users) column by column.
class FeatureObjective {
 public:
  FeatureObjective(const std::vector<LearnedNetwork>& networks, const FeatureData& data, const Loss& loss,
                   double decay, const Execution& execution)
      : networks_(networks), data_(data), loss_(loss), execution_(execution) {
    for (const LearnedNetwork& network : networks_) n_parameters_ += network.n_parameters();
    decay_.resize(n_parameters_);
    double* at = decay_.data();
    for (const LearnedNetwork& network : networks_) {
      const VectorXd hidden = network.layers.by_kind(decay, kFree * decay);
      at = std::copy(hidden.begin(), hidden.end(), at);
      for (std::size_t user = 0; user < network.users.size(); ++user) {
        at = std::fill_n(at, 1 + network.layers.n_inputs(), kFree * decay);
        at = std::fill_n(at, network.layers.n_outputs(), decay);
      }
    }
  }

  Index n_parameters() const { return n_parameters_; }

  double operator()(const VectorXd& theta, VectorXd& gradient) const {
    const Sums sums = pass(theta, true);
    const double per_row = 1.0 / (data_.unit * data_.weight.sum());
    gradient = per_row * sums.gradient + decay_.cwiseProduct(theta);
    return per_row * sums.half_deviance + 0.5 * theta.dot(decay_.cwiseProduct(theta));
  }

  /// Deviance of the rows, without penalty, per row and in units.
  double mean_deviance(const VectorXd& theta) const {
    return 2.0 * pass(theta, false).half_deviance / (data_.unit * data_.weight.sum());
  }

 private:
  static constexpr double kFree = 1e-3;
  static constexpr Index kTile = 512;  // rows whose activations are held at a time

  struct Sums {
    double half_deviance = 0.0;
    VectorXd gradient;

    Sums& operator+=(const Sums& other) {
      half_deviance += other.half_deviance;
      gradient += other.gradient;
      return *this;
    }
  };

  Sums pass(const VectorXd& theta, bool want_gradient) const {
    const Sums zero{0.0, VectorXd::Zero(want_gradient ? n_parameters_ : 0)};
    const auto work = [&](Index first, Index last, Sums& sums) {
      for (Index row = first; row < last; row += kTile) {
        add_tile(theta, row, std::min(kTile, last - row), want_gradient, sums);
      }
    };
    return sum_over_rows(data_.x.rows(), n_parameters_, execution_, zero, work);
  }

  void add_tile(const VectorXd& theta, Index first, Index count, bool want_gradient, Sums& sums) const {
    MatrixXd eta = data_.offset.middleRows(first, count);
    std::vector<std::vector<MatrixXd>> activations(networks_.size());
    std::vector<MatrixXd> features(networks_.size());
    const double* at = theta.data();
    for (std::size_t t = 0; t < networks_.size(); ++t) {
      const LearnedNetwork& network = networks_[t];
      features[t] = features_of(network, at, first, count, activations[t]);
      const MatrixXd effects = features[t] * head(network, at);
      for (std::size_t u = 0; u < network.users.size(); ++u) {
        const auto& [response, predictor] = network.users[u];
        eta.col(response).array() +=
            effects.col(static_cast<Index>(u)).array() * data_.x.col(predictor).segment(first, count).array();
      }
      at += network.n_parameters();
    }
    const MatrixXd slope = add_deviance(eta, first, sums);
    if (want_gradient) pull_back(theta, features, activations, slope, first, sums.gradient);
  }

  MatrixXd features_of(const LearnedNetwork& network, const double* parameters, Index first, Index count,
                       std::vector<MatrixXd>& activations) const {
    MatrixXd z(count, network.layers.n_inputs());
    for (Index k = 0; k < z.cols(); ++k) {
      z.col(k) = data_.contexts.col(network.columns[static_cast<std::size_t>(k)]).segment(first, count);
    }
    network.layers.forward(Eigen::Map<const VectorXd>(parameters, network.layers.n_parameters()), z,
                           activations);
    MatrixXd features(count, network.head_rows());
    features << VectorXd::Ones(count), z, activations.back();
    return features;
  }

  static Eigen::Map<const MatrixXd> head(const LearnedNetwork& network, const double* parameters) {
    return {parameters + network.layers.n_parameters(), network.head_rows(),
            static_cast<Index>(network.users.size())};
  }

  /// Adds the deviance of a tile and returns d(half the deviance) / d eta, weights included.
  MatrixXd add_deviance(const MatrixXd& eta, Index first, Sums& sums) const {
    const Index count = eta.rows();
    const auto weight = data_.weight.segment(first, count);
    MatrixXd slope(count, eta.cols());
    VectorXd deviance(count), score(count);
    LossTile out;
    out.deviance = deviance.data();
    out.score = score.data();
    for (Index r = 0; r < eta.cols(); ++r) {
      loss_.evaluate(data_.y.col(r).data() + first, eta.col(r).data(), count, out);
      sums.half_deviance += 0.5 * weight.dot(deviance);
      slope.col(r) = -weight.cwiseProduct(score);
    }
    return slope;
  }

  void pull_back(const VectorXd& theta, const std::vector<MatrixXd>& features,
                 const std::vector<std::vector<MatrixXd>>& activations, const MatrixXd& slope, Index first,
                 VectorXd& gradient) const {
    Index start = 0;
    for (std::size_t t = 0; t < networks_.size(); ++t) {
      const LearnedNetwork& network = networks_[t];
      const Index n_hidden = network.layers.n_parameters();
      MatrixXd by_effect(slope.rows(), static_cast<Index>(network.users.size()));
      for (std::size_t u = 0; u < network.users.size(); ++u) {
        const auto& [response, predictor] = network.users[u];
        by_effect.col(static_cast<Index>(u)) =
            slope.col(response).cwiseProduct(data_.x.col(predictor).segment(first, slope.rows()));
      }
      Eigen::Map<MatrixXd>(gradient.data() + start + n_hidden, network.head_rows(), by_effect.cols())
          .noalias() += features[t].transpose() * by_effect;
      MatrixXd by_hidden =
          by_effect * head(network, theta.data() + start).bottomRows(network.layers.n_outputs()).transpose();
      network.layers.pullback(theta.segment(start, n_hidden), activations[t], by_hidden,
                              gradient.segment(start, n_hidden));
      start += network.n_parameters();
    }
  }

  const std::vector<LearnedNetwork>& networks_;
  const FeatureData& data_;
  const Loss& loss_;
  Execution execution_;
  Index n_parameters_ = 0;
  VectorXd decay_;
};

}  // namespace contextstats
