// Losses of the rows, and sums over rows that need no design.

#include <pybind11/eigen.h>
#include <pybind11/pybind11.h>

#include "contextstats/loss/make_loss.hpp"
#include "contextstats/objective/row_sums.hpp"
#include "hooks.hpp"

namespace py = pybind11;
using namespace contextstats;

namespace {

/// Runs work(execution) on arrays of one length, without the GIL.
template <class Work>
auto on_arrays(std::initializer_list<Index> sizes, int threads, const Work& work) {
  for (const Index size : sizes) {
    if (size != *sizes.begin()) throw std::invalid_argument("The arrays must have the same length.");
  }
  return without_gil([&] { return work(Execution{threads, nullptr}); });
}

}  // namespace

void bind_loss(py::module_& m) {
  py::class_<Loss>(m, "Loss")
      .def(py::init(&make_loss), py::arg("family"), py::arg("link"), py::arg("parameter"))
      .def_property_readonly("scale_known", &Loss::scale_known)
      .def_property_readonly("canonical", &Loss::canonical)
      .def_property_readonly("name", &Loss::name)
      .def(
          "mean",
          [](const Loss& loss, ConstVector eta, int threads) {
            return on_arrays({eta.size()}, threads,
                             [&](const Execution& execution) { return means(loss, eta, execution); });
          },
          py::arg("eta").noconvert(), py::arg("threads"))
      .def(
          "evaluate",
          [](const Loss& loss, ConstVector y, ConstVector eta) {
            if (y.size() != eta.size()) throw std::invalid_argument("y and eta must have the same length.");
            const Index n = eta.size();
            MatrixXd out(n, 6);
            loss.evaluate(y.data(), eta.data(), n,
                          {out.col(0).data(), out.col(1).data(), out.col(2).data(), out.col(3).data(),
                           out.col(4).data(), out.col(5).data()});
            return out;
          },
          py::arg("y").noconvert(), py::arg("eta").noconvert(),
          "Columns: deviance, score, observed weight, expected weight, d weight / d eta, d2 weight / d "
          "eta2.")
      .def(
          "deviance",
          [](const Loss& loss, ConstVector y, ConstVector eta, ConstVector weight, int threads) {
            const Index n = eta.size() == 1 ? y.size() : eta.size();
            return on_arrays({y.size(), n, weight.size()}, threads, [&](const Execution& execution) {
              return deviance(loss, y, eta, weight, execution);
            });
          },
          py::arg("y").noconvert(), py::arg("eta").noconvert(), py::arg("weight").noconvert(),
          py::arg("threads"))
      .def(
          "saturated",
          [](const Loss& loss, ConstVector y, ConstVector var_weight, ConstVector freq_weight, double phi,
             int threads) {
            return on_arrays({y.size(), var_weight.size(), freq_weight.size()}, threads,
                             [&](const Execution& execution) {
                               return saturated(loss, y, var_weight, freq_weight, phi, execution).value;
                             });
          },
          py::arg("y").noconvert(), py::arg("var_weight").noconvert(), py::arg("freq_weight").noconvert(),
          py::arg("phi"), py::arg("threads"))
      .def(
          "pearson",
          [](const Loss& loss, ConstVector y, ConstVector mu, ConstVector freq_weight, ConstVector var_weight,
             int threads) {
            const PearsonSums sums =
                on_arrays({y.size(), mu.size(), freq_weight.size(), var_weight.size()}, threads,
                          [&](const Execution& execution) {
                            return pearson_sums(loss, y, mu, freq_weight, var_weight, execution);
                          });
            return py::make_tuple(sums.squares, sums.tilt);
          },
          py::arg("y").noconvert(), py::arg("mu").noconvert(), py::arg("freq_weight").noconvert(),
          py::arg("var_weight").noconvert(), py::arg("threads"), "Pearson's statistic and its tilt.");
}
