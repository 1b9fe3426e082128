// Tests of terms: tails of chi-square mixtures, many at once, and score tests. Unknown smoothing parameters.

#include <pybind11/eigen.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "contextstats/inference/chi2_mixture.hpp"
#include "contextstats/inference/score_test.hpp"
#include "contextstats/inference/smoothing_integration.hpp"

namespace py = pybind11;
using namespace contextstats;

namespace {

using Flags = Eigen::Array<bool, Eigen::Dynamic, 1>;

ChiSquareMixture row_of(const MatrixXd& weights, const MatrixXd& df, const VectorXd& q, Index row) {
  return {weights.row(row), df.row(row), q[row]};
}

/// Positions of the coordinates of each group, from the number of the group of each coordinate.
std::vector<std::vector<Index>> members(const std::vector<Index>& groups, Index size) {
  if (static_cast<Index>(groups.size()) != size) {
    throw std::invalid_argument("groups must have one entry for each tested coordinate.");
  }
  std::vector<std::vector<Index>> out;
  for (std::size_t j = 0; j < groups.size(); ++j) {
    out.resize(std::max(out.size(), static_cast<std::size_t>(groups[j]) + 1));
    out[static_cast<std::size_t>(groups[j])].push_back(static_cast<Index>(j));
  }
  return out;
}

}  // namespace

void bind_inference(py::module_& m) {
  m.def(
      "mixture_tails",
      [](const MatrixXd& weights, const MatrixXd& df, const VectorXd& q, double agreement) {
        VectorXd probability(q.size());
        Flags upper(q.size()), settled(q.size());
        for (Index i = 0; i < q.size(); ++i) {
          const Tail tail = inversion_integral(row_of(weights, df, q, i), agreement);
          probability[i] = tail.probability, upper[i] = tail.upper, settled[i] = tail.settled;
        }
        return py::make_tuple(probability, upper, settled);
      },
      py::arg("weights"), py::arg("df"), py::arg("q"), py::arg("agreement"));
  m.def(
      "saddlepoint_tails",
      [](const MatrixXd& weights, const MatrixXd& df, const VectorXd& q) {
        VectorXd out(q.size());
        for (Index i = 0; i < q.size(); ++i) out[i] = lugannani_rice(row_of(weights, df, q, i));
        return out;
      },
      py::arg("weights"), py::arg("df"), py::arg("q"));
  m.def("without_rounding", &without_rounding, py::arg("information"), py::arg("size"));
  m.def(
      "null_score",
      [](const VectorXd& theta, const MatrixXd& inverse, const MatrixXd& influence,
         const VectorXd& gram_diagonal) -> std::optional<std::pair<VectorXd, MatrixXd>> {
        auto found = null_score(theta, inverse, influence, gram_diagonal);
        if (!found) return std::nullopt;
        return std::make_pair(std::move(found->score), std::move(found->information));
      },
      py::arg("theta"), py::arg("inverse"), py::arg("influence"), py::arg("gram_diagonal"));
  m.def(
      "kernel_weights",
      [](const VectorXd& penalty, const MatrixXd& information, const std::vector<Index>& groups) {
        return kernel_weights(penalty, information, members(groups, penalty.size()));
      },
      py::arg("penalty"), py::arg("information"), py::arg("groups"));
  m.def(
      "kernel_forms",
      [](const VectorXd& score, const MatrixXd& information, const VectorXd& kernel,
         const std::vector<Index>& groups, double scale) {
        std::vector<std::pair<double, VectorXd>> out;
        for (KernelForm& form :
             kernel_forms(score, information, kernel, members(groups, score.size()), scale))
          out.emplace_back(form.statistic, std::move(form.weights));
        return out;
      },
      py::arg("score"), py::arg("information"), py::arg("kernel"), py::arg("groups"), py::arg("scale"));
  m.def("integrated_root", &integrated_root, py::arg("inverse"), py::arg("estimate"), py::arg("penalties"),
        py::arg("lambdas"), py::arg("scale"), py::arg("prior_exponent"));
}
