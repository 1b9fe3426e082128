// Times of the passes of a fit over n rows, one thread, and of reading the same arrays once.
// Built and run by bench_kernels.py; prints key=seconds, the shortest of the repeats by the clock of the process.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "contextstats/encoder/bspline_basis.hpp"
#include "contextstats/encoder/dense_basis.hpp"
#include "contextstats/loss/make_loss.hpp"
#include "contextstats/objective/working_pass.hpp"

using namespace contextstats;

namespace {

constexpr int kRepeats = 7;

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

template <class Work>
void time(const std::string& name, const Work& work) {
  double best = std::numeric_limits<double>::infinity();
  for (int i = 0; i < kRepeats; ++i) {
    const double start = cpu_seconds();
    work();
    best = std::min(best, cpu_seconds() - start);
  }
  std::printf("%s=%.9g\n", name.c_str(), best);
}

volatile double sink;  // keeps results alive

MatrixXd uniform(Index n, Index columns, std::mt19937_64& random) {
  std::uniform_real_distribution<double> draw(0.0, 1.0);
  return MatrixXd::NullaryExpr(n, columns, [&] { return draw(random); });
}

VectorXd even_knots(Index k, Index degree) {
  const double step = 1.0 / static_cast<double>(k - degree);
  return VectorXd::LinSpaced(k + degree + 1, -step * static_cast<double>(degree),
                             1.0 + step * static_cast<double>(degree));
}

/// p predictors that all vary with a basis of m functions: a constant and m - 1 contexts.
KhatriRaoDesign dense_design(Index p, Index m) {
  std::vector<Index> columns;
  for (Index k = 0; k + 1 < m; ++k) columns.push_back(k);
  const VectorXd zero = VectorXd::Zero(m - 1), one = VectorXd::Ones(m - 1);
  std::vector<Block> blocks;
  for (Index j = 0; j < p; ++j) blocks.push_back({j, 0, MatrixXd::Identity(m, m), 0});
  return KhatriRaoDesign({std::make_shared<DenseBasis>(true, columns, zero, one)}, std::move(blocks), p);
}

/// p predictors, each with a constant and cubic B-splines of two contexts, one function less for the centring.
KhatriRaoDesign spline_design(Index p, Index k) {
  std::vector<std::shared_ptr<const ContextBasis>> bases = {
      std::make_shared<DenseBasis>(true, std::vector<Index>{}, VectorXd(), VectorXd())};
  for (Index c = 0; c < 2; ++c) bases.push_back(std::make_shared<BSplineBasis>(c, even_knots(k, 3), 3, false));
  std::vector<Block> blocks;
  for (Index j = 0; j < p; ++j) {
    blocks.push_back({j, 0, MatrixXd::Ones(1, 1), 0});
    for (Index c = 1; c <= 2; ++c) blocks.push_back({j, c, MatrixXd::Identity(k, k - 1), 0});
  }
  return KhatriRaoDesign(std::move(bases), std::move(blocks), p);
}

void time_design(const std::string& name, const KhatriRaoDesign& design, Index n, Index contexts) {
  std::mt19937_64 random(1);
  const MatrixXd x = uniform(n, design.n_predictors(), random), c = uniform(n, contexts, random);
  VectorXd y = uniform(n, 1, random);
  const VectorXd zero = VectorXd::Zero(n), one = VectorXd::Ones(n), theta = VectorXd::Zero(design.n_coefficients());
  const Execution execution;

  time(name + ".read", [&] { sink = x.sum() + c.sum() + y.sum(); });
  time(name + ".sort", [&] { sink = static_cast<double>(DesignRows(design, x, c, execution).grouped.n_blocks()); });
  const DesignRows rows(design, x, c, execution);
  time(name + ".gradient", [&] { sink = gradient(rows, y, execution)[0]; });
  time(name + ".information", [&] { sink = gram(rows, one, execution)(0, 0); });
  for (const char* family : {"gaussian", "binomial"}) {
    const bool logit = std::string(family) == "binomial";
    if (logit) y = (y.array() > 0.5).cast<double>();
    const auto loss = make_loss(family, logit ? "logit" : "identity", 0.0);
    const DataView data{x, c, y, zero, one, one, one};
    const Model model(rows, data, *loss, execution);
    const std::string prefix = name + "." + (logit ? "logit" : "gaussian");
    time(prefix + ".value_and_gradient", [&] { sink = model.evaluate(theta, Curvature::none).deviance; });
    time(prefix + ".all_three", [&] { sink = model.evaluate(theta, Curvature::observed).deviance; });
  }
}

}  // namespace

int main(int, char** arguments) {
  const Index n = std::atol(arguments[1]);
  time_design("dense", dense_design(10, 10), n, 9);
  time_design("spline", spline_design(5, 10), n, 2);
  return 0;
}
