#include <doctest/doctest.h>

#include <cmath>

#include "loss_cases.hpp"
#include "numeric.hpp"

using namespace contextstats;
using namespace contextstats::testing;

namespace {

struct FamilyRows {
  std::string family;
  double parameter;
  std::vector<double> y;
  double reference;  // weighted saturated log-likelihood by R
};

const std::vector<double> kVarWeight = {1.0, 2.0, 0.5};
const std::vector<double> kFreqWeight = {1.0, 3.0, 2.0};
constexpr double kPhi = 0.7;

Saturated weighted(const FamilyRows& rows, double phi) {
  return make_loss(rows.family, "log", rows.parameter)
      ->saturated(rows.y.data(), kVarWeight.data(), kFreqWeight.data(), 3, phi);
}

Saturated unweighted(const std::string& family, double parameter, const std::vector<double>& y, double phi) {
  return make_loss(family, "log", parameter)
      ->saturated(y.data(), nullptr, nullptr, static_cast<Index>(y.size()), phi);
}

}  // namespace

TEST_CASE(
    "the saturated log-likelihood of families with a scale agrees with R, its derivatives with differences") {
  // R: y <- c(.2, 1, 4); v <- c(1, 2, .5); f <- c(1, 3, 2); phi <- .7
  // sum(f * dnorm(y, y, sqrt(phi / v), log = TRUE))
  // sum(f * dgamma(y, shape = v / phi, scale = y * phi / v, log = TRUE))
  // sum(f * statmod::dinvgauss(y, mean = y, dispersion = phi / v, log = TRUE))
  // sum(f * mapply(function(y, s) mgcv::ldTweedie(y, y, 1.6, s)[1], y, phi / v))
  const std::vector<FamilyRows> families = {
      {"gaussian", 0.0, {0.2, 1.0, 4.0}, -4.0970327771318669},
      {"gamma", 0.0, {0.2, 1.0, 4.0}, -5.6271661412957359},
      {"inverse_gaussian", 0.0, {0.2, 1.0, 4.0}, -5.841758991840388},
      {"tweedie", 1.6, {0.2, 1.0, 4.0}, -5.4470460654124615},
  };
  for (const FamilyRows& rows : families) {
    CAPTURE(rows.family);
    for (const double phi : {0.01, kPhi, 5.0}) {
      const Saturated at = weighted(rows, phi);
      const double h = 1e-3 * phi;
      const auto value = [&](double t) { return weighted(rows, t).value; };
      const auto slope = [&](double t) { return weighted(rows, t).d1; };
      CHECK(at.d1 == doctest::Approx(central_difference(value, phi, h)).epsilon(1e-8));
      CHECK(at.d2 == doctest::Approx(central_difference(slope, phi, h)).epsilon(1e-8));
    }
    CHECK(weighted(rows, kPhi).value == doctest::Approx(rows.reference).epsilon(1e-13));
  }
}

TEST_CASE("the saturated log-likelihood of families without a scale agrees with R and has no derivatives") {
  // R: k <- c(0, 3, 250); f <- c(1, 3, 2); sum(f * dpois(k, k, log = TRUE))
  // sum(f * dnbinom(k, mu = k, size = 1 / .4, log = TRUE))
  const std::vector<double> count = {0.0, 3.0, 250.0};
  const std::vector<double> ones = {1.0, 1.0, 1.0};
  const auto saturated = [&](const char* family, double parameter, const std::vector<double>& y,
                             const std::vector<double>& v) {
    const Saturated at =
        make_loss(family, "log", parameter)->saturated(y.data(), v.data(), kFreqWeight.data(), 3, 9.9);
    CHECK(at.d1 == 0.0);
    CHECK(at.d2 == 0.0);
    return at.value;
  };
  CHECK(saturated("poisson", 0.0, count, ones) == doctest::Approx(-11.847772460253882).epsilon(1e-14));
  CHECK(saturated("poisson", 0.0, count, {2.0, 2.0, 2.0}) ==
        doctest::Approx(-23.695544920507764).epsilon(1e-14));
  CHECK(saturated("negative_binomial", 0.4, count, ones) ==
        doctest::Approx(-17.765328399913976).epsilon(1e-14));
  // R: sum(f * dbinom(c(3, 0, 40), c(10, 4, 90), c(3, 0, 40) / c(10, 4, 90), log = TRUE))
  CHECK(saturated("binomial", 0.0, {0.3, 0.0, 40.0 / 90.0}, {10.0, 4.0, 90.0}) ==
        doctest::Approx(-6.2657691579272932).epsilon(1e-14));
  CHECK(saturated("binomial", 0.0, {1.0, 0.0, 1.0}, ones) == 0.0);
  // Half a trial: half of .3 log .3 + .7 log .7 for the last row, with frequency 2.
  CHECK(saturated("binomial", 0.0, {1.0, 0.0, 0.3}, {1.0, 1.0, 0.5}) ==
        doctest::Approx(0.3 * std::log(0.3) + 0.7 * std::log(0.7)).epsilon(1e-14));
}

TEST_CASE("saturated log-likelihood minus half the scaled deviance is the log density of R") {
  const std::vector<double> mu = {0.5, 1.1, 2.5};
  const auto log_likelihood = [&](const char* family, double parameter, const std::vector<double>& y,
                                  double phi) {
    const std::unique_ptr<Loss> loss = make_loss(family, "identity", parameter);
    double sum = loss->saturated(y.data(), nullptr, nullptr, 3, phi).value;
    for (std::size_t i = 0; i < 3; ++i) sum -= 0.5 * evaluate_row(*loss, y[i], mu[i]).deviance / phi;
    return sum;
  };
  // R: y <- c(.2, 1, 4); mu <- c(.5, 1.1, 2.5); phi <- .7; sum(dnorm(y, mu, sqrt(phi), log = TRUE))
  // sum(dgamma(y, shape = 1 / phi, scale = mu * phi, log = TRUE))
  // sum(statmod::dinvgauss(y, mean = mu, dispersion = phi, log = TRUE))
  const std::vector<double> y = {0.2, 1.0, 4.0};
  CHECK(log_likelihood("gaussian", 0.0, y, kPhi) == doctest::Approx(-3.9003746122773482).epsilon(1e-14));
  CHECK(log_likelihood("gamma", 0.0, y, kPhi) == doctest::Approx(-2.8149479835130147).epsilon(1e-14));
  CHECK(log_likelihood("inverse_gaussian", 0.0, y, kPhi) ==
        doctest::Approx(-3.2429910444559744).epsilon(1e-14));
  // R: k <- c(0, 3, 9); sum(dpois(k, mu, log = TRUE)); sum(dnbinom(k, mu = mu, size = 2.5, log = TRUE))
  const std::vector<double> k = {0.0, 3.0, 9.0};
  CHECK(log_likelihood("poisson", 0.0, k, 1.0) == doctest::Approx(-10.161039823029155).epsilon(1e-14));
  CHECK(log_likelihood("negative_binomial", 0.4, k, 1.0) ==
        doctest::Approx(-7.8086134954366537).epsilon(1e-14));
  // R: sum(mgcv::ldTweedie(c(0, .7, 4), mu, 1.6, phi)[, 1])
  CHECK(log_likelihood("tweedie", 1.6, {0.0, 0.7, 4.0}, kPhi) ==
        doctest::Approx(-5.5431395654492057).epsilon(1e-12));
}

TEST_CASE("a frequency weight of two is the row twice, and no weights are weights of one") {
  const std::vector<double> once = {0.4, 2.0}, twice = {0.4, 2.0, 2.0}, frequency = {1.0, 2.0},
                            ones = {1.0, 1.0};
  for (const char* family : {"gaussian", "gamma", "inverse_gaussian", "poisson", "tweedie"}) {
    CAPTURE(family);
    const std::unique_ptr<Loss> loss = make_loss(family, "log", 1.3);
    const Saturated weighted = loss->saturated(once.data(), ones.data(), frequency.data(), 2, kPhi);
    const Saturated repeated = unweighted(family, 1.3, twice, kPhi);
    CHECK(weighted.value == doctest::Approx(repeated.value).epsilon(1e-14));
    CHECK(weighted.d1 == doctest::Approx(repeated.d1).epsilon(1e-14));
    CHECK(weighted.d2 == doctest::Approx(repeated.d2).epsilon(1e-14));
  }
}

TEST_CASE("the starting linear predictor is that of R where the link can express it") {
  const std::vector<double> y = {0.0, 3.0}, share = {0.0, 0.75}, trials = {1.0, 4.0};
  double eta[2];
  make_loss("poisson", "log", 0.0)->initial_eta(y.data(), nullptr, 2, eta);
  CHECK(eta[0] == doctest::Approx(std::log(0.1)));
  CHECK(eta[1] == doctest::Approx(std::log(3.1)));
  make_loss("binomial", "logit", 0.0)->initial_eta(share.data(), trials.data(), 2, eta);
  CHECK(eta[0] == doctest::Approx(std::log(0.25 / 0.75)));
  CHECK(eta[1] == doctest::Approx(std::log(0.7 / 0.3)));
  make_loss("negative_binomial", "identity", 1.0)->initial_eta(y.data(), nullptr, 2, eta);
  CHECK(eta[0] == doctest::Approx(1.0 / 6.0));
  CHECK(eta[1] == 3.0);
}

TEST_CASE("every loss is finite at its starting linear predictor, whatever the response") {
  for (const LossCase& example : all_loss_cases()) {
    const std::unique_ptr<Loss> loss = example.loss();
    std::vector<double> y = example.y;
    if (example.family == "gaussian") y.push_back(0.0);
    if (example.family != "binomial") y.push_back(50.0);
    std::vector<double> eta(y.size());
    loss->initial_eta(y.data(), nullptr, static_cast<Index>(y.size()), eta.data());
    for (std::size_t i = 0; i < y.size(); ++i) {
      CAPTURE(loss->name());
      CAPTURE(y[i]);
      const Row row = evaluate_row(*loss, y[i], eta[i]);
      CHECK(std::isfinite(eta[i]));
      CHECK(std::isfinite(row.deviance));
      CHECK(row.expected > 0.0);
    }
  }
}
