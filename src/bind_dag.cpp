// Bayesian networks: search for acyclic structural equations, and projection to graphs without cycles.

#include <pybind11/eigen.h>
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "contextstats/network/dag_projection.hpp"
#include "contextstats/network/dag_search.hpp"
#include "contextstats/network/order_search.hpp"
#include "hooks.hpp"

namespace py = pybind11;
using namespace contextstats;

namespace {

using Stack = py::array_t<double, py::array::c_style>;

DagRules make_rules(const MatrixXd& allowed, bool per_context, const MatrixXd& sparsity) {
  return {allowed, per_context ? CycleRule::per_context : CycleRule::in_the_union, sparsity};
}

SearchOptions make_options(const std::string& strategy, int maxiter, double tolerance) {
  if (strategy != "central_path" && strategy != "augmented_lagrangian")
    throw std::invalid_argument("Unknown strategy '" + strategy + "'.");
  SearchOptions options;
  options.strategy =
      strategy == "central_path" ? SearchStrategy::central_path : SearchStrategy::augmented_lagrangian;
  options.inner.maxiter = maxiter;
  options.inner.gradient_tolerance = tolerance;
  options.inner.objective_tolerance = 1e-3 * tolerance;
  return options;
}

py::dict to_dict(SearchResult& result) {
  py::dict out;
  out["theta"] = std::move(result.theta);
  out["loss"] = result.loss;
  out["h"] = result.h;
  out["iterations"] = result.outer_iterations;
  out["evaluations"] = result.evaluations;
  out["converged"] = result.converged;
  return out;
}

py::dict search_linear(const MatrixXd& gram, const MatrixXd& roughness, const MatrixXd& allowed,
                       const MatrixXd& basis, const VectorXd& weight, bool per_context,
                       const VectorXd& node_weight, const MatrixXd& sparsity, const std::string& strategy,
                       int maxiter, double tolerance, int threads, const py::object& progress) {
  const Hooks hooks = make_hooks(progress);
  const EdgeLayout layout{allowed.rows(), roughness.rows()};
  if (gram.rows() != layout.rows() || gram.cols() != layout.rows() || basis.cols() != layout.m)
    throw std::invalid_argument("gram must be p m x p m and basis have m columns.");
  const DagRules rules = make_rules(allowed, per_context, sparsity);
  const SearchOptions options = make_options(strategy, maxiter, tolerance);
  SearchResult result = without_gil([&] {
    const SemLoss loss(gram, roughness, layout, node_weight);
    return search_linear_dag(loss, layout, rules, basis, weight, options, Execution{threads, &hooks});
  });
  return to_dict(result);
}

py::dict search_gated(ConstMatrix x, const MatrixXd& basis, const VectorXd& start, Index n_archetypes,
                      const MatrixXd& allowed, bool per_context, bool softmax, const VectorXd& node_weight,
                      const MatrixXd& sparsity, double edge_ridge, double gate_ridge,
                      const std::string& strategy, int maxiter, double tolerance, int threads,
                      const py::object& progress) {
  const Hooks hooks = make_hooks(progress);
  const ArchetypeLayout layout{x.cols(), n_archetypes, basis.cols()};
  if (start.size() != layout.size() || basis.rows() != x.rows() || allowed.rows() != x.cols())
    throw std::invalid_argument("start, basis, allowed and x do not fit each other.");
  const DagRules rules = make_rules(allowed, per_context, sparsity);
  const SearchOptions options = make_options(strategy, maxiter, tolerance);
  SearchResult result = without_gil([&] {
    const ArchetypeProblem problem{
        x, basis, layout, softmax ? Gates::softmax : Gates::linear, node_weight, edge_ridge, gate_ridge};
    return search_archetypes(problem, rules, start, options, Execution{threads, &hooks});
  });
  return to_dict(result);
}

/// Node scores with the arrays they come from; searches share what is already known.
class OrderScores {
 public:
  OrderScores(MatrixXd gram, MatrixXd roughness, MatrixXd allowed, VectorXd node_weight)
      : gram_(std::move(gram)),
        roughness_(std::move(roughness)),
        allowed_(std::move(allowed)),
        node_weight_(std::move(node_weight)),
        scores_(gram_, roughness_, {allowed_.rows(), roughness_.rows()}, allowed_, node_weight_) {}
  OrderScores(const OrderScores&) = delete;
  OrderScores& operator=(const OrderScores&) = delete;

  py::dict search(const MatrixXd& required, const std::vector<Order>& starts, int restarts, unsigned seed) {
    const Hooks hooks = make_hooks(py::none());
    const OrderRules rules{allowed_, required};
    const OrderSearchResult found =
        without_gil([&] { return OrderSearch(scores_, rules, hooks)(starts, restarts, seed); });
    py::dict out;
    out["order"] = found.order;
    out["score"] = found.score;
    return out;
  }

 private:
  MatrixXd gram_, roughness_, allowed_;
  VectorXd node_weight_;
  NodeScores scores_;
};

/// Every p x p matrix of a stack made acyclic on its own.
Stack project(const Stack& weights, double threshold) {
  if (weights.ndim() != 3 || weights.shape(1) != weights.shape(2))
    throw std::invalid_argument("weights must have shape (n, p, p).");
  const Index n = weights.shape(0), p = weights.shape(1);
  Stack out({n, p, p});
  const double* from = weights.data();
  double* to = out.mutable_data();
  without_gil([&] {
    for (Index i = 0; i < n; ++i) {
      const Eigen::Map<const MatrixXd> transposed(from + i * p * p, p, p);
      const MatrixXd w = transposed.transpose();
      Eigen::Map<MatrixXd>(to + i * p * p, p, p) = DagProjection(p)(w, threshold).transpose();
    }
  });
  return out;
}

}  // namespace

void bind_dag(py::module_& m) {
  m.def("search_dag", &search_linear, py::arg("gram"), py::arg("roughness"), py::arg("allowed"),
        py::arg("basis"), py::arg("weight"), py::arg("per_context"), py::arg("node_weight"),
        py::arg("sparsity"), py::arg("strategy"), py::arg("maxiter"), py::arg("tolerance"),
        py::arg("threads"), py::arg("progress"));
  m.def("search_archetypes", &search_gated, py::arg("x").noconvert(), py::arg("basis"), py::arg("start"),
        py::arg("n_archetypes"), py::arg("allowed"), py::arg("per_context"), py::arg("softmax"),
        py::arg("node_weight"), py::arg("sparsity"), py::arg("edge_ridge"), py::arg("gate_ridge"),
        py::arg("strategy"), py::arg("maxiter"), py::arg("tolerance"), py::arg("threads"),
        py::arg("progress"));
  py::class_<OrderScores>(m, "OrderScores")
      .def(py::init<MatrixXd, MatrixXd, MatrixXd, VectorXd>(), py::arg("gram"), py::arg("roughness"),
           py::arg("allowed"), py::arg("node_weight"))
      .def("search", &OrderScores::search, py::arg("required"), py::arg("starts"), py::arg("restarts"),
           py::arg("seed"));
  m.def("project_to_dag", &project, py::arg("weights"), py::arg("threshold"));
}
