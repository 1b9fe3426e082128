#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "contextstats/math/jet.hpp"
#include "contextstats/math/special.hpp"
#include "contextstats/math/stable.hpp"
#include "contextstats/math/tweedie_series.hpp"
#include "numeric.hpp"

using namespace contextstats;
using contextstats::testing::central_difference;
using contextstats::testing::relative_error;

TEST_CASE("log1pexp and expit keep their digits at both ends of the range") {
  CHECK(log1pexp(0.0) == doctest::Approx(std::log(2.0)).epsilon(1e-15));
  CHECK(log1pexp(800.0) == 800.0);
  CHECK(relative_error(log1pexp(-40.0), std::exp(-40.0), 0.0) < 1e-15);
  CHECK(log1pexp(-800.0) == 0.0);
  CHECK(relative_error(expit(-40.0), std::exp(-40.0), 0.0) < 1e-15);
  CHECK(expit(800.0) == 1.0);
  CHECK(expit(-800.0) == 0.0);
  CHECK(expit(1.3) + expit(-1.3) == doctest::Approx(1.0).epsilon(1e-15));
}

TEST_CASE("t - log(1 + t) is accurate near 0 and where series and logarithm meet") {
  // The Taylor series t^2/2 - t^3/3 + ... is exact to double precision for small t.
  for (const double t : {1e-9, -1e-9, 3e-6, -3e-6}) {
    const double taylor = t * t * (0.5 - t / 3.0 + t * t / 4.0);
    CHECK(relative_error(t_minus_log1p(t), taylor, 0.0) < 1e-15);
  }
  for (const double t : {0.25, -0.25, 0.2499, -0.2499, 0.1, -0.1}) {
    CHECK(relative_error(t_minus_log1p_series(t), t - std::log1p(t), 0.0) < 1e-14);
  }
  CHECK(t_minus_log1p(9.0) == doctest::Approx(9.0 - std::log(10.0)).epsilon(1e-15));
}

TEST_CASE("half the Poisson deviance keeps its digits for large counts close to their mean") {
  // (y - mu)^2 / (2 mu) to second order.
  CHECK(relative_error(poisson_half_deviance(1e12, 1e12 + 1e3), 0.5e-6, 0.0) < 1e-9);
  CHECK(poisson_half_deviance(0.0, 0.7) == 0.7);
  CHECK(poisson_half_deviance(3.0, 3.0) == 0.0);
}

TEST_CASE("vectorised exponential and logarithm agree with the standard library and do not overflow") {
  std::vector<double> x = {-1e4, -708.0, -1.0, -1e-20, 0.0, 0.3, 10.0, 708.0, 1e4};
  std::vector<double> out = x;
  exp_in_place(out.data(), static_cast<Index>(out.size()));
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double limited = std::max(-kExpLimit, std::min(kExpLimit, x[i]));
    CHECK(relative_error(out[i], std::exp(limited), 0.0) < 4e-16);
  }
  log_in_place(out.data(), static_cast<Index>(out.size()));
  CHECK(out[5] == doctest::Approx(0.3).epsilon(1e-15));
  CHECK(out[8] == doctest::Approx(708.0).epsilon(1e-15));
}

TEST_CASE("a jet of a quotient and of a power has the derivatives of calculus") {
  const Jet<3> x{{2.0, 1.0, 0.0, 0.0}};
  const Jet<3> one = constant_jet<3>(1.0);
  const Jet<3> reciprocal = one / x;  // 1/x: -1/x^2, 2/x^3, -6/x^4
  CHECK(reciprocal.derivative(0) == 0.5);
  CHECK(reciprocal.derivative(1) == -0.25);
  CHECK(reciprocal.derivative(2) == 0.25);
  CHECK(reciprocal.derivative(3) == -0.375);
  const Jet<3> root = pow(x, 1.5);
  CHECK(root.derivative(0) == doctest::Approx(std::pow(2.0, 1.5)));
  CHECK(root.derivative(1) == doctest::Approx(1.5 * std::sqrt(2.0)));
  CHECK(root.derivative(2) == doctest::Approx(0.75 / std::sqrt(2.0)));
  CHECK(root.derivative(3) == doctest::Approx(-0.375 * std::pow(2.0, -1.5)));
  const Jet<3> composed = (1.0 - x) * x + 3.0 * (x * x * x);  // x - x^2 + 3 x^3
  CHECK(composed.derivative(0) == 22.0);
  CHECK(composed.derivative(1) == 33.0);
  CHECK(composed.derivative(2) == 34.0);
  CHECK(composed.derivative(3) == 18.0);
}

TEST_CASE("Stirling's error gives the gamma, digamma and trigamma functions of R") {
  // R: x <- c(.1, .5, 1, 3.7); lgamma(x) - ((x - .5) * log(x) - x + .5 * log(2 * pi))
  CHECK(stirling_error(0.1).value == doctest::Approx(0.51274008133191495).epsilon(1e-14));
  CHECK(stirling_error(0.5).value == doctest::Approx(0.15342640972002741).epsilon(1e-14));
  CHECK(stirling_error(1.0).value == doctest::Approx(0.08106146679532733).epsilon(1e-14));
  CHECK(stirling_error(3.7).value == doctest::Approx(0.02246877058014296).epsilon(1e-13));
  // R: digamma(c(.3, 2.5, 40)); trigamma(c(.3, 2.5, 40))
  const double x[] = {0.3, 2.5, 40.0};
  const double digamma[] = {-3.5025242222001323, 0.70315664064524341, 3.6763273740348432};
  const double trigamma[] = {12.245364546107732, 0.49035775610023491, 0.025315103841291028};
  for (int i = 0; i < 3; ++i) {
    const StirlingError delta = stirling_error(x[i]);
    CHECK(std::log(x[i]) - 0.5 / x[i] + delta.d1 == doctest::Approx(digamma[i]).epsilon(1e-14));
    CHECK(1.0 / x[i] + 0.5 / (x[i] * x[i]) + delta.d2 == doctest::Approx(trigamma[i]).epsilon(1e-14));
  }
  CHECK(stirling_error(1e9).value == doctest::Approx(1.0 / 12e9).epsilon(1e-14));
}

TEST_CASE("log Phi and the hazard agree with R from the far lower to the upper tail") {
  // R: pnorm(x, log.p = TRUE); exp(dnorm(x, log = TRUE) - pnorm(x, log.p = TRUE))
  const double x[] = {-40.0, -12.0, -5.001, -4.999, 0.0, 3.0, 9.0};
  const double value[] = {-804.6084420137538,     -75.410673001568796,  -15.07018538160944,
                          -15.059812373671576,    -0.69314718055994529, -0.0013508099647481938,
                          -1.1285884059538408e-19};
  const double hazard[] = {40.024968847206338,    12.082214175254354,  5.1874712761032615,
                           5.1855366689741942,    0.79788456080286529, 0.0044378390421256622,
                           1.0279773571668901e-18};
  for (int i = 0; i < 7; ++i) {
    CHECK(relative_error(log_normal_cdf(x[i]).value, value[i], 0.0) < 2e-14);
    CHECK(relative_error(log_normal_cdf(x[i]).d1, hazard[i], 0.0) < 1e-13);  // R's own difference of logs
  }
}

TEST_CASE("derivatives of log Phi match central differences and the asymptotic series") {
  for (const double x : {-30.0, -6.0, -5.0001, -4.9, -1.0, 0.4, 3.0, 6.0}) {
    const LogNormalCdf at = log_normal_cdf(x);
    const double h = x == -5.0001 ? 2e-5 : 1e-3;  // stay on one side of the change of formula
    const auto d1 = [](double t) { return log_normal_cdf(t).d1; };
    const auto d2 = [](double t) { return log_normal_cdf(t).d2; };
    const auto d3 = [](double t) { return log_normal_cdf(t).d3; };
    CHECK(relative_error(at.d2, central_difference(d1, x, h), 1e-12) < 1e-8);
    CHECK(std::abs(at.d3 - central_difference(d2, x, h)) < 1e-9);
    CHECK(std::abs(at.d4 - central_difference(d3, x, h)) < 1e-9);
  }
  // -1 + 1/t^2 - 6/t^4 + 50/t^6 and its derivatives, t = -x.
  const double t = 1000.0;
  const LogNormalCdf far = log_normal_cdf(-t);
  CHECK(1.0 + far.d2 == doctest::Approx(1.0 / (t * t)).epsilon(1e-5));
  CHECK(far.d3 == doctest::Approx(2.0 / (t * t * t)).epsilon(2e-5));
  CHECK(far.d4 == doctest::Approx(6.0 / (t * t * t * t)).epsilon(3e-5));
}

TEST_CASE("the normal quantile agrees with R") {
  // R: qnorm(c(1e-300, 1e-5, .3, .5, .975))
  CHECK(normal_quantile(1e-300) == doctest::Approx(-37.047096299361201).epsilon(1e-14));
  CHECK(normal_quantile(1e-5) == doctest::Approx(-4.2648907939228256).epsilon(1e-14));
  CHECK(normal_quantile(0.3) == doctest::Approx(-0.52440051270804067).epsilon(1e-14));
  CHECK(std::abs(normal_quantile(0.5)) < 1e-16);
  CHECK(normal_quantile(0.975) == doctest::Approx(1.9599639845400536).epsilon(1e-14));
}

TEST_CASE("the Tweedie density of its mean agrees with the compound Poisson-gamma sum") {
  // R, for each y, pw, phi: j <- 1:20000; l <- y^(2-pw) / (phi * (2-pw)); al <- (2-pw) / (pw-1)
  // log(sum(dpois(j, l) * dgamma(y, shape = j * al, scale = phi * (pw-1) * y^(pw-1))))
  CHECK(TweedieSeries(1.5)(2.3, 0.7).value == doctest::Approx(-1.4113515634005096).epsilon(1e-14));
  CHECK(TweedieSeries(1.2)(0.4, 1.9).value == doctest::Approx(-2.6689520936918192).epsilon(1e-14));
  CHECK(TweedieSeries(1.83)(11.0, 0.05).value == doctest::Approx(-1.6181207849348282).epsilon(1e-13));
  CHECK(TweedieSeries(1.5)(3.0, 0.001).value == doctest::Approx(1.7109257592908678).epsilon(1e-12));
  // R: mgcv::ldTweedie(2.3, 2.3, 1.5, .7)[, 2:3], derivatives in phi
  const TweedieSaturated at = TweedieSeries(1.5)(2.3, 0.7);
  CHECK(at.d1 / 0.7 == doctest::Approx(-0.78461426240303744).epsilon(1e-12));
  CHECK((at.d2 - at.d1) / 0.49 == doctest::Approx(1.0056493535010063).epsilon(1e-12));
}

TEST_CASE("the Tweedie series tends to the saddlepoint as phi vanishes, and its strides leave no trace") {
  const TweedieSeries series(1.4);
  const double y = 2.0;
  const double saddlepoint = -0.5 * std::log(2.0 * 3.14159265358979323846 * 1e-9 * std::pow(y, 1.4));
  CHECK(series(y, 1e-9).value == doctest::Approx(saddlepoint).epsilon(1e-9));
  CHECK(series(y, 1e-9).d1 == doctest::Approx(-0.5).epsilon(1e-6));
  for (const double phi : {3.0, 0.4, 0.05, 0.01, 0.0021}) {
    const auto value = [&](double log_phi) { return series(y, std::exp(log_phi)).value; };
    const auto slope = [&](double log_phi) { return series(y, std::exp(log_phi)).d1; };
    CHECK(series(y, phi).d1 == doctest::Approx(central_difference(value, std::log(phi), 1e-3)).epsilon(1e-9));
    CHECK(series(y, phi).d2 == doctest::Approx(central_difference(slope, std::log(phi), 1e-3)).epsilon(1e-7));
  }
}
