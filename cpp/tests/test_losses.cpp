#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "loss_cases.hpp"
#include "numeric.hpp"

using namespace contextstats;
using namespace contextstats::testing;

namespace {

double variance(const std::string& family, double parameter, double mu) {
  if (family == "gaussian") return 1.0;
  if (family == "binomial") return mu * (1.0 - mu);
  if (family == "poisson") return mu;
  if (family == "gamma") return mu * mu;
  if (family == "inverse_gaussian") return mu * mu * mu;
  if (family == "negative_binomial") return mu + parameter * mu * mu;
  return std::pow(mu, parameter);
}

void check_all_zero_but_infinite_deviance(const Row& row) {
  CHECK(row.deviance == std::numeric_limits<double>::infinity());
  for (const double value : {row.score, row.weight, row.expected, row.weight_d1, row.weight_d2})
    CHECK(value == 0.0);
}

void check_derivatives(const Loss& loss, double y, double eta) {
  const double h = 4e-4 * std::min(1.0, std::abs(eta) + 0.1);
  const auto numeric = [&](double Row::*member) {
    return central_difference([&](double t) { return evaluate_row(loss, y, t).*member; }, eta, h);
  };
  const Row row = evaluate_row(loss, y, eta);
  CHECK(relative_error(row.score, -0.5 * numeric(&Row::deviance)) < 1e-7);
  CHECK(relative_error(row.weight, -numeric(&Row::score)) < 1e-7);
  CHECK(relative_error(row.weight_d1, numeric(&Row::weight)) < 1e-7);
  CHECK(relative_error(row.weight_d2, numeric(&Row::weight_d1)) < 1e-7);
}

}  // namespace

TEST_CASE("score, weight and its derivatives match central differences for every family under every link") {
  for (const LossCase& example : all_loss_cases()) {
    const std::unique_ptr<Loss> loss = example.loss();
    const std::unique_ptr<Loss> general = example.general();
    CHECK(loss->name() == example.family + "(" + example.link + ")");
    for (const double y : example.y) {
      for (const double eta : example.eta) {
        CAPTURE(loss->name());
        CAPTURE(y);
        CAPTURE(eta);
        check_derivatives(*loss, y, eta);
        check_derivatives(*general, y, eta);
      }
    }
  }
}

TEST_CASE("the expected weight is (dmu/deta)^2 / V(mu), and the observed one at y = mu") {
  for (const LossCase& example : all_loss_cases()) {
    const std::unique_ptr<Loss> loss = example.loss();
    for (const double eta : example.eta) {
      const auto mean = [&](double t) {
        double mu = 0.0;
        loss->mean(&t, 1, &mu);
        return mu;
      };
      const double slope = central_difference(mean, eta, 1e-3 * std::min(1.0, std::abs(eta) + 0.1));
      const double expected = slope * slope / variance(example.family, example.parameter, mean(eta));
      CAPTURE(loss->name());
      CHECK(relative_error(evaluate_row(*loss, example.y[1], eta).expected, expected) < 1e-8);
      CHECK(relative_error(evaluate_row(*loss, mean(eta), eta).weight, expected) < 1e-8);
      CHECK(evaluate_row(*loss, mean(eta), eta).deviance < 1e-14);
    }
  }
}

TEST_CASE("unit deviances agree with R") {
  const auto deviances = [](const std::string& family, double parameter, std::vector<double> y,
                            std::vector<double> mu) {
    std::vector<double> out(y.size());
    LossTile tile;
    tile.deviance = out.data();
    make_loss(family, "identity", parameter)
        ->evaluate(y.data(), mu.data(), static_cast<Index>(y.size()), tile);
    return out;
  };
  const auto check = [](const std::vector<double>& found, const std::vector<double>& reference) {
    // R subtracts numbers that are nearly equal where y is close to mu.
    for (std::size_t i = 0; i < found.size(); ++i) CHECK(std::abs(found[i] - reference[i]) < 2e-14);
  };
  const std::vector<double> count = {0.0, 1.0, 4.0, 7.0}, mean = {0.5, 0.2, 4.1, 30.0};
  const std::vector<double> positive = {0.2, 1.0, 4.0}, center = {0.5, 1.01, 30.0};
  // R: poisson()$dev.resids(c(0, 1, 4, 7), c(.5, .2, 4.1, 30), 1), and so on
  check(deviances("poisson", 0.0, count, mean),
        {1.0, 1.6188758248682005, 0.002459099277028004, 25.625978743504213});
  check(deviances("gamma", 0.0, positive, center),
        {0.63258146374831004, 9.8681508316364464e-05, 2.2964727077511959});
  check(deviances("inverse_gaussian", 0.0, positive, center),
        {1.8, 9.8029604940692272e-05, 0.18777777777777777});
  check(deviances("binomial", 0.0, {0.0, 1.0, 0.3, 0.5}, {0.2, 0.9, 0.31, 0.999}),
        {0.44628710262841953, 0.2107210313156527, 0.00047033873914496468, 5.5224614181958289});
  // R: MASS::negative.binomial(2.5)$dev.resids(...); statmod::tweedie(var.power = 1.6)$dev.resids(...)
  check(deviances("negative_binomial", 0.4, count, mean),
        {0.91160778396977293, 1.4022974564726083, 0.000936236977278182, 2.9949962673589461});
  check(deviances("tweedie", 1.6, count, mean),
        {3.7892914162759963, 3.0482871524163242, 0.0010598605957860691, 4.3729033212703694});
}

TEST_CASE("formulas made for one pair agree with the general ones over many tiles") {
  const Index n = 700;
  for (const LossCase& example : all_loss_cases()) {
    const std::unique_ptr<Loss> loss = example.loss();
    const std::unique_ptr<Loss> general = example.general();
    const double low = example.eta.front(), high = example.eta.back();
    VectorXd y(n), eta(n);
    for (Index i = 0; i < n; ++i) {
      y[i] = example.y[static_cast<std::size_t>(i) % example.y.size()];
      eta[i] = low + (high - low) * static_cast<double>(i) / static_cast<double>(n - 1);
    }
    MatrixXd found(n, 6), reference(n, 6);
    const auto columns = [](MatrixXd& a) {
      return LossTile{a.col(0).data(), a.col(1).data(), a.col(2).data(),
                      a.col(3).data(), a.col(4).data(), a.col(5).data()};
    };
    loss->evaluate(y.data(), eta.data(), n, columns(found));
    general->evaluate(y.data(), eta.data(), n, columns(reference));
    CAPTURE(loss->name());
    CHECK(((found - reference).array().abs() / (1.0 + reference.array().abs())).maxCoeff() < 1e-12);

    VectorXd alone(n);
    for (int k = 0; k < 6; ++k) {  // asking for one array gives the same numbers as asking for all
      LossTile tile;
      double** members[] = {&tile.deviance, &tile.score,     &tile.weight,
                            &tile.expected, &tile.weight_d1, &tile.weight_d2};
      *members[k] = alone.data();
      loss->evaluate(y.data(), eta.data(), n, tile);
      CHECK((alone - found.col(k)).cwiseAbs().maxCoeff() <= 1e-13 * found.col(k).cwiseAbs().maxCoeff());
      general->evaluate(y.data(), eta.data(), n, tile);
      CHECK((alone - reference.col(k)).cwiseAbs().maxCoeff() <=
            1e-13 * reference.col(k).cwiseAbs().maxCoeff());
    }
  }
}

TEST_CASE("nothing is ever NaN, however far eta goes") {
  const double infinity = std::numeric_limits<double>::infinity();
  for (const LossCase& example : all_loss_cases()) {
    for (const std::unique_ptr<Loss>& loss : {example.loss(), example.general()}) {
      for (const double y : example.y) {
        for (const double eta : {-1e308, -1e160, -1e5, -800.0, -745.0, -300.0, -38.0, 0.0, 1e-200, 38.0,
                                 300.0, 745.0, 800.0, 1e5, 1e160, 1e308}) {
          const Row row = evaluate_row(*loss, y, eta);
          CAPTURE(loss->name());
          CAPTURE(y);
          CAPTURE(eta);
          CHECK(row.deviance >= 0.0);
          CHECK(row.expected >= 0.0);
          for (const double value : {row.score, row.weight, row.expected, row.weight_d1, row.weight_d2}) {
            CHECK(std::isfinite(value));
          }
        }
        for (const double eta : {-infinity, infinity, std::numeric_limits<double>::quiet_NaN()}) {
          CAPTURE(loss->name());
          CAPTURE(eta);
          check_all_zero_but_infinite_deviance(evaluate_row(*loss, y, eta));
        }
      }
    }
  }
}

TEST_CASE("sigmoid links stay exact in both tails") {
  for (const char* link : {"logit", "probit", "cloglog"}) {
    const std::unique_ptr<Loss> loss = make_loss("binomial", link, 0.0);
    CHECK(evaluate_row(*loss, 1.0, 800.0).deviance < 1e-300);
    CHECK(evaluate_row(*loss, 1.0, 800.0).score < 1e-300);
    CHECK(evaluate_row(*loss, 0.0, -800.0).deviance < 1e-300);
    CHECK(std::isfinite(evaluate_row(*loss, 1.0, -800.0).deviance));
    CHECK(evaluate_row(*loss, 1.0, -30.0).weight >= 0.0);
  }
  const std::unique_ptr<Loss> logit = make_loss("binomial", "logit", 0.0);
  CHECK(evaluate_row(*logit, 1.0, -800.0).deviance == 1600.0);
  CHECK(evaluate_row(*logit, 0.0, 800.0).score == -1.0);
  CHECK(relative_error(evaluate_row(*logit, 1.0, 50.0).score, std::exp(-50.0), 0.0) < 1e-14);
  CHECK(relative_error(evaluate_row(*logit, 1.0, 50.0).deviance, 2.0 * std::exp(-50.0), 0.0) < 1e-14);
  CHECK(relative_error(evaluate_row(*logit, 1.0, -50.0).weight, std::exp(-50.0), 0.0) < 1e-14);
  // R: -2 * pnorm(-40, log.p = TRUE)
  CHECK(evaluate_row(*make_loss("binomial", "probit", 0.0), 1.0, -40.0).deviance ==
        doctest::Approx(1609.2168840275076).epsilon(1e-14));
  const Row cloglog = evaluate_row(*make_loss("binomial", "cloglog", 0.0), 1.0, -30.0);
  CHECK(relative_error(cloglog.weight, 0.5 * std::exp(-30.0), 0.0) < 1e-12);
}

TEST_CASE("log-link deviances keep their digits where the response is close to its mean") {
  // D ~ (y - mu)^2 / V(mu).
  const double eta = std::log(1e8), shift = 1e2;
  CHECK(evaluate_row(*make_loss("poisson", "log", 0.0), 1e8 + shift, eta).deviance ==
        doctest::Approx(1e-4).epsilon(1e-5));
  CHECK(evaluate_row(*make_loss("negative_binomial", "log", 1e-8), 1e8 + shift, eta).deviance ==
        doctest::Approx(0.5e-4).epsilon(1e-5));
  CHECK(evaluate_row(*make_loss("gamma", "log", 0.0), 1e8 + shift, eta).deviance ==
        doctest::Approx(1e-12).epsilon(1e-3));
}

TEST_CASE("a mean outside the support is discarded") {
  check_all_zero_but_infinite_deviance(evaluate_row(*make_loss("poisson", "identity", 0.0), 2.0, -1.0));
  check_all_zero_but_infinite_deviance(evaluate_row(*make_loss("binomial", "log", 0.0), 1.0, 0.1));
  check_all_zero_but_infinite_deviance(evaluate_row(*make_loss("binomial", "identity", 0.0), 1.0, 1.0));
  check_all_zero_but_infinite_deviance(evaluate_row(*make_loss("gamma", "inverse", 0.0), 2.0, -1.0));
  check_all_zero_but_infinite_deviance(
      evaluate_row(*make_loss("inverse_gaussian", "inverse_squared", 0.0), 2.0, 0.0));
  check_all_zero_but_infinite_deviance(evaluate_row(*make_loss("poisson", "log", 0.0), 2.0, 710.0));
  check_all_zero_but_infinite_deviance(evaluate_row(*make_loss("poisson", "sqrt", 0.0), 2.0, -1.0));
  CHECK(std::isfinite(evaluate_row(*make_loss("gaussian", "inverse", 0.0), 2.0, -1.0).deviance));
}

TEST_CASE("losses say truly what they are") {
  for (const LossCase& example : all_loss_cases()) {
    const std::unique_ptr<Loss> loss = example.loss();
    CAPTURE(loss->name());
    double largest_gap = 0.0;
    for (const double y : example.y) {
      for (const double eta : example.eta) {
        const Row row = evaluate_row(*loss, y, eta);
        largest_gap = std::max(largest_gap, std::abs(row.weight - row.expected));
      }
    }
    CHECK(loss->canonical() == (largest_gap < 1e-12));
    CHECK(loss->gaussian_identity() == (example.family == "gaussian" && example.link == "identity"));
    const bool known =
        example.family == "binomial" || example.family == "poisson" || example.family == "negative_binomial";
    CHECK(loss->scale_known() == known);
  }
}

TEST_CASE("a wrong family, link or parameter is refused with what would be right") {
  CHECK_THROWS_WITH_AS(make_loss("poison", "log", 0.0),
                       "family must be one of gaussian, binomial, poisson, gamma, inverse_gaussian, "
                       "negative_binomial, tweedie, but is 'poison'.",
                       std::invalid_argument);
  CHECK_THROWS_AS(make_loss("poisson", "logg", 0.0), std::invalid_argument);
  CHECK_THROWS_AS(make_loss("negative_binomial", "log", 0.0), std::invalid_argument);
  CHECK_THROWS_AS(make_loss("negative_binomial", "identity", std::nan("")), std::invalid_argument);
  CHECK_THROWS_AS(make_loss("tweedie", "log", 2.0), std::invalid_argument);
  CHECK_THROWS_AS(make_loss("tweedie", "sqrt", 1.0), std::invalid_argument);
}
