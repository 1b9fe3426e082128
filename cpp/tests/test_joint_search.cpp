#include <doctest/doctest.h>

#include "smooth_problem.hpp"

using namespace contextstats;

namespace {

struct JointProblem : SmoothProblem {
  std::vector<bool> all() const {
    return std::vector<bool>(static_cast<std::size_t>(design->n_coefficients()), true);
  }
};

}  // namespace

TEST_CASE_FIXTURE(JointProblem, "the slope of log|H| that comes with a pass matches differences") {
  draw("poisson");
  const auto loss = make_loss("poisson", "log", 0.0);
  const DataView data{x, contexts, y, zero, weight, weight, one};
  const DesignRows rows(*design, x, contexts, {1, nullptr});
  const Model model(rows, data, *loss, {1, nullptr});
  const Index P = design->n_coefficients();
  std::srand(5);
  const VectorXd theta = 0.1 * VectorXd::Random(P);
  const MatrixXd half = MatrixXd::Random(P, P);
  const MatrixXd m = half * half.transpose();
  const VectorXd slope = model.evaluate(theta, Curvature::observed, m).slope;
  const double h = 1e-5;
  for (Index j = 0; j < P; j += 5) {
    const VectorXd step = h * VectorXd::Unit(P, j);
    const MatrixXd up = model.evaluate(theta + step, Curvature::observed).gram;
    const MatrixXd down = model.evaluate(theta - step, Curvature::observed).gram;
    const double difference = (m.cwiseProduct(up - down)).sum() / (2.0 * h);
    CHECK(slope[j] == doctest::Approx(difference).epsilon(1e-6).scale(1.0));
  }
}

TEST_CASE_FIXTURE(JointProblem, "the joint search settles where the nested search ends") {
  struct {
    const char* family;
    const char* link;
    double parameter;
  } const cases[] = {{"binomial", "logit", 0.0},
                     {"binomial", "cloglog", 0.0},
                     {"poisson", "log", 0.0},
                     {"gamma", "log", 0.0},
                     {"negative_binomial", "log", 0.4}};
  for (const auto& c : cases) {
    for (const bool restricted : {true, false}) {
      CAPTURE(c.family);
      CAPTURE(restricted);
      draw(c.family);
      const auto loss = make_loss(c.family, c.link, c.parameter);
      const DataView data{x, contexts, y, zero, weight, weight, one};
      const DesignRows rows(*design, x, contexts, {1, nullptr});
      const Model model(rows, data, *loss, {1, nullptr});
      const auto solve = [&](const VectorXd& rho, const VectorXd& start) {
        return NewtonSolver(model, {100, 1e-12}).solve(total_penalty(penalties, rho), all(), start);
      };
      const MarginalLikelihood criterion(model, penalties, all(), restricted);
      SmoothingSearchOptions options;
      options.tolerance = 1e-10;
      const SmoothingSearch nested(criterion, solve, options, nullptr);
      const VectorXd center = VectorXd::Zero(3);
      const VectorXd start = first_solution(model, total_penalty(penalties, center), all());
      const SearchResult joint =
          JointSearch(criterion, options).minimize(center, center, start, std::nullopt);
      REQUIRE(joint.termination == Termination::gradient_small);
      const SearchResult end = nested.minimize(center, joint.rho, joint.fit.theta);
      CHECK((joint.fit.theta - end.fit.theta).norm() / end.fit.theta.norm() < 1e-7);
      const SearchResult alone = nested.minimize(center, center, VectorXd());
      const double found = criterion.evaluate(joint.fit, joint.rho, Derivatives::none).value;
      CHECK(found <= alone.criterion.value + 1e-7);
    }
  }
}

TEST_CASE_FIXTURE(JointProblem, "a profile has its lowest point where the whole criterion has it") {
  draw("gaussian");
  const auto loss = make_loss("gaussian", "identity", 0.0);
  const DataView data{x, contexts, y, zero, weight, weight, one};
  const DesignRows rows(*design, x, contexts, {1, nullptr});
  const Model model(rows, data, *loss, {1, nullptr});
  const VectorXd origin = VectorXd::Zero(design->n_coefficients());
  const WorkingPass at = model.evaluate(origin, Curvature::observed);
  const std::vector<bool> everything = all();
  const VectorXd center = VectorXd::Constant(3, 1.0);
  const double phi = 0.7;
  const VectorXd lowest = ProfileScan(at.gram, at.score, penalties, everything).lowest(center, center, phi);
  for (Index k = 0; k < 3; ++k) {
    double least = std::numeric_limits<double>::infinity();
    double where = 0.0;
    for (double point = -9.0; point <= 21.0; point += 1.0) {
      VectorXd rho = center;
      rho[k] = point;
      const VectorXd s = total_penalty(penalties, rho);
      const ScaledCholesky factor(with_penalty(at.gram, s), kRankTolerance);
      const VectorXd theta = factor.solve(at.score);
      double log_s = 0.0;
      for (Index j = 0; j < s.size(); ++j) log_s += s[j] > 0.0 ? std::log(s[j]) : 0.0;
      const double value = -0.5 * at.score.dot(theta) / phi + 0.5 * (factor.log_determinant() - log_s);
      if (value >= least) continue;
      least = value;
      where = point;
    }
    CHECK(lowest[k] == where);
  }
}

TEST_CASE("another valley of a profile must be deeper by a unit of log-likelihood") {
  // V(t) = -a / (2 (1 + t)) + log(1 + 1/t) / 2 + log(1 + 1/(d t)) / 2 with t = exp(rho): the first
  // coefficient wants little smoothing, the second, which is zero, ever more. By differences of V, the valley
  // at the end of the range is deeper than that at rho = -1 by 0.955 (d = 1e-3) and 2.106 (d = 1e-4).
  const MatrixXd gram = MatrixXd::Identity(2, 2);
  const VectorXd target = (VectorXd(2) << std::sqrt(10.0), 0.0).finished();
  const VectorXd zero = VectorXd::Zero(1);
  const auto found = [&](double d) {
    const MatrixXd penalties = (MatrixXd(1, 2) << 1.0, d).finished();
    return ProfileScan(gram, target, penalties, {true, true}).lowest(zero, zero, 1.0)[0];
  };
  CHECK(found(1e-3) == -1.0);
  CHECK(found(1e-4) == 16.0);
}

namespace {

/// More rows than a search reads at every step, sorted by the first context.
struct ManyRows : JointProblem {
  static constexpr Index kRows = 26000;

  explicit ManyRows(const std::string& family)
      : many_x(kRows, 2), many_contexts(kRows, 2), many_y(kRows), zeros(VectorXd::Zero(kRows)) {
    std::mt19937 random(3);
    std::normal_distribution<double> normal;
    std::uniform_real_distribution<double> uniform;
    VectorXd prior(kRows);
    for (Index i = 0; i < kRows; ++i) {
      many_contexts.row(i) << static_cast<double>(i) / kRows, uniform(random);
      many_x.row(i) << 1.0, normal(random);
      const double level =
          std::sin(6.0 * many_contexts(i, 0)) / 2.0 + many_x(i, 1) * (many_contexts(i, 1) - 0.3);
      if (family == "binomial") many_y[i] = uniform(random) < 1.0 / (1.0 + std::exp(-level)) ? 1.0 : 0.0;
      if (family == "poisson") {
        many_y[i] = static_cast<double>(std::poisson_distribution<int>(std::exp(level))(random));
      }
      if (family == "gamma") many_y[i] = std::gamma_distribution<double>(2.0, 0.5 * std::exp(level))(random);
      prior[i] = 0.5 + uniform(random);
    }
    many_weight = prior;
    ones = VectorXd::Ones(kRows);
  }

  DataView view() const { return {many_x, many_contexts, many_y, zeros, many_weight, many_weight, ones}; }

  MatrixXd many_x, many_contexts;
  VectorXd many_y, zeros, many_weight, ones;
};

double relative(const MatrixXd& a, const MatrixXd& b) { return (a - b).norm() / b.norm(); }

}  // namespace

TEST_CASE("some rows stand for all where only the way of the weights is asked for") {
  const ManyRows problem("binomial");
  const auto loss = make_loss("binomial", "logit", 0.0);
  const DataView data = problem.view();
  const DesignRows rows(*problem.design, data.x, data.contexts, {1, nullptr});
  const Model model(rows, data, *loss, {1, nullptr});
  const RowSample sample(model, 12000);
  const StandIn some{sample.model(), sample.share()};
  std::srand(2);
  const Index P = problem.design->n_coefficients();
  const VectorXd theta = 0.3 * VectorXd::Random(P);
  const MatrixXd b = MatrixXd::Random(P, 2), m = MatrixXd::Identity(P, P);
  const WeightCurvature full = weight_curvature({model}, theta, b, m);
  const WeightCurvature part = weight_curvature(some, theta, b, m);
  for (std::size_t k = 0; k < 2; ++k) CHECK(relative(part.gram[k], full.gram[k]) < 0.1);
  CHECK(relative(part.curvature, full.curvature) < 0.05);
  CHECK(relative(weight_slope(some, theta, m), weight_slope({model}, theta, m)) < 0.05);
  CHECK(relative(model.evaluate(theta, Curvature::observed, m).slope, weight_slope({model}, theta, m)) <
        1e-12);
}

TEST_CASE("with many rows the joint search ends where the nested search on all rows ends") {
  for (const auto& [family, link] : {std::pair{"binomial", "logit"}, std::pair{"binomial", "probit"},
                                     std::pair{"poisson", "log"}, std::pair{"gamma", "log"}}) {
    CAPTURE(family);
    CAPTURE(link);
    const ManyRows problem(family);
    const auto loss = make_loss(family, link, 0.0);
    const DataView data = problem.view();
    const DesignRows rows(*problem.design, data.x, data.contexts, {1, nullptr});
    const Model model(rows, data, *loss, {1, nullptr});
    const FitReport report = fit(model, problem.penalties, FitOptions());
    REQUIRE(report.converged());
    const MarginalLikelihood criterion(model, problem.penalties, problem.all(), true);
    const auto solve = [&](const VectorXd& rho, const VectorXd& start) {
      return NewtonSolver(model, {100, 1e-12})
          .solve(total_penalty(problem.penalties, rho), problem.all(), start);
    };
    const VectorXd rho = report.lambda.array().log();
    const SearchResult end =
        SmoothingSearch(criterion, solve, SmoothingSearchOptions(), nullptr).minimize(rho, rho, report.theta);
    const CriterionValue exact = criterion.evaluate(end.fit, end.rho, Derivatives::exact);
    CHECK((end.rho - rho).cwiseAbs().maxCoeff() < 1e-5);
    CHECK(relative(report.theta, end.fit.theta) < 1e-7);
    CHECK(relative(report.gram_observed, end.fit.gram) < 1e-6);
    CHECK(relative(report.gram_expected, model.evaluate(end.fit.theta, Curvature::expected).gram) < 1e-6);
    CHECK(relative(report.eta, linear_predictor(rows, end.fit.theta, {1, nullptr})) < 1e-7);
    CHECK(report.deviance == doctest::Approx(end.fit.deviance).epsilon(1e-10));
    CHECK(report.criterion.value == doctest::Approx(exact.value).epsilon(1e-10));
    CHECK(relative(report.criterion.full_hessian, exact.full_hessian) < 1e-2);
  }
}
