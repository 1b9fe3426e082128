#include <doctest/doctest.h>

#include "smooth_problem.hpp"

using namespace contextstats;

namespace {

struct Case {
  const char* family;
  const char* link;
  double parameter;
};

/// Derivatives of a criterion against central differences of its value and of its gradient.
void check_derivatives(const Criterion& criterion, const SmoothingSearch::Solve& solve, bool has_hessian,
                       const VectorXd& rho = Eigen::Vector3d(1.0, 3.0, -0.5)) {
  const auto at = [&](const VectorXd& point) {
    return criterion.evaluate(solve(point, VectorXd()), point,
                              has_hessian ? Derivatives::exact : Derivatives::working);
  };
  const CriterionValue here = at(rho);
  const double h = 1e-3;
  for (Index k = 0; k < 3; ++k) {
    VectorXd up = rho, down = rho;
    up[k] += h;
    down[k] -= h;
    const CriterionValue above = at(up), below = at(down);
    CHECK(here.gradient[k] ==
          doctest::Approx((above.value - below.value) / (2.0 * h)).epsilon(1e-5).scale(1e-3));
    if (!has_hessian) continue;
    const VectorXd column = (above.gradient - below.gradient) / (2.0 * h);
    for (Index j = 0; j < 3; ++j)
      CHECK(here.hessian(j, k) == doctest::Approx(column[j]).epsilon(1e-4).scale(1e-2));
  }
}

}  // namespace

TEST_CASE_FIXTURE(SmoothProblem,
                  "REML, ML and GCV: gradients and Hessians match differences for every family") {
  const Case cases[] = {{"gaussian", "identity", 0.0},    {"gaussian", "log", 0.0},
                        {"binomial", "logit", 0.0},       {"binomial", "probit", 0.0},
                        {"binomial", "cloglog", 0.0},     {"poisson", "log", 0.0},
                        {"poisson", "sqrt", 0.0},         {"gamma", "log", 0.0},
                        {"gamma", "inverse", 0.0},        {"tweedie", "log", 1.5},
                        {"inverse_gaussian", "log", 0.0}, {"negative_binomial", "log", 0.4}};
  for (const Case& c : cases) {
    CAPTURE(c.family);
    CAPTURE(c.link);
    draw(std::string(c.family) == "gaussian" && std::string(c.link) == "log" ? "gamma" : c.family);
    const auto loss = make_loss(c.family, c.link, c.parameter);
    const DataView data{x, contexts, y, zero, weight, weight, one};
    const DesignRows rows(*design, x, contexts, {1, nullptr});
    const Model model(rows, data, *loss, {1, nullptr});
    const std::vector<bool> all(static_cast<std::size_t>(design->n_coefficients()), true);
    const auto solve = [&](const VectorXd& rho, const VectorXd& start) {
      return NewtonSolver(model, {200, 1e-13}).solve(total_penalty(penalties, rho), all, start);
    };
    check_derivatives(MarginalLikelihood(model, penalties, all, true), solve, true);
    check_derivatives(MarginalLikelihood(model, penalties, all, false), solve, true);
    check_derivatives(GeneralizedCrossValidation(model, penalties, all), solve, false);
  }
}

TEST_CASE_FIXTURE(SmoothProblem, "the Hessian is exact with a term in its null space") {
  draw("binomial");
  const auto loss = make_loss("binomial", "logit", 0.0);
  const DataView data{x, contexts, y, zero, weight, weight, one};
  const DesignRows rows(*design, x, contexts, {1, nullptr});
  const Model model(rows, data, *loss, {1, nullptr});
  const std::vector<bool> all(static_cast<std::size_t>(design->n_coefficients()), true);
  const auto solve = [&](const VectorXd& rho, const VectorXd& start) {
    return NewtonSolver(model, {200, 1e-13}).solve(total_penalty(penalties, rho), all, start);
  };
  for (const double flat : {8.0, 16.0, 26.0}) {
    check_derivatives(MarginalLikelihood(model, penalties, all, true), solve, true,
                      Eigen::Vector3d(1.0, flat, -0.5));
  }
}

TEST_CASE_FIXTURE(SmoothProblem, "Newton and L-BFGS reach the same smoothed fit") {
  draw("binomial");
  const auto loss = make_loss("binomial", "logit", 0.0);
  const DataView data{x, contexts, y, zero, one, one, one};
  const DesignRows rows(*design, x, contexts, {1, nullptr});
  const Model model(rows, data, *loss, {1, nullptr});
  FitOptions options;
  const FitReport newton = fit(model, penalties, options);
  options.method = Method::lbfgs;
  const FitReport lbfgs = fit(model, penalties, options);
  CHECK(newton.converged());
  CHECK(lbfgs.converged());
  CHECK((newton.theta - lbfgs.theta).norm() / newton.theta.norm() < 1e-6);
}

TEST_CASE_FIXTURE(SmoothProblem, "a tolerance below rounding ends where one just above it does") {
  for (const char* family : {"gaussian", "binomial", "poisson", "gamma"}) {
    CAPTURE(family);
    draw(family);
    const auto loss = make_loss(family,
                                std::string(family) == "gaussian"   ? "identity"
                                : std::string(family) == "binomial" ? "logit"
                                                                    : "log",
                                0.0);
    const DataView data{x, contexts, y, zero, one, one, one};
    const DesignRows rows(*design, x, contexts, {1, nullptr});
    const Model model(rows, data, *loss, {1, nullptr});
    FitOptions options;
    options.tolerance = 1e-12;
    const FitReport above = fit(model, penalties, options);
    options.tolerance = 1e-30;
    const FitReport below = fit(model, penalties, options);
    CHECK(below.converged());
    CHECK(below.iterations < 30);
    CHECK((below.theta - above.theta).norm() < 1e-8 * above.theta.norm());
  }
}

TEST_CASE_FIXTURE(SmoothProblem, "one reading of Gaussian data gives the fit of the general solver") {
  draw("gaussian");
  y.array() += 1e6;  // a large mean must cost no digits
  const auto loss = make_loss("gaussian", "identity", 0.0);
  const DataView data{x, contexts, y, zero, weight, weight, one};
  const DesignRows rows(*design, x, contexts, {1, nullptr});
  const Model model(rows, data, *loss, {1, nullptr});
  const VectorXd s = total_penalty(penalties, VectorXd::Zero(3));
  const std::vector<bool> all(static_cast<std::size_t>(design->n_coefficients()), true);
  const VectorXd origin = first_solution(model, s, all);
  const PenalizedFit slow = NewtonSolver(model, {50, 1e-12}).solve(s, all, VectorXd());
  const PenalizedFit fast = GaussianSolver(origin, model.evaluate(origin, Curvature::observed), all).solve(s);
  CHECK((fast.theta - slow.theta).norm() / slow.theta.norm() < 1e-12);
  // Residuals of responses near 1e6 carry rounding errors near 1e-10.
  CHECK(fast.deviance == doctest::Approx(slow.deviance).epsilon(1e-9));
}

TEST_CASE_FIXTURE(SmoothProblem, "data without any finite start end with a status, not with a crash") {
  draw("poisson");
  VectorXd offset = zero;
  for (Index i = 0; i < n; ++i)
    offset[i] = i % 2 == 0 ? 1e6 : -1e6;  // no coefficients make all means positive
  const auto loss = make_loss("poisson", "identity", 0.0);
  const DataView data{x, contexts, y, offset, one, one, one};
  for (const Smoothing smoothing : {Smoothing::reml, Smoothing::gcv, Smoothing::fixed}) {
    FitOptions options;
    options.smoothing = smoothing;
    const DesignRows rows(*design, x, contexts, {1, nullptr});
    const FitReport report = fit(Model(rows, data, *loss, {1, nullptr}), penalties, options);
    CHECK(!report.converged());
  }
}

TEST_CASE_FIXTURE(SmoothProblem, "a copied predictor is found, and the fit goes on without it") {
  draw("gaussian");
  std::vector<std::shared_ptr<const ContextBasis>> bases{
      std::make_shared<DenseBasis>(true, std::vector<Index>{}, VectorXd(), VectorXd())};
  std::vector<Block> blocks{
      {0, 0, MatrixXd::Ones(1, 1), 0}, {1, 0, MatrixXd::Ones(1, 1), 0}, {2, 0, MatrixXd::Ones(1, 1), 0}};
  MatrixXd copied(n, 3);
  copied << x, 2.0 * x.col(1) - 3.0 * x.col(0);
  const KhatriRaoDesign plain(bases, blocks, 3);
  for (const char* link : {"identity", "log"}) {
    y = eta.array().exp();
    const auto loss = make_loss("gaussian", link, 0.0);
    const DataView data{copied, contexts, y, zero, one, one, one};
    const DesignRows rows(plain, copied, contexts, {1, nullptr});
    const FitReport report = fit(Model(rows, data, *loss, {1, nullptr}), MatrixXd(0, 3), FitOptions());
    CHECK(report.identified == std::vector<bool>{true, true, false});
    CHECK(report.theta[2] == 0.0);
    CHECK(report.inverse.row(2).isZero());
  }
}

TEST_CASE("the streaming QR solves the Vandermonde problem that cross products cannot") {
  const Index n = 40, p = 11;
  StreamingQr qr(p);
  StreamingQr::Matrix rows(n, p + 1);
  for (Index i = 0; i < n; ++i) {
    const long double t = -9.0L + 6.0L * i / (n - 1);
    long double power = 1.0L, sum = 0.0L;
    for (Index j = 0; j < p; ++j, power *= t) {
      rows(i, j) = power;
      sum += power;
    }
    rows(i, p) = sum;  // all coefficients are one
  }
  qr.add(rows.topRows(15));
  qr.add(rows.bottomRows(25));
  const StreamingQr::Solution solution = qr.solve(1e-16);
  // Condition number near 1e15: the response holds terms of 1e9 beside coefficients of one.
  CHECK((solution.x.array() - 1.0).abs().maxCoeff() < 1e-4);
  const MatrixXd z = rows.leftCols(p).cast<double>();
  const VectorXd normal = (z.transpose() * z).ldlt().solve(z.transpose() * rows.col(p).cast<double>());
  CHECK((normal.array() - 1.0).abs().maxCoeff() > 1.0);
}
