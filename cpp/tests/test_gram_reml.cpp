#include <doctest/doctest.h>

#include <random>

#include "contextstats/network/gram_reml.hpp"

using namespace contextstats;

namespace {

/// Cross products of 60 rows, eight coefficients in three penalised groups (two penalties share one) and two
/// free.
struct Case {
  Case() {
    std::mt19937 generator(7);
    std::normal_distribution<double> normal;
    MatrixXd z(60, 10);
    VectorXd y(60);
    for (Index i = 0; i < z.size(); ++i) z.data()[i] = normal(generator);
    for (Index i = 0; i < y.size(); ++i) y[i] = normal(generator) + z(i, 2) - 0.5 * z(i, 6);
    gram = z.transpose() * z, cross = z.transpose() * y, total = y.squaredNorm();
    penalties = MatrixXd::Zero(3, 10);
    penalties.row(0).segment(2, 4) << 0.5, 1.0, 2.0, 3.0;
    penalties.row(1).segment(6, 4) << 1.0, 1.0, 2.0, 5.0;
    penalties.row(2).segment(6, 4) << 2.0, 0.3, 0.1, 1.0;
  }
  MatrixXd gram, penalties;
  VectorXd cross;
  double total = 0.0;
};

RemlDerivatives derivatives(const Case& c, const GramFit& fit, double residual_df) {
  const MatrixXd d = fit.rho.array().exp().matrix().asDiagonal() * c.penalties;
  const VectorXd s = d.colwise().sum();
  RemlDerivatives out(3);
  out.add(d, (s.array() > 0.0).select(s.cwiseInverse(), 0.0), fit.theta, fit.inverse, fit.scale, residual_df);
  return out;
}

}  // namespace

TEST_CASE("derivatives of the restricted likelihood agree with differences") {
  const Case c;
  for (const bool known : {false, true}) {
    const std::optional<double> scale = known ? std::optional<double>(1.3) : std::nullopt;
    const GramReml reml({c.gram, c.cross, c.total, 60.0, c.penalties, scale});
    const VectorXd rho = Eigen::Vector3d(0.4, 2.0, -1.0);
    const double df = known ? 0.0 : 58.0;
    const RemlDerivatives at = derivatives(c, reml.at(rho), df);
    const double step = 1e-5;
    for (Index k = 0; k < 3; ++k) {
      VectorXd above = rho, below = rho;
      above[k] += step, below[k] -= step;
      const GramFit up = reml.at(above), down = reml.at(below);
      CHECK(at.gradient[k] == doctest::Approx((up.criterion - down.criterion) / (2 * step)).epsilon(1e-6));
      const VectorXd slope =
          (derivatives(c, up, df).gradient - derivatives(c, down, df).gradient) / (2 * step);
      for (Index l = 0; l < 3; ++l) CHECK(at.hessian(k, l) == doctest::Approx(slope[l]).epsilon(1e-6));
    }
  }
}

TEST_CASE("the search ends where the gradient vanishes") {
  const Case c;
  const GramReml reml({c.gram, c.cross, c.total, 60.0, c.penalties, std::nullopt});
  const GramFit fit = reml.minimize();
  CHECK(fit.converged);
  const VectorXd center = balanced_rho(c.gram, c.penalties);
  const RemlDerivatives at = derivatives(c, fit, 58.0);
  for (Index k = 0; k < 3; ++k) {
    const bool at_the_end = std::abs(fit.rho[k] - center[k]) > 10.9;
    CHECK((at_the_end || std::abs(at.gradient[k]) < 1e-3));
  }
  const MatrixXd covariance = reml.covariance(fit);
  CHECK((covariance - covariance.transpose()).cwiseAbs().maxCoeff() < 1e-12);
  CHECK((covariance.diagonal() - fit.scale * fit.inverse.diagonal()).minCoeff() >= 0.0);
}

TEST_CASE("a singular system is told") {
  Case c;
  c.gram.col(1) = c.gram.col(0), c.gram.row(1) = c.gram.row(0);
  c.gram(1, 1) = c.gram(0, 0);
  CHECK_FALSE(
      GramReml({c.gram, c.cross, c.total, 60.0, c.penalties, std::nullopt}).at(VectorXd::Zero(3)).positive);
}

TEST_CASE("an inverse by halves is the inverse") {
  std::mt19937 generator(3);
  std::normal_distribution<double> normal;
  for (const Index n : {1, 7, 32, 33, 65, 150}) {
    MatrixXd z(2 * n + 3, n);
    for (Index i = 0; i < z.size(); ++i) z.data()[i] = normal(generator);
    const VectorXd unit = VectorXd::LinSpaced(n, 1e-3, 1e3);
    const MatrixXd h = unit.asDiagonal() * MatrixXd(z.transpose() * z) * unit.asDiagonal();
    const ScaledInverse solved(h);
    REQUIRE(solved.positive);
    const MatrixXd one = unit.cwiseInverse().asDiagonal() * (h * solved.inverse) * unit.asDiagonal();
    CHECK((one - MatrixXd::Identity(n, n)).cwiseAbs().maxCoeff() < 1e-10);
    CHECK((solved.inverse - solved.inverse.transpose()).cwiseAbs().maxCoeff() == 0.0);
    const double expected =
        2.0 * Eigen::LLT<MatrixXd>(h).matrixL().toDenseMatrix().diagonal().array().log().sum();
    CHECK(solved.log_determinant == doctest::Approx(expected).epsilon(1e-12));
  }
}

TEST_CASE("blocks of the covariance are those of the whole, and a known inverse is the same fit") {
  const Case c;
  const GramReml reml({c.gram, c.cross, c.total, 60.0, c.penalties, std::nullopt});
  const GramFit fit = reml.minimize();
  const MatrixXd covariance = reml.covariance(fit);
  const std::vector<MatrixXd> blocks = reml.covariance_blocks(fit, 5);
  REQUIRE(blocks.size() == 2);
  CHECK((blocks[1] - covariance.bottomRightCorner(5, 5)).cwiseAbs().maxCoeff() < 1e-13);
  const MatrixXd h = fit.inverse.inverse();
  const GramFit again = reml.of_inverse(fit.rho, fit.inverse, std::log(h.determinant()));
  CHECK((again.theta - fit.theta).cwiseAbs().maxCoeff() == 0.0);
  CHECK(again.criterion == doctest::Approx(fit.criterion));
}
