#include <doctest/doctest.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "contextstats/link/make_link.hpp"
#include "numeric.hpp"

using namespace contextstats;
using contextstats::testing::central_difference;
using contextstats::testing::relative_error;

namespace {

struct LinkCase {
  std::string name;
  std::vector<double> eta;
};

const std::vector<LinkCase> kLinks = {
    {"identity", {-2.0, 0.3, 5.0}},
    {"log", {-3.0, 0.3, 2.0}},
    {"logit", {-4.0, -0.5, 0.0, 0.7, 4.0}},
    {"probit", {-3.0, -0.5, 0.0, 0.7, 3.0}},
    {"cloglog", {-5.0, -1.0, -0.6, 0.3, 1.5}},
    {"inverse", {-0.7, 0.3, 2.0}},
    {"inverse_squared", {0.3, 1.0, 4.0}},
    {"sqrt", {0.4, 1.0, 3.0}},
};

double mean_derivative(const Link& link, double eta, int k) {
  MeanTile tile;
  link.inverse(&eta, 1, tile);
  return tile.d[k][0];
}

double log_success(const Link& link, double eta, int k) {
  LogProbabilityTile tile;
  link.log_probability(&eta, 1, tile);
  return tile.success[k][0];
}

double log_failure(const Link& link, double eta, int k) {
  LogProbabilityTile tile;
  link.log_probability(&eta, 1, tile);
  return tile.failure[k][0];
}

}  // namespace

TEST_CASE("every link undoes its inverse") {
  for (const LinkCase& example : kLinks) {
    const std::unique_ptr<const Link> link = make_link(example.name);
    CHECK(link->name() == example.name);
    for (const double eta : example.eta) {
      const double mu = mean_derivative(*link, eta, 0);
      CAPTURE(example.name);
      CHECK(relative_error((*link)(mu), eta) < 1e-13);
      CHECK(mu > link->lower());
      CHECK(mu < link->upper());
    }
  }
}

TEST_CASE("the inverse links agree with R") {
  // R: binomial("probit")$linkinv(.7); binomial("cloglog")$linkinv(.3); plogis(-4)
  CHECK(mean_derivative(*make_link("probit"), 0.7, 0) == doctest::Approx(0.75803634777692697).epsilon(1e-15));
  CHECK(mean_derivative(*make_link("cloglog"), 0.3, 0) ==
        doctest::Approx(0.74072313400917245).epsilon(1e-15));
  CHECK(mean_derivative(*make_link("logit"), -4.0, 0) ==
        doctest::Approx(0.017986209962091559).epsilon(1e-15));
}

TEST_CASE("four derivatives of every inverse link match central differences") {
  for (const LinkCase& example : kLinks) {
    const std::unique_ptr<const Link> link = make_link(example.name);
    for (const double eta : example.eta) {
      for (int k = 1; k <= 4; ++k) {
        const auto lower = [&](double t) { return mean_derivative(*link, t, k - 1); };
        const double numeric = central_difference(lower, eta, 1e-3 * std::min(1.0, std::abs(eta) + 0.1));
        CAPTURE(example.name);
        CAPTURE(eta);
        CAPTURE(k);
        CHECK(relative_error(mean_derivative(*link, eta, k), numeric) < 1e-8);
      }
    }
  }
}

TEST_CASE(
    "log probabilities of sigmoid links: values and derivatives, both sides of every change of formula") {
  for (const std::string name : {"logit", "probit", "cloglog"}) {
    const std::unique_ptr<const Link> link = make_link(name);
    for (const double eta : {-20.0, -6.0, -2.0, -0.70, -0.68, 0.0, 0.9, 2.0, 4.0}) {
      CAPTURE(name);
      CAPTURE(eta);
      const double mu = mean_derivative(*link, eta, 0);
      CHECK(relative_error(log_success(*link, eta, 0), std::log(mu)) < 1e-13);
      if (mu < 0.9) CHECK(relative_error(log_failure(*link, eta, 0), std::log1p(-mu)) < 1e-13);
      CHECK(std::exp(log_success(*link, eta, 0)) + std::exp(log_failure(*link, eta, 0)) ==
            doctest::Approx(1.0).epsilon(1e-13));
      for (int k = 1; k <= 4; ++k) {
        const double success =
            central_difference([&](double t) { return log_success(*link, t, k - 1); }, eta, 1e-3);
        const double failure =
            central_difference([&](double t) { return log_failure(*link, t, k - 1); }, eta, 1e-3);
        CAPTURE(k);
        CHECK(relative_error(log_success(*link, eta, k), success) < 2e-9);
        CHECK(relative_error(log_failure(*link, eta, k), failure) < 2e-9);
      }
    }
  }
}

TEST_CASE("sigmoid formulas agree with the quotients that hold for every link") {
  for (const std::string name : {"logit", "probit", "cloglog"}) {
    const std::unique_ptr<const Link> link = make_link(name);
    for (const double eta : {-1.5, -0.4, 0.2, 1.0}) {
      LogProbabilityTile special, general;
      link->log_probability(&eta, 1, special);
      link->Link::log_probability(&eta, 1, general);
      for (int k = 0; k < 5; ++k) {
        CAPTURE(name);
        CAPTURE(k);
        CHECK(relative_error(special.success[k][0], general.success[k][0]) < 1e-11);
        CHECK(relative_error(special.failure[k][0], general.failure[k][0]) < 1e-11);
      }
    }
  }
}

TEST_CASE("series and closed form of the complementary log-log link meet at exp(eta) = 1/2") {
  const std::unique_ptr<const Link> link = make_link("cloglog");
  const double below = std::log(0.5) - 1e-15, above = std::log(0.5) + 1e-15;
  for (int k = 0; k <= 4; ++k) {
    CAPTURE(k);
    CHECK(std::abs(log_success(*link, above, k) - log_success(*link, below, k)) < 1e-14);
  }
}

TEST_CASE("the tails of sigmoid links have their known limits") {
  const std::unique_ptr<const Link> logit = make_link("logit");
  CHECK(log_success(*logit, -800.0, 0) == -800.0);
  CHECK(log_success(*logit, -800.0, 1) == 1.0);
  CHECK(log_failure(*logit, -800.0, 1) == 0.0);
  CHECK(log_failure(*logit, 800.0, 0) == -800.0);

  // cloglog below: log mu = eta - e/2 + e^2/24, failure -e with e = exp(eta); above: success - exp(-e).
  const std::unique_ptr<const Link> cloglog = make_link("cloglog");
  const double e = std::exp(-40.0);
  CHECK(log_success(*cloglog, -40.0, 0) == doctest::Approx(-40.0).epsilon(1e-15));
  CHECK(relative_error(log_success(*cloglog, -40.0, 2), -0.5 * e, 0.0) < 1e-14);
  CHECK(relative_error(log_failure(*cloglog, -40.0, 3), -e, 0.0) < 1e-14);
  CHECK(log_success(*cloglog, 800.0, 0) == 0.0);
  for (int k = 1; k <= 4; ++k) CHECK(log_success(*cloglog, 800.0, k) == 0.0);

  // probit below: log Phi ~ -eta^2 / 2 - log(-eta sqrt(2 pi)), hazard ~ -eta - 1/eta.
  const std::unique_ptr<const Link> probit = make_link("probit");
  CHECK(log_success(*probit, -1e4, 1) == doctest::Approx(1e4 + 1e-4).epsilon(1e-12));
  CHECK(log_success(*probit, -1e4, 2) == doctest::Approx(-1.0).epsilon(1e-7));
  CHECK(log_success(*probit, 60.0, 1) == 0.0);
  CHECK(log_failure(*probit, 60.0, 1) == doctest::Approx(-60.0 - 1.0 / 60.0).epsilon(1e-6));
}

TEST_CASE("probabilities do not exist where the mean is outside (0, 1)") {
  CHECK(std::isnan(log_success(*make_link("log"), 0.1, 0)));
  CHECK(std::isnan(log_failure(*make_link("identity"), -0.1, 1)));
  CHECK(log_success(*make_link("log"), -0.1, 0) == doctest::Approx(-0.1));
  CHECK(std::isnan(mean_derivative(*make_link("sqrt"), -1.0, 0)));
  CHECK(std::isnan(mean_derivative(*make_link("inverse_squared"), 0.0, 0)));
  CHECK(std::isnan(mean_derivative(*make_link("inverse"), 0.0, 0)));
}

TEST_CASE("an unknown link is refused with the list of known ones") {
  CHECK_THROWS_WITH_AS(
      make_link("logi"),
      "link must be one of identity, log, logit, probit, cloglog, inverse, inverse_squared, sqrt, but "
      "is 'logi'.",
      std::invalid_argument);
}
