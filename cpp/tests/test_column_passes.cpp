#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "contextstats/encoder/bspline_basis.hpp"
#include "contextstats/objective/column_passes.hpp"
#include "numeric.hpp"

using namespace contextstats;
using namespace contextstats::testing;

namespace {

constexpr Index kRows = 20011;  // several blocks of rows, the last of them short
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

VectorXd waves(double frequency) {
  return VectorXd::NullaryExpr(kRows, [=](Index i) { return std::sin(frequency * static_cast<double>(i)); });
}

}  // namespace

TEST_CASE("columns are copied from wherever they lie") {
  const VectorXd a = waves(0.1);
  const VectorXd wide = waves(0.7);
  const double one = 1.0;
  const Index n = kRows / 3;
  MatrixXd out(n, 4);
  const std::vector<Column> columns{
      {a.data(), 1}, {wide.data(), 3}, {&one, 0}, {wide.data() + 3 * (n - 1), -3}};
  for (const int threads : {1, 2, 7}) {
    out.setConstant(-5.0);
    lay_out(columns, n, out.data(), {threads, nullptr});
    for (Index i = 0; i < n; ++i) {
      REQUIRE(out(i, 0) == a[i]);
      REQUIRE(out(i, 1) == wide[3 * i]);
      REQUIRE(out(i, 2) == 1.0);
      REQUIRE(out(i, 3) == wide[3 * (n - 1 - i)]);
    }
  }
}

TEST_CASE("the range of a column says whether it is finite") {
  VectorXd a = waves(0.3);
  for (const Index stride : {1, 2}) {
    const Index n = kRows / stride;
    const Eigen::Map<const VectorXd, 0, Eigen::InnerStride<>> seen(a.data(), n, Eigen::InnerStride<>(stride));
    for (const int threads : {1, 2, 7}) {
      const Range range = range_of({a.data(), stride}, n, {threads, nullptr});
      CHECK(range.low == seen.minCoeff());
      CHECK(range.high == seen.maxCoeff());
    }
    for (const Index where : {Index{0}, Index{2}, stride * (n / 2), stride * (n - 1)}) {
      const double before = a[where];
      a[where] = kNaN;
      const Range missing = range_of({a.data(), stride}, n, {2, nullptr});
      CHECK(std::isnan(missing.low));
      CHECK(std::isnan(missing.high));
      a[where] = -std::numeric_limits<double>::infinity();
      CHECK(std::isinf(range_of({a.data(), stride}, n, {2, nullptr}).low));
      a[where] = before;
    }
  }
}

TEST_CASE("sums of the functions of a basis are those of its rows") {
  const VectorXd knots = VectorXd::LinSpaced(12, -1.6, 1.6);
  const VectorXd weight = waves(0.9).array() + 1.0;
  const MatrixXd contexts = 1.3 * waves(0.37);  // beyond the inner knots too
  for (const bool periodic : {false, true}) {
    const BSplineBasis basis(0, knots, 3, periodic);
    const MatrixXd values = basis_matrix(basis, contexts);
    const VectorXd sums = basis_sums(basis, contexts, nullptr, {1, nullptr});
    const VectorXd weighted = basis_sums(basis, contexts, weight.data(), {1, nullptr});
    const VectorXd expected = values.transpose() * weight;
    for (Index j = 0; j < basis.n_columns(); ++j) {
      CHECK(relative_error(sums[j], values.col(j).sum()) < 1e-12);
      CHECK(relative_error(weighted[j], expected[j]) < 1e-12);
    }
    for (const int threads : {2, 7}) {
      CHECK(basis_sums(basis, contexts, weight.data(), {threads, nullptr}) == weighted);
    }
  }
}

TEST_CASE("functions without rows under them sum to zero exactly") {
  const BSplineBasis basis(0, VectorXd::LinSpaced(12, -1.6, 1.6), 3, false);
  const MatrixXd contexts = waves(0.37).cwiseAbs();
  const VectorXd sums = basis_sums(basis, contexts, nullptr, {1, nullptr});
  CHECK(sums[0] == 0.0);
  CHECK(sums[basis.n_columns() - 1] > 0.0);
}
