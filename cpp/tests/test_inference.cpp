#include <doctest/doctest.h>

#include "contextstats/inference/chi2_mixture.hpp"
#include "contextstats/inference/score_test.hpp"

using namespace contextstats;

TEST_CASE("tails of pairs of chi-squares are those of exponentials, far out as well") {
  const VectorXd once = Eigen::Vector3d(1.0, 0.4, 0.1), two = VectorXd::Constant(3, 2.0);
  VectorXd pairs(6);
  pairs << 1.0, 1.0, 0.4, 0.4, 0.1, 0.1;
  for (const double q : {0.01, 1.0, 5.0, 40.0, 1000.0}) {
    double exact = 0.0;
    for (Index i = 0; i < 3; ++i) {
      double share = std::exp(-q / (2.0 * once[i]));
      for (Index j = 0; j < 3; ++j) share *= i == j ? 1.0 : once[i] / (once[i] - once[j]);
      exact += share;
    }
    for (const ChiSquareMixture& mixture :
         {ChiSquareMixture(once, two, q), ChiSquareMixture(pairs, VectorXd::Ones(6), q)}) {
      const Tail tail = inversion_integral(mixture, 1e-10);
      CHECK(tail.settled);
      CHECK((tail.upper ? tail.probability : 1.0 - tail.probability) ==
            doctest::Approx(exact).epsilon(1e-10));
      CHECK(lugannani_rice(mixture) == doctest::Approx(exact).epsilon(0.1));
    }
  }
}

TEST_CASE("the score of a null fit is the one that its residuals have") {
  MatrixXd z = MatrixXd::Random(40, 5);
  const VectorXd y = VectorXd::Random(40), s = Eigen::Matrix<double, 5, 1>(0.0, 0.3, 1.0, 2.0, 0.5);
  const MatrixXd gram = z.transpose() * z;
  MatrixXd h = gram;
  h.diagonal() += s;
  const MatrixXd inverse = h.inverse(), influence = inverse * gram;
  const VectorXd theta = inverse * (z.transpose() * y);
  const auto found = null_score(theta.tail(3), inverse.bottomRightCorner(3, 3),
                                influence.bottomRightCorner(3, 3), gram.diagonal().tail(3));
  REQUIRE(found);
  const MatrixXd z0 = z.leftCols(2), z1 = z.rightCols(3);
  const MatrixXd null = h.topLeftCorner(2, 2).inverse();
  const VectorXd residual = y - z0 * (null * (z0.transpose() * y));
  const MatrixXd projected = z1.transpose() * z1 - z1.transpose() * z0 * null * z0.transpose() * z1;
  CHECK((found->score - z1.transpose() * residual).norm() < 1e-10);
  CHECK((found->information - projected).norm() < 1e-10);
  CHECK(
      !null_score(theta.tail(3), MatrixXd::Ones(3, 3), influence.bottomRightCorner(3, 3), VectorXd::Ones(3)));
}

TEST_CASE("forms of kernels: as the kernel says, each term expected to contribute one") {
  const MatrixXd root = MatrixXd::Random(60, 24);
  const MatrixXd information = root.transpose() * root;
  std::vector<std::vector<Index>> groups(2);
  for (Index j = 0; j < 24; ++j) groups[static_cast<std::size_t>(j / 12)].push_back(j);
  VectorXd penalty(24);
  for (Index j = 0; j < 24; ++j) penalty[j] = std::pow(static_cast<double>(j % 12), 4);
  const VectorXd kernel = kernel_weights(penalty, information, groups), score = VectorXd::Random(24);
  const std::vector<KernelForm> forms = kernel_forms(score, information, kernel, groups, 2.0);
  REQUIRE(forms.size() == 3);  // that of the penalty, and those with 4 and 8 degrees of freedom
  CHECK(forms[0].statistic == doctest::Approx(score.cwiseAbs2().dot(kernel) / 2.0).epsilon(1e-12));
  const MatrixXd whole = kernel.cwiseSqrt().asDiagonal() * information * kernel.cwiseSqrt().asDiagonal();
  const VectorXd values = Eigen::SelfAdjointEigenSolver<MatrixXd>(whole).eigenvalues().reverse();
  CHECK((forms[0].weights - values).norm() < 1e-12);
  for (const KernelForm& form : forms) CHECK(form.weights.sum() == doctest::Approx(2.0).epsilon(1e-12));
  CHECK(kernel_forms(score, MatrixXd::Zero(24, 24), kernel, groups, 1.0)[0].weights.size() == 0);
}
