#include <doctest/doctest.h>

#include <cstdint>
#include <random>

#include "contextstats/encoder/bspline_basis.hpp"
#include "contextstats/encoder/dense_basis.hpp"
#include "contextstats/encoder/factor_basis.hpp"
#include "contextstats/encoder/tensor_basis.hpp"
#include "contextstats/objective/design_passes.hpp"

using namespace contextstats;

namespace {

/// Rows enough for several chunks, every kind of basis, predictors that share some bases and not others.
struct MixedDesign {
  MixedDesign() : x(n, 3), contexts(n, 4) {
    std::mt19937 random(7);
    std::normal_distribution<double> normal;
    std::uniform_real_distribution<double> uniform(-0.2, 1.2);  // some rows beyond the knots
    for (Index i = 0; i < n; ++i) {
      x.row(i) << 1.0, normal(random), normal(random);
      contexts.row(i) << uniform(random), uniform(random), static_cast<double>(random() % 3), normal(random);
    }
    VectorXd even = VectorXd::LinSpaced(12, -0.6, 1.6);
    VectorXd uneven(10);
    uneven << -0.3, -0.2, -0.1, 0.0, 0.3, 0.4, 1.0, 1.1, 1.2, 1.3;
    const auto a = std::make_shared<BSplineBasis>(0, even, 3, false);
    const auto b = std::make_shared<BSplineBasis>(1, uneven, 3, false);
    bases = {std::make_shared<DenseBasis>(true, std::vector<Index>{3, 0}, VectorXd::Constant(2, 0.5),
                                          VectorXd::Constant(2, 2.0)),
             a, b, std::make_shared<FactorBasis>(2, 3), std::make_shared<TensorBasis>(a, b)};
    std::srand(3);
    add(0, 0, 3), add(0, 1, 7), add(0, 4, 5), add(1, 0, 2), add(1, 1, 7), add(1, 2, 5), add(1, 3, 2),
        add(2, 0, 1), add(2, 2, 4);
    z.resize(n, 0);
    for (const Block& block : blocks) append(block);
  }

  void add(Index predictor, Index basis, Index size) {
    blocks.push_back(
        {predictor, basis, MatrixXd::Random(bases[static_cast<std::size_t>(basis)]->n_columns(), size), 0});
  }

  /// The columns of a block the slow way: all raw functions, then the transform, then the predictor.
  void append(const Block& block) {
    const MatrixXd raw = basis_matrix(*bases[static_cast<std::size_t>(block.basis)], contexts);
    const MatrixXd columns = x.col(block.predictor).asDiagonal() * (raw * block.transform);
    z.conservativeResize(Eigen::NoChange, z.cols() + columns.cols());
    z.rightCols(columns.cols()) = columns;
  }

  static constexpr Index n = 10007;
  MatrixXd x, contexts, z;
  std::vector<std::shared_ptr<const ContextBasis>> bases;
  std::vector<Block> blocks;
};

double distance(const MatrixXd& a, const MatrixXd& b) {
  return (a - b).cwiseAbs().maxCoeff() / (1.0 + b.cwiseAbs().maxCoeff());
}

}  // namespace

namespace {

/// The sums over the rows of a design, on the rows of a fixture, against the design formed.
void check_passes(const MixedDesign& mixed) {
  const KhatriRaoDesign design(mixed.bases, mixed.blocks, 3);
  const MatrixXd& z = mixed.z;
  const Index n = MixedDesign::n;
  const Execution one{1, nullptr};
  const DesignRows rows(design, mixed.x, mixed.contexts, one);
  const Index P = design.n_coefficients();
  REQUIRE(P == z.cols());
  const VectorXd theta = VectorXd::Random(P);
  const VectorXd w = VectorXd::Random(n);  // observed weights may be negative
  MatrixXd v = MatrixXd::Random(P, P);
  v = (v + v.transpose()).eval();

  CHECK(distance(linear_predictor(rows, theta, one), z * theta) < 1e-13);
  CHECK(distance(gradient(rows, w, one), z.transpose() * w) < 1e-12);
  CHECK(distance(gram(rows, w, one), z.transpose() * w.asDiagonal() * z) < 1e-12);
  CHECK(distance(quadratic_form(rows, v, one), (z * v).cwiseProduct(z).rowwise().sum()) < 1e-12);

  std::vector<std::int64_t> group(static_cast<std::size_t>(n));
  MatrixXd indicator = MatrixXd::Zero(n, 5);
  for (Index i = 0; i < n; ++i) {
    group[static_cast<std::size_t>(i)] = i % 5;
    indicator(i, i % 5) = 1.0;
  }
  CHECK(distance(grouped_scores(rows, w, group.data(), 5), indicator.transpose() * w.asDiagonal() * z) <
        1e-12);
}

}  // namespace

TEST_CASE_FIXTURE(MixedDesign, "passes agree with the formed design, one group for each pair of bases") {
  check_passes(*this);
  const KhatriRaoDesign design(bases, blocks, 3);
  CHECK(GroupedRows(design, contexts, {1, nullptr}).groups().size() == 6);
}

TEST_CASE_FIXTURE(MixedDesign, "passes agree with the formed design, all bases in one group") {
  bases.resize(3);
  blocks.clear();
  z.resize(n, 0);
  add(0, 0, 3), add(0, 1, 7), add(1, 0, 2), add(1, 1, 7), add(1, 2, 5), add(2, 0, 1);
  for (const Block& block : blocks) append(block);
  check_passes(*this);
  const KhatriRaoDesign design(bases, blocks, 3);
  CHECK(GroupedRows(design, contexts, {1, nullptr}).groups().size() == 1);
}

TEST_CASE_FIXTURE(MixedDesign, "passes agree with the formed design, a dense basis of many contexts") {
  bases = {std::make_shared<DenseBasis>(true, std::vector<Index>{0, 1, 3}, VectorXd::Constant(3, 0.1),
                                        VectorXd::Constant(3, 0.7))};
  blocks.clear();
  z.resize(n, 0);
  add(0, 0, 4), add(1, 0, 4), add(2, 0, 3);
  for (const Block& block : blocks) append(block);
  check_passes(*this);
}

TEST_CASE_FIXTURE(MixedDesign, "passes agree with the formed design, a dense basis without a constant") {
  bases = {std::make_shared<DenseBasis>(false, std::vector<Index>{0, 3}, VectorXd::Zero(2),
                                        VectorXd::Constant(2, 0.7)),
           bases[2]};
  blocks.clear();
  z.resize(n, 0);
  add(0, 0, 2), add(1, 0, 2), add(2, 1, 3);
  for (const Block& block : blocks) append(block);
  check_passes(*this);
}

TEST_CASE_FIXTURE(MixedDesign, "any number of threads gives the same bits") {
  const KhatriRaoDesign design(bases, blocks, 3);
  const VectorXd w = VectorXd::Random(n);
  const MatrixXd one = gram(DesignRows(design, x, contexts, {1, nullptr}), w, {1, nullptr});
  for (const int threads : {2, 3, 7}) {
    const MatrixXd many = gram(DesignRows(design, x, contexts, {threads, nullptr}), w, {threads, nullptr});
    CHECK((one.array() == many.array()).all());
  }
}

TEST_CASE_FIXTURE(MixedDesign, "a request to stop ends a pass by an exception") {
  const KhatriRaoDesign design(bases, blocks, 3);
  const DesignRows rows(design, x, contexts, {1, nullptr});
  Hooks hooks;
  hooks.stop_requested = [] { return true; };
  CHECK_THROWS_AS(gram(rows, VectorXd::Ones(n), {1, &hooks}),
                  Interrupted);  // a helper may be faster than the one that asks
}

TEST_CASE("B-splines sum to one, also beyond their knots, and are continued by their tangent") {
  for (const Index degree : {1, 2, 3, 4}) {
    const VectorXd knots = VectorXd::LinSpaced(8 + degree + 1, -1.0, 2.0);
    const BSplineBasis basis(0, knots, degree, false);
    const double edge = knots[8];
    const double h = 1e-6;
    MatrixXd c(6, 1);
    c << -5.0, 0.1234, edge, edge + 1.0, edge + 2.0, edge - h;
    const MatrixXd values = basis_matrix(basis, c);
    for (Index i = 0; i < 6; ++i) CHECK(values.row(i).sum() == doctest::Approx(1.0).epsilon(1e-12));
    CHECK((values.row(4) - 2.0 * values.row(3) + values.row(2)).cwiseAbs().maxCoeff() < 1e-12);
    const Eigen::RowVectorXd inner_slope = (values.row(2) - values.row(5)) / h;
    CHECK((values.row(3) - values.row(2) - inner_slope).cwiseAbs().maxCoeff() < 1e-4);
  }
}

TEST_CASE("a cubic B-spline has its textbook values at and between even knots") {
  const VectorXd knots = VectorXd::LinSpaced(9, 0.0, 8.0);
  const BSplineBasis basis(0, knots, 3, false);
  MatrixXd c(2, 1);
  c << 3.0, 3.5;
  const MatrixXd values = basis_matrix(basis, c);
  Eigen::RowVector4d at_knot(1.0, 4.0, 1.0, 0.0), between(1.0, 23.0, 23.0, 1.0);
  CHECK((values.row(0).head(4) - at_knot / 6.0).cwiseAbs().maxCoeff() < 1e-15);
  CHECK((values.row(1).head(4) - between / 48.0).cwiseAbs().maxCoeff() < 1e-15);
}

TEST_CASE("columns may lie apart from each other") {
  const MixedDesign mixed;
  const KhatriRaoDesign design(mixed.bases, mixed.blocks, 3);
  const Execution one{1, nullptr};
  std::vector<VectorXd> apart;
  std::vector<const double*> predictors, contexts;
  for (Index k = 0; k < mixed.x.cols(); ++k) apart.push_back(mixed.x.col(k));
  for (Index k = 0; k < mixed.contexts.cols(); ++k) apart.push_back(mixed.contexts.col(k));
  for (std::size_t k = 0; k < apart.size(); ++k) (k < 3 ? predictors : contexts).push_back(apart[k].data());
  const VectorXd v = VectorXd::Random(MixedDesign::n);
  const DesignRows together(design, mixed.x, mixed.contexts, one);
  const DesignRows lists(design, Columns(predictors, MixedDesign::n), Columns(contexts, MixedDesign::n), one);
  CHECK(gradient(lists, v, one) == gradient(together, v, one));
  CHECK(gram(lists, v, one) == gram(together, v, one));
}
