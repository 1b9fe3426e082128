#include <doctest/doctest.h>

#include <Eigen/Eigenvalues>
#include <Eigen/LU>
#include <random>

#include "contextstats/network/dag_projection.hpp"
#include "contextstats/network/dag_search.hpp"
#include "contextstats/network/order_search.hpp"
#include "numeric.hpp"

using namespace contextstats;
using contextstats::testing::central_gradient;

namespace {

MatrixXd uniform(Index rows, Index columns, unsigned seed, double low, double high) {
  std::mt19937_64 engine(seed);
  std::uniform_real_distribution<double> draw(low, high);
  return MatrixXd::NullaryExpr(rows, columns, [&] { return draw(engine); });
}

VectorXd flat(const MatrixXd& m) { return Eigen::Map<const VectorXd>(m.data(), m.size()); }

MatrixXd all_but_diagonal(Index p) { return MatrixXd::Ones(p, p) - MatrixXd::Identity(p, p); }

/// |a - b| relative to the largest entry of b.
double gradient_error(const VectorXd& a, const VectorXd& b) {
  return (a - b).lpNorm<Eigen::Infinity>() / b.lpNorm<Eigen::Infinity>();
}

bool has_cycle(const MatrixXd& w) {
  MatrixXd power = MatrixXd::Identity(w.rows(), w.rows());
  const MatrixXd pattern = (w.array() != 0.0).cast<double>();
  for (Index k = 0; k < w.rows(); ++k) power = ((power * pattern).array() > 0.0).cast<double>();
  return power.maxCoeff() > 0.0;  // a walk as long as there are nodes exists only with a cycle
}

/// Weights one of all nodes, or none: each its own variance.
VectorXd variances(Index p, bool equal) { return equal ? VectorXd(VectorXd::Ones(p)) : VectorXd(); }

const Hooks quiet;

}  // namespace

TEST_CASE("acyclicity of a three-cycle has the closed forms") {
  MatrixXd m = MatrixXd::Zero(3, 3), gradient;
  const double product = 0.5 * 0.7 * 0.4;
  m(0, 1) = 0.5;
  m(1, 2) = 0.7;
  m(2, 0) = 0.4;
  // det(I - M) = 1 - product; tr exp(M) - 3 = 3 (product / 3! + product^2 / 6! + product^3 / 9! + ...)
  CHECK(LogDeterminantAcyclicity().evaluate(m, gradient) ==
        doctest::Approx(-std::log1p(-product)).epsilon(1e-14));
  const double series = 3.0 * (product / 6.0 + product * product / 720.0 + std::pow(product, 3) / 362880.0);
  CHECK(ExponentialAcyclicity().evaluate(m, gradient) == doctest::Approx(series).epsilon(1e-10));
  m(2, 0) = 0.0;
  CHECK(LogDeterminantAcyclicity().evaluate(m, gradient) == 0.0);
  CHECK(ExponentialAcyclicity().evaluate(m, gradient) == 0.0);
}

TEST_CASE("acyclicity keeps its digits where cycles are faint and where entries are large") {
  MatrixXd m = MatrixXd::Zero(2, 2), gradient;
  m(0, 1) = 1e-9;
  m(1, 0) = 1e-5;  // tr exp(M) - 2 = 2 (cosh(1e-7) - 1) = 1e-14
  CHECK(ExponentialAcyclicity().evaluate(m, gradient) == doctest::Approx(1e-14).epsilon(1e-12));
  m(0, 1) = 40.0;
  m(1, 0) = 10.0;  // 2 (cosh(20) - 1)
  CHECK(ExponentialAcyclicity().evaluate(m, gradient) ==
        doctest::Approx(2.0 * (std::cosh(20.0) - 1.0)).epsilon(1e-12));
  CHECK(std::isinf(LogDeterminantAcyclicity().evaluate(m, gradient)));
}

TEST_CASE("the log-determinant is finite exactly where the spectral radius is below one") {
  MatrixXd m = uniform(5, 5, 3, 0.0, 1.0), gradient;
  const double radius = m.eigenvalues().cwiseAbs().maxCoeff();
  CHECK(std::isfinite(LogDeterminantAcyclicity().evaluate(m * (0.999 / radius), gradient)));
  CHECK(std::isinf(LogDeterminantAcyclicity().evaluate(m * (1.001 / radius), gradient)));
  m *= 0.5 / radius;
  const double direct = -std::log((MatrixXd::Identity(5, 5) - m).determinant());
  CHECK(LogDeterminantAcyclicity().evaluate(m, gradient) == doctest::Approx(direct).epsilon(1e-12));
}

TEST_CASE("gradients of acyclicity match differences, in the union and per context") {
  const EdgeLayout layout{4, 3};
  const MatrixXd a = uniform(12, 4, 5, -0.25, 0.25);
  const MatrixXd basis = uniform(6, 3, 6, -1.0, 1.0);
  const VectorXd weight = uniform(6, 1, 7, 0.1, 1.0);
  const Execution run{1, &quiet};
  const LogDeterminantAcyclicity barrier;
  const ExponentialAcyclicity exponential;
  for (const Acyclicity* h :
       {static_cast<const Acyclicity*>(&barrier), static_cast<const Acyclicity*>(&exponential)}) {
    MatrixXd gradient, unused, by_basis = MatrixXd::Zero(6, 3);
    union_acyclicity(*h, a, layout, gradient);
    const auto in_union = [&](const VectorXd& theta) {
      return union_acyclicity(*h, Eigen::Map<const MatrixXd>(theta.data(), 12, 4), layout, unused);
    };
    CHECK(gradient_error(flat(gradient), central_gradient(in_union, flat(a), 1e-3)) < 1e-8);

    context_acyclicity(*h, a, layout, basis, weight, run, gradient, &by_basis);
    const auto in_a = [&](const VectorXd& theta) {
      const MatrixXd moved = Eigen::Map<const MatrixXd>(theta.data(), 12, 4);
      return context_acyclicity(*h, moved, layout, basis, weight, run, unused, nullptr);
    };
    CHECK(gradient_error(flat(gradient), central_gradient(in_a, flat(a), 1e-3)) < 1e-8);
    const auto in_basis = [&](const VectorXd& theta) {
      const MatrixXd moved = Eigen::Map<const MatrixXd>(theta.data(), 6, 3);
      return context_acyclicity(*h, a, layout, moved, weight, run, unused, nullptr);
    };
    CHECK(gradient_error(flat(by_basis), central_gradient(in_basis, flat(basis), 1e-3)) < 1e-8);
  }
}

TEST_CASE("with a constant context both rules are the same") {
  const EdgeLayout layout{4, 1};
  const MatrixXd a = uniform(4, 4, 9, -0.4, 0.4);
  MatrixXd first, second;
  const double in_union = union_acyclicity(ExponentialAcyclicity(), a, layout, first);
  const double by_context =
      context_acyclicity(ExponentialAcyclicity(), a, layout, MatrixXd::Ones(7, 1),
                         VectorXd::Constant(7, 1.0 / 7.0), Execution{1, &quiet}, second, nullptr);
  CHECK(in_union == doctest::Approx(by_context).epsilon(1e-13));
  CHECK((first - second).cwiseAbs().maxCoeff() < 1e-13);
}

TEST_CASE("the loss from cross products is the mean squared residual, and gradients match differences") {
  const Index n = 50, p = 3, m = 2;
  const EdgeLayout layout{p, m};
  const MatrixXd x = uniform(n, p, 11, -1.0, 1.0);
  const VectorXd c = uniform(n, 1, 12, -1.0, 1.0);
  MatrixXd phi(n, p * m);
  for (Index i = 0; i < p; ++i) phi.middleCols(i * m, m) << x.col(i), x.col(i).cwiseProduct(c);
  MatrixXd roughness(2, 2);
  roughness << 0.0, 0.0, 0.0, 0.3;
  MatrixXd a = uniform(p * m, p, 13, -0.5, 0.5), gradient;
  const MatrixXd lasso = MatrixXd::Constant(p, p, 0.2);
  keep_out(all_but_diagonal(p), layout, a);
  double direct = 0.5 * (x - phi * a).squaredNorm() / n;
  for (Index i = 0; i < p; ++i) direct += 0.5 * 0.3 * a.row(i * m + 1).squaredNorm();
  for (const bool equal : {true, false}) {
    const SemLoss loss(phi.transpose() * phi / n, roughness, layout, variances(p, equal));
    const double value = loss.evaluate(a, gradient) + edge_sparsity(a, layout, lasso, gradient);
    if (equal) {
      CHECK(value - 0.2 * squared_edge_norms(a, layout).cwiseSqrt().sum() ==
            doctest::Approx(direct).epsilon(1e-3));
    }
    const auto along = [&](const VectorXd& theta) {
      const MatrixXd moved = Eigen::Map<const MatrixXd>(theta.data(), p * m, p);
      MatrixXd unused;
      return loss.evaluate(moved, unused) + edge_sparsity(moved, layout, lasso, unused);
    };
    MatrixXd numeric = Eigen::Map<const MatrixXd>(central_gradient(along, flat(a), 1e-6).data(), p * m, p);
    keep_out(all_but_diagonal(p), layout, numeric);
    keep_out(all_but_diagonal(p), layout, gradient);
    CHECK(gradient_error(flat(gradient), flat(numeric)) < 1e-6);
  }
}

TEST_CASE("gradients of the archetype model match differences for both gates and both rules") {
  const Index n = 30;
  const ArchetypeLayout layout{3, 2, 4};
  const MatrixXd x = uniform(n, 3, 21, -1.0, 1.0), basis = uniform(n, 4, 22, -1.0, 1.0);
  VectorXd theta = uniform(layout.size(), 1, 23, -0.4, 0.4);
  const Execution run{1, &quiet};
  const LogDeterminantAcyclicity barrier;
  const ConstMatrix view = x;
  for (const Gates gates : {Gates::softmax, Gates::linear}) {
    for (const CycleRule rule : {CycleRule::in_the_union, CycleRule::per_context}) {
      const ArchetypeProblem problem{
          view, basis, layout, gates, variances(3, rule == CycleRule::in_the_union), 0.1, 0.2};
      const DagRules rules{MatrixXd::Ones(3, 3), rule, MatrixXd::Constant(3, 3, 0.05)};
      const ArchetypeObjective objective(problem, rules, barrier, run);
      VectorXd gradient, unused;
      objective.loss(theta, gradient);
      const auto loss = [&](const VectorXd& at) { return objective.loss(at, unused); };
      CHECK(gradient_error(gradient, central_gradient(loss, theta, 1e-5)) < 1e-6);
      objective.cycles(theta, gradient);
      const auto cycles = [&](const VectorXd& at) { return objective.cycles(at, unused); };
      CHECK(gradient_error(gradient, central_gradient(cycles, theta, 1e-4)) < 1e-6);
    }
  }
}

TEST_CASE("two nodes with equal variances: the search finds the direction and the slope") {
  // x2 = 0.8 x1 + e, unit noise: covariance [[1, .8], [.8, 1.64]]. The other direction explains less:
  // total residual variance 1 + 1 against 1.64 + (1 - .64 / 1.64).
  MatrixXd gram(2, 2);
  gram << 1.0, 0.8, 0.8, 1.64;
  const EdgeLayout layout{2, 1};
  const SemLoss loss(gram, MatrixXd::Zero(1, 1), layout, VectorXd::Ones(2));
  const DagRules rules{all_but_diagonal(2), CycleRule::in_the_union, MatrixXd::Zero(2, 2)};
  for (const SearchStrategy strategy : {SearchStrategy::central_path, SearchStrategy::augmented_lagrangian}) {
    SearchOptions options;
    options.strategy = strategy;
    const SearchResult found = search_linear_dag(loss, layout, rules, MatrixXd::Ones(1, 1), VectorXd::Ones(1),
                                                 options, Execution{1, &quiet});
    const Eigen::Map<const MatrixXd> w(found.theta.data(), 2, 2);
    CHECK(found.converged);
    CHECK(w(0, 1) == doctest::Approx(0.8).epsilon(1e-3));
    CHECK(std::abs(w(1, 0)) < 1e-3);
    CHECK(found.h < 1e-6);
  }
}

TEST_CASE("a search can be interrupted") {
  const EdgeLayout layout{2, 1};
  MatrixXd gram(2, 2);
  gram << 1.0, 0.8, 0.8, 1.64;
  Hooks stop;
  stop.stop_requested = [] { return true; };
  CHECK_THROWS_AS(
      search_linear_dag(SemLoss(gram, MatrixXd::Zero(1, 1), layout, VectorXd::Ones(2)), layout,
                        {all_but_diagonal(2), CycleRule::in_the_union, MatrixXd::Zero(2, 2)},
                        MatrixXd::Ones(1, 1), VectorXd::Ones(1), SearchOptions(), Execution{1, &stop}),
      Interrupted);
}

TEST_CASE("projection keeps the largest edges and never a cycle") {
  MatrixXd w(3, 3);
  w << 9.0, 0.9, 0.1,  //
      0.5, 0.0, 0.8,   //
      0.7, 0.2, 0.0;
  MatrixXd expected(3, 3);
  expected << 0.0, 0.9, 0.1,  //
      0.0, 0.0, 0.8,          //
      0.0, 0.0, 0.0;
  CHECK(DagProjection(3)(w, 0.0) == expected);
  expected(0, 2) = 0.0;
  CHECK(DagProjection(3)(w, 0.15) == expected);
  for (unsigned seed = 0; seed < 200; ++seed) {
    const MatrixXd projected = DagProjection(6)(uniform(6, 6, seed, -1.0, 1.0), 0.1);
    CHECK_FALSE(has_cycle(projected));
    CHECK((projected.array() != 0.0).count() > 0);
  }
}

namespace {

/// Cross products of a linear SEM in a random order with weights that depend on one context.
MatrixXd contextual_gram(Index p, unsigned seed) {
  const Index n = 400;
  const MatrixXd noise = uniform(n, p, seed, -1.0, 1.0), slope = uniform(p, p, seed + 1, -1.0, 1.0);
  const VectorXd c = uniform(n, 1, seed + 2, -1.7, 1.7);
  MatrixXd x = noise;
  for (Index j = 1; j < p; ++j) {
    for (Index i = 0; i < j; ++i) x.col(j) += slope(i, j) * x.col(i) + slope(j, i) * c.cwiseProduct(x.col(i));
  }
  MatrixXd phi(n, 2 * p);
  for (Index i = 0; i < p; ++i) {
    const Index place = (3 * i + 1) % p;  // p must not be a multiple of 3
    phi.middleCols(2 * place, 2) << x.col(i), x.col(i).cwiseProduct(c);
  }
  return phi.transpose() * phi / static_cast<double>(n);
}

}  // namespace

TEST_CASE("the order search finds the best of all orders") {
  const Index p = 5;
  const EdgeLayout layout{p, 2};
  const MatrixXd none = MatrixXd::Zero(p, p), roughness = 0.01 * MatrixXd::Identity(2, 2);
  for (unsigned seed = 0; seed < 10; ++seed) {
    const MatrixXd gram = contextual_gram(p, 100 * seed);
    for (const bool equal : {true, false}) {
      const OrderRules rules{all_but_diagonal(p), none};
      const VectorXd weights = variances(p, equal);
      NodeScores scores(gram, roughness, layout, rules.allowed, weights);
      Order order{0, 1, 2, 3, 4};
      const OrderSearchResult found = OrderSearch(scores, rules, quiet)({order}, 10, 1);
      double least = std::numeric_limits<double>::infinity();
      do {
        std::string before(5, 0);
        double sum = 0.0;
        for (const Index j : order) {
          sum += scores(j, before, order);
          before[static_cast<std::size_t>(j)] = 1;
        }
        least = std::min(least, sum);
      } while (std::next_permutation(order.begin(), order.end()));
      CHECK(found.score == doctest::Approx(least).epsilon(1e-12));
    }
  }
}

TEST_CASE("a score is the residual variance of a penalised regression, alone and along a sequence") {
  const EdgeLayout layout{4, 2};
  const MatrixXd gram = contextual_gram(4, 7), allowed = all_but_diagonal(4);
  MatrixXd roughness(2, 2);
  roughness << 0.3, 0.1, 0.1, 0.4;
  const VectorXd weights = VectorXd::Ones(4);
  const auto expected = [&](Index j, const Order& parents) {
    std::vector<Index> rows;
    for (const Index i : parents) rows.insert(rows.end(), {2 * i, 2 * i + 1});
    MatrixXd inner = gram(rows, rows);
    for (Index at = 0; at < inner.rows(); at += 2) inner.block(at, at, 2, 2) += roughness;
    const VectorXd cross = gram(rows, 2 * j);
    return gram(2 * j, 2 * j) - cross.dot(inner.inverse() * cross);
  };
  NodeScores scores(gram, roughness, layout, allowed, weights);
  for (const Order& sequence : {Order{0, 2}, Order{2, 0, 1}, Order{3, 1, 0, 2}}) {
    std::string before(4, 0);
    Order parents;
    for (const Index i : sequence) {
      for (Index j = 0; j < 4; ++j) {
        if (before[static_cast<std::size_t>(j)] != 0) continue;
        CHECK(scores(j, before, sequence) == doctest::Approx(expected(j, parents)).epsilon(1e-12));
      }
      before[static_cast<std::size_t>(i)] = 1;
      parents.push_back(i);
    }
  }
}

TEST_CASE("the order search keeps required edges and ignores forbidden ones") {
  const EdgeLayout layout{5, 2};
  const MatrixXd roughness = MatrixXd::Zero(2, 2);
  for (unsigned seed = 0; seed < 10; ++seed) {
    const MatrixXd gram = contextual_gram(5, 100 * seed);
    OrderRules rules{all_but_diagonal(5), MatrixXd::Zero(5, 5)};
    rules.required(4, 0) = 1.0;
    rules.required(3, 2) = 1.0;
    rules.allowed(1, 2) = 0.0;
    const VectorXd own_variances;
    NodeScores scores(gram, roughness, layout, rules.allowed, own_variances);
    const Order order = OrderSearch(scores, rules, quiet)({{3, 4, 0, 1, 2}}, 20, 1).order;
    const auto place = [&](Index j) { return std::find(order.begin(), order.end(), j); };
    CHECK(place(4) < place(0));
    CHECK(place(3) < place(2));
    CHECK(scores(2, std::string{0, 1, 0, 0, 0}, {1}) == scores(2, std::string{0, 0, 0, 0, 0}, {}));
  }
}
