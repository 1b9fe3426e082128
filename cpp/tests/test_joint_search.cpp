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
      const SearchOptions options{100, 1e-10, true};
      const SmoothingSearch nested(criterion, solve, options, nullptr);
      const VectorXd center = VectorXd::Zero(3);
      const VectorXd start = first_solution(model, total_penalty(penalties, center), all());
      const SearchResult joint = JointSearch(model, penalties, all(), restricted, options)
                                     .minimize(center, center, start, std::nullopt);
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
  const VectorXd lowest =
      ProfileScan(at.gram, at.score, penalties, everything).lowest(center, center, phi, 0.0);
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

TEST_CASE_FIXTURE(JointProblem, "some blocks stand for all where all are alike") {
  draw("binomial");
  constexpr Index copies = 820;  // 328000 rows, 41 blocks of 20 copies each
  const MatrixXd many_x = x.replicate(copies, 1), many_contexts = contexts.replicate(copies, 1);
  const VectorXd many_y = y.replicate(copies, 1), ones = VectorXd::Ones(n * copies);
  const VectorXd zeros = VectorXd::Zero(n * copies);
  const auto loss = make_loss("binomial", "logit", 0.0);
  const DataView data{many_x, many_contexts, many_y, zeros, ones, ones, ones};
  const DesignRows rows(*design, many_x, many_contexts, {1, nullptr});
  REQUIRE(rows.grouped.n_blocks() > 40);
  const Model model(rows, data, *loss, {1, nullptr});
  std::srand(2);
  const VectorXd theta = VectorXd::Random(design->n_coefficients());
  const MatrixXd b = MatrixXd::Random(design->n_coefficients(), 2);
  const std::vector<MatrixXd> full = gram_derivatives(model, theta, b, rows.grouped.n_blocks());
  const std::vector<MatrixXd> some = gram_derivatives(model, theta, b, 16);
  for (std::size_t k = 0; k < 2; ++k) CHECK((full[k] - some[k]).norm() / full[k].norm() < 5e-3);
}
