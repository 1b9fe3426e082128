#include <doctest/doctest.h>

#include <cmath>

#include "contextstats/objective/row_sums.hpp"
#include "loss_cases.hpp"
#include "numeric.hpp"

using namespace contextstats;
using namespace contextstats::testing;

namespace {

constexpr Index kRows = 20011;  // several blocks of rows, the last of them short

struct Rows {
  explicit Rows(const LossCase& example)
      : y(kRows), eta(kRows), freq(VectorXd::Ones(kRows)), var(VectorXd::Ones(kRows)) {
    for (Index i = 0; i < kRows; ++i) {
      y[i] = example.y[static_cast<std::size_t>(i) % example.y.size()];
      eta[i] = example.eta[static_cast<std::size_t>(i / 7) % example.eta.size()];
      freq[i] = static_cast<double>(1 + i % 3);
      var[i] = 0.5 + 0.25 * static_cast<double>(i % 5);
    }
  }
  VectorXd y, eta, freq, var;
};

}  // namespace

TEST_CASE("sums over rows are those of the rows one by one, with the same bits for any number of threads") {
  for (const LossCase& example : all_loss_cases()) {
    const std::unique_ptr<Loss> loss = example.loss();
    CAPTURE(loss->name());
    const Rows rows(example);
    const VectorXd weight = rows.freq.cwiseProduct(rows.var);
    const VectorXd mu = means(*loss, rows.eta, {1, nullptr});
    double deviance_by_row = 0.0, squares = 0.0, tilt = 0.0;
    for (Index i = 0; i < kRows; ++i) {
      double value, slope;
      loss->variance(&mu[i], 1, &value, &slope);
      const double residual = rows.y[i] - mu[i];
      deviance_by_row += weight[i] * evaluate_row(*loss, rows.y[i], rows.eta[i]).deviance;
      squares += weight[i] * residual * residual / value;
      tilt += rows.freq[i] * std::sqrt(rows.var[i]) * residual * slope / value;
    }
    const double of_all = deviance(*loss, rows.y, rows.eta, weight, {1, nullptr});
    const PearsonSums sums = pearson_sums(*loss, rows.y, mu, rows.freq, rows.var, {1, nullptr});
    CHECK(relative_error(of_all, deviance_by_row) < 1e-12);
    CHECK(relative_error(sums.squares, squares) < 1e-12);
    CHECK(relative_error(sums.tilt, tilt) < 1e-11);
    const double likelihood = saturated(*loss, rows.y, rows.var, rows.freq, 0.7, {1, nullptr}).value;
    const double at_once =
        loss->saturated(rows.y.data(), rows.var.data(), rows.freq.data(), kRows, 0.7).value;
    CHECK(relative_error(likelihood, at_once) < 1e-12);
    for (const int threads : {2, 7}) {
      const Execution execution{threads, nullptr};
      CHECK(deviance(*loss, rows.y, rows.eta, weight, execution) == of_all);
      CHECK(pearson_sums(*loss, rows.y, mu, rows.freq, rows.var, execution).squares == sums.squares);
      CHECK(saturated(*loss, rows.y, rows.var, rows.freq, 0.7, execution).value == likelihood);
      CHECK(means(*loss, rows.eta, execution) == mu);
    }
  }
}

TEST_CASE("one linear predictor for all rows gives the deviance of as many equal ones") {
  for (const LossCase& example : all_loss_cases()) {
    const std::unique_ptr<Loss> loss = example.loss();
    const Rows rows(example);
    const VectorXd one = VectorXd::Constant(1, example.eta[0]);
    const VectorXd all = VectorXd::Constant(kRows, example.eta[0]);
    CHECK(deviance(*loss, rows.y, one, rows.freq, {2, nullptr}) ==
          deviance(*loss, rows.y, all, rows.freq, {2, nullptr}));
  }
}

TEST_CASE("the slope of the variance function matches differences") {
  for (const LossCase& example : all_loss_cases()) {
    const std::unique_ptr<Loss> loss = example.loss();
    CAPTURE(loss->name());
    const auto variance_at = [&](double mu) {
      double value, slope;
      loss->variance(&mu, 1, &value, &slope);
      return value;
    };
    for (const double mu : {0.2, 0.6}) {
      double value, slope;
      loss->variance(&mu, 1, &value, &slope);
      CHECK(relative_error(slope, central_difference(variance_at, mu, 1e-3)) < 1e-9);
    }
  }
}
