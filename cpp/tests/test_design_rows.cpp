#include <doctest/doctest.h>

#include <limits>
#include <random>

#include "contextstats/encoder/bspline_basis.hpp"
#include "contextstats/encoder/dense_basis.hpp"
#include "contextstats/encoder/neural_basis.hpp"
#include "contextstats/objective/design_passes.hpp"

using namespace contextstats;

namespace {

using Bases = std::vector<std::shared_ptr<const ContextBasis>>;

MatrixXd normal(Index rows, Index columns, unsigned seed) {
  std::mt19937_64 engine(seed);
  std::normal_distribution<double> draw;
  return MatrixXd::NullaryExpr(rows, columns, [&] { return draw(engine); });
}

std::shared_ptr<const ContextBasis> dense(bool constant, std::vector<Index> contexts) {
  const Index d = static_cast<Index>(contexts.size());
  return std::make_shared<DenseBasis>(constant, std::move(contexts), VectorXd::Constant(d, 0.3),
                                      VectorXd::Constant(d, 0.7));
}

std::shared_ptr<const ContextBasis> spline(Index context) {
  return std::make_shared<BSplineBasis>(context, VectorXd::LinSpaced(12, -3.0, 3.0), 3, false);
}

std::shared_ptr<const ContextBasis> network() {
  const HiddenLayers layers(2, {3});
  return std::make_shared<NeuralBasis>(std::vector<Index>{2, 0}, VectorXd::Zero(2), VectorXd::Ones(2), layers,
                                       normal(layers.n_parameters(), 1, 1), normal(1 + 2 + 4 * 3, 5, 2));
}

/// Orders of rows: that of the data, that of pieces of one basis or two; coordinates from one context, from
/// all.
std::vector<Bases> kinds_of_rows() {
  return {{dense(true, {0, 1, 2})},
          {dense(false, {1})},
          {network()},
          {dense(true, {}), network()},
          {spline(0)},
          {dense(true, {2}), spline(1)},
          {spline(0), network()},
          {dense(true, {}), spline(0), spline(1)}};
}

/// The last basis does not meet the first predictor.
std::vector<Block> blocks_of(const Bases& bases, Index n_predictors) {
  std::vector<Block> blocks;
  for (Index k = 0; k < static_cast<Index>(bases.size()); ++k) {
    const Index columns = bases[static_cast<std::size_t>(k)]->n_columns();
    for (Index j = k + 1 < static_cast<Index>(bases.size()) ? 0 : 1; j < n_predictors; ++j) {
      blocks.push_back({j, k, normal(columns, (columns + 1) / 2, static_cast<unsigned>(10 * k + j)), 0});
    }
  }
  return blocks;
}

MatrixXd formed(const Bases& bases, const std::vector<Block>& blocks, ConstMatrix x, ConstMatrix contexts) {
  MatrixXd z(x.rows(), 0);
  for (const Block& block : blocks) {
    const MatrixXd raw = basis_matrix(*bases[static_cast<std::size_t>(block.basis)], contexts);
    const MatrixXd columns = x.col(block.predictor).asDiagonal() * (raw * block.transform);
    z.conservativeResize(Eigen::NoChange, z.cols() + columns.cols());
    z.rightCols(columns.cols()) = columns;
  }
  return z;
}

double distance(const MatrixXd& a, const MatrixXd& b) {
  return (a - b).cwiseAbs().maxCoeff() / (1.0 + b.cwiseAbs().maxCoeff());
}

/// n rows of a table that goes on with numbers nobody may use.
MatrixXd table(Index n, Index columns, unsigned seed) {
  MatrixXd all = normal(n + 9, columns, seed);
  all.bottomRows(9).setConstant(std::numeric_limits<double>::quiet_NaN());
  return all;
}

}  // namespace

TEST_CASE("passes agree with the formed design for any number of rows and any order of them") {
  const Execution one{1, nullptr};
  for (const Bases& bases : kinds_of_rows()) {
    const std::vector<Block> blocks = blocks_of(bases, 3);
    const KhatriRaoDesign design(bases, blocks, 3);
    const Index P = design.n_coefficients();
    const VectorXd theta = normal(P, 1, 3);
    MatrixXd v = normal(P, P, 4);
    v = (v + v.transpose()).eval();
    for (const Index n : {1, 2, 3, 4, 5, 8, 11, 255, 257, 1027, 9001}) {
      CAPTURE(n);
      const MatrixXd all_x = table(n, 3, 5), all_contexts = table(n, 3, 6);
      const ConstMatrix x = all_x.topRows(n), contexts = all_contexts.topRows(n);
      VectorXd w = table(n, 1, 7);
      for (Index i = 0; i < n; i += 3) w[i] = 0.0;
      const ConstVector some = w.head(n);
      const MatrixXd z = formed(bases, blocks, x, contexts);
      const DesignRows rows(design, x, contexts, one);
      CHECK(distance(linear_predictor(rows, theta, one), z * theta) < 1e-13);
      CHECK(distance(gradient(rows, some, one), z.transpose() * some) < 1e-12);
      CHECK(distance(gram(rows, some, one), z.transpose() * some.asDiagonal() * z) < 1e-12);
      CHECK(distance(quadratic_form(rows, v, one), (z * v).cwiseProduct(z).rowwise().sum()) < 1e-12);
      MatrixXd natural(n, P);
      rows.for_each_block(
          [&](RowBlock& block) { block.natural_rows(natural.middleRows(block.first(), block.count())); });
      CHECK(distance(natural, z) < 1e-13);
    }
  }
}

TEST_CASE("passes have the same bits for any number of threads and any order of rows") {
  const Index n = 30011;
  const MatrixXd x = normal(n, 3, 1), contexts = normal(n, 3, 2);
  const VectorXd w = normal(n, 1, 3);
  for (const Bases& bases : kinds_of_rows()) {
    const KhatriRaoDesign design(bases, blocks_of(bases, 3), 3);
    const auto passes = [&](int threads) {
      const Execution execution{threads, nullptr};
      const DesignRows rows(design, x, contexts, execution);
      const VectorXd theta = gradient(rows, w, execution);
      const MatrixXd information = gram(rows, w, execution);
      VectorXd numbers(theta.size() + information.size() + 2 * n);
      numbers << theta, information.reshaped(), linear_predictor(rows, theta, execution),
          quadratic_form(rows, information, execution);
      return numbers;
    };
    const VectorXd alone = passes(1);
    for (const int threads : {2, 7}) CHECK((passes(threads).array() == alone.array()).all());
  }
}

TEST_CASE("blocks of rows begin at whole lanes and hold every row once") {
  for (const Bases& bases : kinds_of_rows()) {
    const KhatriRaoDesign design(bases, blocks_of(bases, 3), 3);
    for (const Index n : {1, 3, 1021, 30011}) {
      const MatrixXd contexts = normal(n, 3, 2);
      const GroupedRows grouped(design, contexts, {1, nullptr});
      Index next = 0;
      for (Index b = 0; b < grouped.n_blocks(); ++b) {
        CHECK(grouped.first(b) == next);
        CHECK(next % kLanes == 0);
        next += grouped.count(b);
        Index in_runs = 0;
        for (const Run& run : grouped.order(b, 0).runs) in_runs += run.count;
        CHECK(in_runs == grouped.count(b));
      }
      CHECK(next == n);
    }
  }
}
