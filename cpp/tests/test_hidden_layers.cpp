#include <doctest/doctest.h>

#include <random>

#include "contextstats/encoder/neural_basis.hpp"
#include "contextstats/fit/learn_features.hpp"
#include "contextstats/loss/make_loss.hpp"
#include "numeric.hpp"

using namespace contextstats;
using contextstats::testing::central_gradient;

namespace {

MatrixXd normal(Index rows, Index columns, unsigned seed) {
  std::mt19937_64 engine(seed);
  std::normal_distribution<double> draw;
  return MatrixXd::NullaryExpr(rows, columns, [&] { return draw(engine); });
}

/// Two networks, one of two layers, with two responses and three predictors; some coefficients use neither.
std::vector<LearnedNetwork> two_networks() {
  return {{HiddenLayers(2, {4, 3}), {0, 2}, {{0, 0}, {0, 1}, {1, 2}}},
          {HiddenLayers(1, {5}), {1}, {{1, 0}, {0, 1}}}};
}

}  // namespace

TEST_CASE("the gradient of what features are learned by matches differences, for every family of losses") {
  const Index n = 1200;  // more than one tile of rows
  const MatrixXd x = normal(n, 3, 1), contexts = normal(n, 3, 2), offset = 0.1 * normal(n, 2, 3);
  const VectorXd weight = normal(n, 1, 4).array().square();
  const std::vector<LearnedNetwork> networks = two_networks();
  const Hooks quiet;
  for (const auto& [family, link] :
       {std::pair{"gaussian", "identity"}, {"binomial", "logit"}, {"gamma", "log"}}) {
    const auto loss = make_loss(family, link, 0.0);
    MatrixXd y = normal(n, 2, 5).array().abs();
    if (std::string(family) == "binomial") y = (y.array() > 0.7).cast<double>();
    const FeatureData data{x, contexts, y, offset, weight, 1.7};
    const FeatureObjective objective(networks, data, *loss, 0.05, Execution{1, &quiet});
    const VectorXd theta = 0.3 * normal(objective.n_parameters(), 1, 6);
    VectorXd gradient, unused;
    objective(theta, gradient);
    const VectorXd numeric =
        central_gradient([&](const VectorXd& at) { return objective(at, unused); }, theta, 1e-3);
    CHECK((gradient - numeric).lpNorm<Eigen::Infinity>() < 1e-9);
    CHECK(gradient.lpNorm<Eigen::Infinity>() > 1e-3);
  }
}

TEST_CASE(
    "learned features have the same bits for any number of threads, and predict rows they have not seen") {
  const Index n = 13000, n_training = 10000;
  const MatrixXd x = MatrixXd::Ones(n, 1), contexts = normal(n, 2, 1), offset = MatrixXd::Zero(n, 1);
  const MatrixXd y =
      (2.0 * (contexts.col(0) - contexts.col(1)).array()).tanh() + 0.5 * normal(n, 1, 2).col(0).array();
  const VectorXd weight = VectorXd::Ones(n);
  const std::vector<LearnedNetwork> networks{{HiddenLayers(2, {4}), {0, 1}, {{0, 0}}}};
  const FeatureData data{x, contexts, y, offset, weight, 1.0};
  const auto loss = make_loss("gaussian", "identity", 0.0);
  const MatrixXd starts = normal(networks[0].n_parameters(), 2, 3);
  const Hooks quiet;
  std::vector<LearnedFeatures> learned;
  for (const int threads : {1, 2, 7}) {
    learned.push_back(learn_features(networks, data, *loss, starts, {{0.01, 0.0001}, n_training, 60},
                                     Execution{threads, &quiet}));
  }
  CHECK(learned[0].theta == learned[1].theta);
  CHECK(learned[0].theta == learned[2].theta);
  CHECK(learned[0].held_out.size() == 4);
  const double best = learned[0].held_out[static_cast<std::size_t>(learned[0].run)];
  for (const double other : learned[0].held_out) CHECK(best <= other);
  CHECK(best == doctest::Approx(0.25).epsilon(0.05));  // the variance of the noise
}

TEST_CASE("the functions of a neural basis are the projected features of each row") {
  const Index n = 40, d = 2, m = 3;
  const HiddenLayers layers(d, {4, m});
  const VectorXd weights = normal(layers.n_parameters(), 1, 1), centers = normal(d, 1, 2);
  const VectorXd scales = normal(d, 1, 3).array().abs() + 0.5;
  const MatrixXd contexts = normal(n, 3, 4), projection = normal(1 + d + (2 + d) * m, 5, 5);
  const NeuralBasis basis({2, 0}, centers, scales, layers, weights, projection);
  MatrixXd z(n, d);
  z.col(0) = (contexts.col(2).array() - centers[0]) / scales[0];
  z.col(1) = (contexts.col(0).array() - centers[1]) / scales[1];
  std::vector<MatrixXd> activations;
  layers.forward(weights, z, activations);
  const MatrixXd h = activations.back(), s = 1.0 - h.array().square();
  MatrixXd features(n, projection.rows());
  features << VectorXd::Ones(n), z, h, s, (s.array().colwise() * z.col(0).array()).matrix(),
      (s.array().colwise() * z.col(1).array()).matrix();
  CHECK((basis_matrix(basis, contexts) - features * projection).lpNorm<Eigen::Infinity>() < 1e-12);
}

TEST_CASE("moving the units of the last layer along a straight line is the derivative of its output") {
  const HiddenLayers layers(1, {2});
  const VectorXd z = normal(20, 1, 1);
  VectorXd weights(4);
  weights << 0.7, -1.1, 0.2, 0.4;  // slopes of the two units, then their biases
  const auto output = [&](const VectorXd& at) {
    std::vector<MatrixXd> activations;
    layers.forward(at, z, activations);
    return MatrixXd(activations.back());
  };
  const double step = 1e-5;
  VectorXd up = weights, down = weights;
  up[1] += step, down[1] -= step;
  const VectorXd numeric = (output(up) - output(down)).col(1) / (2.0 * step);
  MatrixXd projection = MatrixXd::Zero(1 + 1 + 3 * 2, 1);
  projection(1 + 1 + 2 + 2 + 1, 0) = 1.0;  // s_2 z_1
  const NeuralBasis basis({0}, VectorXd::Zero(1), VectorXd::Ones(1), layers, weights, projection);
  CHECK((basis_matrix(basis, z) - numeric).lpNorm<Eigen::Infinity>() < 1e-9);
}
