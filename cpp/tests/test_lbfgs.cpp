#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <random>
#include <set>
#include <string>

#include "contextstats/loss/make_loss.hpp"
#include "contextstats/optim/lbfgs.hpp"
#include "numeric.hpp"

using namespace contextstats;

namespace {

double rosenbrock(const VectorXd& x, VectorXd& gradient) {
  double value = 0.0;
  gradient.setZero(x.size());
  for (Index j = 0; j + 1 < x.size(); ++j) {
    const double bend = x[j + 1] - x[j] * x[j];
    value += 100.0 * bend * bend + (1.0 - x[j]) * (1.0 - x[j]);
    gradient[j] += -400.0 * x[j] * bend - 2.0 * (1.0 - x[j]);
    gradient[j + 1] += 200.0 * bend;
  }
  return value;
}

/// sum_j c_j x_j^2 / 2 - x_j, condition number 1e10.
struct IllScaled {
  explicit IllScaled(Index size) : curvature(size) {
    for (Index j = 0; j < size; ++j)
      curvature[j] = std::pow(10.0, 10.0 * static_cast<double>(j) / static_cast<double>(size - 1));
  }
  double operator()(const VectorXd& x, VectorXd& gradient) const {
    gradient = curvature.cwiseProduct(x).array() - 1.0;
    return 0.5 * curvature.dot(x.cwiseAbs2()) - x.sum();
  }
  VectorXd curvature;
};

}  // namespace

TEST_CASE("L-BFGS walks the valley of Rosenbrock to its end") {
  VectorXd start(6);
  start << -1.2, 1.0, -1.2, 1.0, -1.2, 1.0;
  LbfgsOptions options;
  options.gradient_tolerance = 1e-10;
  const LbfgsResult result = minimize_lbfgs(rosenbrock, start, options);
  CHECK(result.termination == Termination::gradient_small);
  CHECK(result.converged());
  CHECK((result.theta.array() - 1.0).abs().maxCoeff() < 1e-8);
  CHECK(result.gradient_norm <= 1e-10);
  CHECK(result.iterations < 150);
  CHECK(result.evaluations >= result.iterations);
}

TEST_CASE("L-BFGS solves an ill-scaled quadratic, at once if it is told the scales") {
  const IllScaled quadratic(8);
  LbfgsOptions options;
  options.gradient_tolerance = 1e-9;
  const LbfgsResult blind = minimize_lbfgs(quadratic, VectorXd::Zero(8), options);
  CHECK(blind.converged());
  CHECK((blind.theta.cwiseProduct(quadratic.curvature).array() - 1.0).abs().maxCoeff() < 1e-6);
  CHECK(blind.iterations > 2);

  options.scaling = quadratic.curvature.cwiseInverse();
  const LbfgsResult told = minimize_lbfgs(quadratic, VectorXd::Zero(8), options);
  CHECK(told.termination == Termination::gradient_small);
  CHECK(told.iterations == 1);
  CHECK((told.theta.cwiseProduct(quadratic.curvature).array() - 1.0).abs().maxCoeff() < 1e-9);
}

TEST_CASE("L-BFGS finds the logistic regression of R") {
  // R: x <- c(-2, -1, -.5, 0, .3, 1, 1.5, 2.5); y <- c(0, 0, 1, 0, 1, 0, 1, 1)
  //    coef(glm(y ~ x, binomial, control = list(epsilon = 1e-15)))
  VectorXd x(8), y(8);
  x << -2.0, -1.0, -0.5, 0.0, 0.3, 1.0, 1.5, 2.5;
  y << 0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 1.0;
  const std::unique_ptr<Loss> loss = make_loss("binomial", "logit", 0.0);
  const auto objective = [&](const VectorXd& theta, VectorXd& gradient) {
    const VectorXd eta = theta[0] + (theta[1] * x).array();
    VectorXd deviance(8), score(8);
    LossTile tile;
    tile.deviance = deviance.data();
    tile.score = score.data();
    loss->evaluate(y.data(), eta.data(), 8, tile);
    gradient[0] = -score.sum();
    gradient[1] = -score.dot(x);
    return 0.5 * deviance.sum();
  };
  LbfgsOptions options;
  options.gradient_tolerance = 1e-12;
  const LbfgsResult result = minimize_lbfgs(objective, VectorXd::Zero(2), options);
  CHECK(result.converged());
  CHECK(result.theta[0] == doctest::Approx(-0.22849638343635961).epsilon(1e-10));
  CHECK(result.theta[1] == doctest::Approx(1.0640158741213648).epsilon(1e-10));
}

TEST_CASE("L-BFGS steps back from points where the objective is infinite or not a number") {
  // x - log x, undefined for x <= 0: the first step from 10 goes too far.
  for (const double outside :
       {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    int rejected = 0;
    const auto objective = [&](const VectorXd& x, VectorXd& gradient) {
      gradient[0] = 1.0 - 1.0 / x[0];
      if (x[0] > 0.0) return x[0] - std::log(x[0]);
      ++rejected;
      return outside;
    };
    LbfgsOptions options;
    options.scaling = VectorXd::Constant(1, 100.0);
    const LbfgsResult result = minimize_lbfgs(objective, VectorXd::Constant(1, 10.0), options);
    CHECK(result.termination == Termination::gradient_small);
    CHECK(result.theta[0] == doctest::Approx(1.0).epsilon(1e-7));
    CHECK(rejected > 0);
  }
}

TEST_CASE("a large constant in the objective does not make the line search fail") {
  const auto objective = [](const VectorXd& x, VectorXd& gradient) {
    const double value = rosenbrock(x, gradient);
    return 1e6 + value;
  };
  VectorXd start(2);
  start << -1.2, 1.0;
  LbfgsOptions options;
  options.gradient_tolerance =
      1e-14;  // 1e-8 in absolute terms, where differences of values are rounding error
  const LbfgsResult result = minimize_lbfgs(objective, start, options);
  CHECK(result.converged());
  CHECK((result.theta.array() - 1.0).abs().maxCoeff() < 1e-6);
}

TEST_CASE("every way to stop L-BFGS is reported by its name") {
  VectorXd start(2);
  start << -1.2, 1.0;
  LbfgsOptions options;
  CHECK(LbfgsResult().termination == Termination::not_run);

  options.maxiter = 3;
  const LbfgsResult limited = minimize_lbfgs(rosenbrock, start, options);
  CHECK(limited.termination == Termination::iteration_limit);
  CHECK(limited.iterations == 3);
  CHECK_FALSE(limited.converged());

  options.maxiter = 1000;
  int polls = 0;
  options.stop_requested = [&polls] { return ++polls > 4; };
  const LbfgsResult stopped = minimize_lbfgs(rosenbrock, start, options);
  CHECK(stopped.termination == Termination::interrupted);
  CHECK(stopped.iterations == 4);

  options.stop_requested = nullptr;
  options.objective_tolerance = 1e-3;
  CHECK(minimize_lbfgs(rosenbrock, start, options).termination == Termination::objective_flat);

  const auto nowhere = [](const VectorXd&, VectorXd& gradient) {
    gradient.setOnes();
    return std::numeric_limits<double>::quiet_NaN();
  };
  const LbfgsResult invalid = minimize_lbfgs(nowhere, start, LbfgsOptions());
  CHECK(invalid.termination == Termination::objective_not_finite);
  CHECK(invalid.theta == start);

  const auto wrong_gradient = [](const VectorXd& x, VectorXd& gradient) {
    gradient = -x;
    return x.squaredNorm();
  };
  CHECK(minimize_lbfgs(wrong_gradient, start, LbfgsOptions()).termination == Termination::line_search_failed);
}

TEST_CASE("the step of the line search fulfils the strong Wolfe conditions") {
  // Nocedal and Wright's difficult case: a narrow minimum far from the first step.
  const auto line = [](double t, double& slope) {
    slope = -0.4 * std::exp(-0.4 * t) + 2e-4 * t;
    return std::exp(-0.4 * t) + 1e-4 * t * t;
  };
  double slope0 = 0.0;
  const double value0 = line(0.0, slope0);
  LineSearchOptions options;
  options.curvature = 0.01;
  for (const double first : {1e-3, 1.0, 400.0}) {
    const LineSearchResult found = WolfeSearch(line, {0.0, value0, slope0}, options)(first);
    CHECK(found.wolfe);
    CHECK(found.point.value <= value0 + options.decrease * found.point.step * slope0);
    CHECK(std::abs(found.point.slope) <= options.curvature * std::abs(slope0));
  }
}

TEST_CASE("a line that falls for ever ends the search at its best point") {
  const auto line = [](double t, double& slope) {
    slope = -1.0;
    return -t;
  };
  LineSearchOptions options;
  options.max_evaluations = 5;
  const LineSearchResult found = WolfeSearch(line, {0.0, 0.0, -1.0}, options)(1.0);
  CHECK_FALSE(found.wolfe);
  CHECK(found.evaluations == 5);
  CHECK(found.point.step == 256.0);
}

TEST_CASE("to_string names every termination once") {
  std::set<std::string> names;
  for (const Termination termination :
       {Termination::not_run, Termination::gradient_small, Termination::objective_flat,
        Termination::iteration_limit, Termination::interrupted, Termination::line_search_failed,
        Termination::objective_not_finite}) {
    names.insert(to_string(termination));
  }
  CHECK(names.size() == 7);
  CHECK(names.count("unknown") == 0);
  CHECK(names.count("line_search_failed") == 1);
}
