#include <doctest/doctest.h>

#include "contextstats/fit/negative_binomial_fit.hpp"
#include "smooth_problem.hpp"

using namespace contextstats;

namespace {

double log_density(double y, double mu, double alpha) {
  const double size = 1.0 / alpha;
  return std::lgamma(y + size) - std::lgamma(size) - std::lgamma(y + 1.0) + y * std::log(alpha * mu) -
         (y + size) * std::log1p(alpha * mu);
}

/// The REML score of the fit at a fixed alpha.
double profile(const SmoothProblem& problem, const DataView& data, double log_alpha) {
  const auto loss = make_loss("negative_binomial", "log", std::exp(log_alpha));
  const DesignRows rows(*problem.design, data.x, data.contexts, {1, nullptr});
  FitOptions options;
  options.tolerance = 1e-11;
  return fit(Model(rows, data, *loss, {1, nullptr}), problem.penalties, options).criterion.value;
}

}  // namespace

TEST_CASE("derivatives of the negative binomial log density in log(alpha) match differences") {
  for (const double alpha : {0.02, 0.4, 3.0}) {
    const NegativeBinomialSlope slope(alpha);
    for (const double y : {0.0, 1.0, 7.0, 2.5, 1500.0}) {
      for (const double mu : {0.3, 4.0, 900.0}) {
        CAPTURE(alpha);
        CAPTURE(y);
        CAPTURE(mu);
        const double h = 1e-3;
        const auto at = [&](double step) { return log_density(y, mu, alpha * std::exp(step)); };
        const double once = 1.0;
        AlphaSlope found;
        slope.add(&y, &mu, &once, 1, found);
        const double scale = 1.0 + std::abs(at(0.0));
        CHECK(found.d1 == doctest::Approx((at(h) - at(-h)) / (2.0 * h)).epsilon(1e-5).scale(1e-3 * scale));
        CHECK(found.d2 ==
              doctest::Approx((at(h) - 2.0 * at(0.0) + at(-h)) / (h * h)).epsilon(1e-4).scale(1e-2 * scale));
      }
    }
  }
}

TEST_CASE_FIXTURE(SmoothProblem, "alpha ends where its REML profile is stationary") {
  std::mt19937 random(7);
  for (Index i = 0; i < n; ++i) {
    const double mean = 3.0 * std::exp(0.3 * eta[i]) * std::gamma_distribution<double>(2.0, 0.5)(random);
    y[i] = static_cast<double>(std::poisson_distribution<int>(mean)(random));
  }
  const DataView data{x, contexts, y, zero, one, one, one};
  const DesignRows rows(*design, x, contexts, {1, nullptr});
  const auto of_alpha = [](double alpha) { return make_loss("negative_binomial", "log", alpha); };
  const NegativeBinomialFit found =
      NegativeBinomialSearch(rows, data, of_alpha, penalties, {1, nullptr}).fit(FitOptions());
  REQUIRE(found.report.converged());
  CHECK(found.alpha > 0.3);
  CHECK(found.alpha < 0.8);
  const double at = std::log(found.alpha), h = 0.02;
  const double low = profile(*this, data, at - h), middle = profile(*this, data, at),
               high = profile(*this, data, at + h);
  const double curvature = (low - 2.0 * middle + high) / (h * h);
  CHECK(curvature > 1.0);
  const double newton_step = -(high - low) / (2.0 * h) / curvature;
  CHECK(std::abs(newton_step) < 1e-3);  // the difference is off by h^2 / 6 third derivatives
  CHECK(found.report.criterion.value == doctest::Approx(middle).epsilon(1e-9));
}
