// Neural encoders: hidden layers that are learned from data.

#include <pybind11/eigen.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "contextstats/fit/learn_features.hpp"
#include "hooks.hpp"

namespace py = pybind11;
using namespace contextstats;

namespace {

std::vector<LearnedNetwork> make_networks(const py::list& specs) {
  std::vector<LearnedNetwork> networks;
  for (const py::handle& handle : specs) {
    const py::dict spec = py::cast<py::dict>(handle);
    auto columns = py::cast<std::vector<Index>>(spec["columns"]);
    const Index n_inputs = static_cast<Index>(columns.size());
    networks.push_back({HiddenLayers(n_inputs, py::cast<std::vector<Index>>(spec["widths"])),
                        std::move(columns), py::cast<std::vector<std::pair<Index, Index>>>(spec["users"])});
  }
  return networks;
}

void check_sizes(const std::vector<LearnedNetwork>& networks, const FeatureData& data, const MatrixXd& starts,
                 Index n_training, const std::vector<double>& decays) {
  const Index n = data.x.rows();
  if (data.contexts.rows() != n || data.y.rows() != n || data.offset.rows() != n || data.weight.size() != n ||
      data.offset.cols() != data.y.cols()) {
    throw std::invalid_argument("x, contexts, y, offset and weight must have the same number of rows.");
  }
  Index n_parameters = 0;
  for (const LearnedNetwork& network : networks) {
    n_parameters += network.n_parameters();
    for (const Index column : network.columns)
      if (column < 0 || column >= data.contexts.cols()) throw std::invalid_argument("No such context.");
    for (const auto& [response, predictor] : network.users) {
      if (response < 0 || response >= data.y.cols() || predictor < 0 || predictor >= data.x.cols())
        throw std::invalid_argument("No such response or predictor.");
    }
  }
  if (starts.rows() != n_parameters || starts.cols() < 1 || decays.empty() || n_training < 1 ||
      n_training >= n)
    throw std::invalid_argument("starts, decays and n_training do not fit the networks and rows.");
}

py::dict learn(const py::list& specs, const Loss& loss, ConstMatrix x, ConstMatrix contexts, ConstMatrix y,
               ConstMatrix offset, ConstVector weight, double unit, const MatrixXd& starts,
               const std::vector<double>& decays, Index n_training, int maxiter, int threads,
               const py::object& progress) {
  const std::vector<LearnedNetwork> networks = make_networks(specs);
  const FeatureData data{x, contexts, y, offset, weight, unit};
  check_sizes(networks, data, starts, n_training, decays);
  const Hooks hooks = make_hooks(progress);
  LearnedFeatures learned = without_gil([&] {
    return learn_features(networks, data, loss, starts, {decays, n_training, maxiter},
                          Execution{threads, &hooks});
  });
  py::dict out;
  out["theta"] = std::move(learned.theta);
  out["run"] = learned.run;
  out["held_out"] = std::move(learned.held_out);
  out["objectives"] = std::move(learned.objectives);
  out["objective"] = learned.objective;
  out["iterations"] = learned.iterations;
  return out;
}

}  // namespace

void bind_features(py::module_& m) {
  m.def("learn_features", &learn, py::arg("networks"), py::arg("loss"), py::arg("x").noconvert(),
        py::arg("contexts").noconvert(), py::arg("y").noconvert(), py::arg("offset").noconvert(),
        py::arg("weight").noconvert(), py::arg("unit"), py::arg("starts"), py::arg("decays"),
        py::arg("n_training"), py::arg("maxiter"), py::arg("threads"), py::arg("progress"));
}
