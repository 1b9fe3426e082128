// The bridge: arrays to views, exceptions to exceptions, structs to dictionaries of arrays. No arithmetic, no
// defaults.

#include <pybind11/eigen.h>
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cstdint>
#include <optional>
#include <variant>

#include "columns_caster.hpp"
#include "contextstats/encoder/bspline_basis.hpp"
#include "contextstats/encoder/dense_basis.hpp"
#include "contextstats/encoder/factor_basis.hpp"
#include "contextstats/encoder/neural_basis.hpp"
#include "contextstats/encoder/tensor_basis.hpp"
#include "contextstats/fit/negative_binomial_fit.hpp"
#include "contextstats/loss/make_loss.hpp"
#include "contextstats/objective/column_passes.hpp"
#include "hooks.hpp"

namespace py = pybind11;
using namespace contextstats;

namespace {

MatrixXd as_columns(const py::object& values, Index rows) {
  const VectorXd flat = py::cast<VectorXd>(values);
  return Eigen::Map<const MatrixXd>(flat.data(), rows, flat.size() / rows);
}

std::shared_ptr<const ContextBasis> make_basis(const py::dict& spec) {
  const std::string kind = py::cast<std::string>(spec["kind"]);
  if (kind == "dense") {
    return std::make_shared<DenseBasis>(
        py::cast<bool>(spec["intercept"]), py::cast<std::vector<Index>>(spec["columns"]),
        py::cast<VectorXd>(spec["centers"]), py::cast<VectorXd>(spec["scales"]));
  }
  if (kind == "neural") {
    auto columns = py::cast<std::vector<Index>>(spec["columns"]);
    const Index d = static_cast<Index>(columns.size());
    HiddenLayers layers(d, py::cast<std::vector<Index>>(spec["widths"]));
    const Index rows = 1 + d + (2 + d) * layers.n_outputs();
    return std::make_shared<NeuralBasis>(
        std::move(columns), py::cast<VectorXd>(spec["centers"]), py::cast<VectorXd>(spec["scales"]),
        std::move(layers), py::cast<VectorXd>(spec["weights"]), as_columns(spec["projection"], rows));
  }
  if (kind == "tensor") {
    const py::sequence margins = spec["margins"];
    return std::make_shared<TensorBasis>(make_basis(margins[0]), make_basis(margins[1]));
  }
  const Index column = py::cast<std::vector<Index>>(spec["columns"]).at(0);
  if (kind == "factor") return std::make_shared<FactorBasis>(column, py::cast<Index>(spec["n_levels"]));
  if (kind == "bspline") {
    return std::make_shared<BSplineBasis>(column, py::cast<VectorXd>(spec["knots"]),
                                          py::cast<Index>(spec["degree"]), py::cast<bool>(spec["periodic"]));
  }
  throw std::invalid_argument(
      "A basis is 'dense', 'factor', 'bspline', 'tensor' or 'neural', but this one is '" + kind + "'.");
}

KhatriRaoDesign make_design(const py::list& bases, const py::list& blocks, Index n_predictors) {
  std::vector<std::shared_ptr<const ContextBasis>> built;
  for (const py::handle& basis : bases) built.push_back(make_basis(py::cast<py::dict>(basis)));
  std::vector<Block> placed;
  for (const py::handle& handle : blocks) {
    const py::tuple block = py::cast<py::tuple>(handle);
    placed.push_back({py::cast<Index>(block[0]), py::cast<Index>(block[1]), py::cast<MatrixXd>(block[2]), 0});
  }
  return KhatriRaoDesign(std::move(built), std::move(placed), n_predictors);
}

void check_rows(const KhatriRaoDesign& design, const Columns& x, const Columns& contexts, Index n) {
  if (x.rows() != n || contexts.rows() != n || x.cols() != design.n_predictors()) {
    throw std::invalid_argument(
        "x, contexts and the row arguments must have the same number of rows, and x one "
        "column for each predictor of the design.");
  }
}

/// Runs work(rows, execution) on a design and the rows of x, without the GIL.
template <class Work>
auto on_rows(const KhatriRaoDesign& design, const Columns& x, const Columns& contexts, Index n, int threads,
             const Work& work) {
  check_rows(design, x, contexts, n);
  return without_gil([&] {
    const Execution execution{threads, nullptr};
    return work(DesignRows(design, x, contexts, execution), execution);
  });
}

template <class Enum>
Enum pick(const std::string& name, const std::vector<std::pair<std::string, Enum>>& table) {
  for (const auto& [key, value] : table) {
    if (key == name) return value;
  }
  throw std::invalid_argument("Unknown option value '" + name + "'.");
}

py::dict report_to_dict(FitReport& r) {
  py::dict out;
  out["theta"] = std::move(r.theta);
  out["identified"] = r.identified;
  out["eta"] = std::move(r.eta);
  out["deviance"] = r.deviance;
  out["penalty"] = r.penalty;
  out["gram_observed"] = std::move(r.gram_observed);
  out["gram_expected"] = std::move(r.gram_expected);
  out["inverse"] = std::move(r.inverse);
  out["inverse_is_expected"] = r.inverse_is_expected;
  out["lambda"] = std::move(r.lambda);
  out["score"] = r.criterion.value;
  out["score_scale"] = r.criterion.scale;
  out["score_gradient"] = std::move(r.criterion.gradient);
  out["score_hessian"] = std::move(r.criterion.full_hessian);
  out["dtheta"] = std::move(r.criterion.dtheta);
  out["gradient_norm"] = r.gradient_norm;
  out["iterations"] = r.iterations;
  out["evaluations"] = r.evaluations;
  out["converged"] = r.converged();
  out["termination"] = std::string(to_string(r.termination));
  out["smallest_pivot"] = r.smallest_pivot;
  out["solver"] = r.solver;
  return out;
}

/// Fits a loss of known parameter, or with a text in its place the negative binomial with that link, whose
/// alpha is then estimated and part of the result.
py::dict run_fit(const KhatriRaoDesign& design, const std::variant<const Loss*, std::string>& loss,
                 const Columns& x, const Columns& contexts, ConstVector y, ConstVector offset,
                 ConstVector weight, ConstVector var_weight, ConstVector freq_weight, ConstMatrix penalties,
                 const std::string& method, const std::string& smoothing, const VectorXd& lambda,
                 const VectorXd& theta, int maxiter, double tolerance, int threads,
                 const py::object& progress) {
  check_rows(design, x, contexts, y.size());
  FitOptions options;
  options.method = pick<Method>(method, {{"newton", Method::newton}, {"lbfgs", Method::lbfgs}});
  options.smoothing = pick<Smoothing>(smoothing, {{"reml", Smoothing::reml},
                                                  {"ml", Smoothing::ml},
                                                  {"gcv", Smoothing::gcv},
                                                  {"fixed", Smoothing::fixed}});
  options.lambda = lambda;
  options.theta = theta;
  options.maxiter = maxiter;
  options.tolerance = tolerance;
  const Hooks hooks = make_hooks(progress);
  const DataView data{x, contexts, y, offset, weight, var_weight, freq_weight};
  NegativeBinomialFit result = without_gil([&] {
    const MatrixXd own_penalties = penalties;
    const Execution execution{threads, &hooks};
    const DesignRows rows(design, data.x, data.contexts, execution);
    if (const Loss* const* known = std::get_if<const Loss*>(&loss)) {
      return NegativeBinomialFit{fit(Model(rows, data, **known, execution), own_penalties, options), 0.0};
    }
    const auto of_alpha = [&](double alpha) {
      return make_loss("negative_binomial", std::get<std::string>(loss), alpha);
    };
    return NegativeBinomialSearch(rows, data, of_alpha, own_penalties, execution).fit(options);
  });
  py::dict out = report_to_dict(result.report);
  if (result.alpha > 0.0) out["alpha"] = result.alpha;
  return out;
}

}  // namespace

void bind_columns(py::module_& m);
void bind_dag(py::module_& m);
void bind_features(py::module_& m);
void bind_inference(py::module_& m);
void bind_loss(py::module_& m);
void bind_networks(py::module_& m);

PYBIND11_MODULE(CONTEXTSTATS_MODULE, m) {
  m.doc() = "The numerical core of contextstats.";
  bind_columns(m);
  bind_dag(m);
  bind_features(m);
  bind_inference(m);
  bind_loss(m);
  bind_networks(m);
  py::class_<KhatriRaoDesign>(m, "Design")
      .def(py::init(&make_design), py::arg("bases"), py::arg("blocks"), py::arg("n_predictors"))
      .def_property_readonly("n_coefficients", &KhatriRaoDesign::n_coefficients);

  m.def(
      "basis_matrix",
      [](const py::dict& spec, const Columns& contexts) { return basis_matrix(*make_basis(spec), contexts); },
      py::arg("basis"), py::arg("contexts").noconvert());
  m.def(
      "basis_sums",
      [](const py::dict& spec, const Columns& contexts, const std::optional<ConstVector>& weights,
         int threads) {
        const auto basis = make_basis(spec);
        const double* each = weights ? weights->data() : nullptr;
        return without_gil([&] { return basis_sums(*basis, contexts, each, {threads, nullptr}); });
      },
      py::arg("basis"), py::arg("contexts").noconvert(), py::arg("weights").noconvert(), py::arg("threads"),
      "Sums of the functions of a basis of one context over the rows, with weights if there are any.");

  m.def(
      "linear_predictor",
      [](const KhatriRaoDesign& design, const Columns& x, const Columns& contexts, ConstVector theta,
         int threads) {
        return on_rows(design, x, contexts, x.rows(), threads,
                       [&](const DesignRows& rows, const Execution& execution) {
                         return linear_predictor(rows, theta, execution);
                       });
      },
      py::arg("design"), py::arg("x").noconvert(), py::arg("contexts").noconvert(),
      py::arg("theta").noconvert(), py::arg("threads"));
  m.def(
      "gradient",
      [](const KhatriRaoDesign& design, const Columns& x, const Columns& contexts, ConstVector v,
         int threads) {
        return on_rows(
            design, x, contexts, v.size(), threads,
            [&](const DesignRows& rows, const Execution& execution) { return gradient(rows, v, execution); });
      },
      py::arg("design"), py::arg("x").noconvert(), py::arg("contexts").noconvert(), py::arg("v").noconvert(),
      py::arg("threads"));
  m.def(
      "gram",
      [](const KhatriRaoDesign& design, const Columns& x, const Columns& contexts, ConstVector w,
         int threads) {
        return on_rows(
            design, x, contexts, w.size(), threads,
            [&](const DesignRows& rows, const Execution& execution) { return gram(rows, w, execution); });
      },
      py::arg("design"), py::arg("x").noconvert(), py::arg("contexts").noconvert(), py::arg("w").noconvert(),
      py::arg("threads"));
  m.def(
      "quadratic_form",
      [](const KhatriRaoDesign& design, const Columns& x, const Columns& contexts, ConstMatrix v,
         int threads) {
        return on_rows(design, x, contexts, x.rows(), threads,
                       [&](const DesignRows& rows, const Execution& execution) {
                         return quadratic_form(rows, v, execution);
                       });
      },
      py::arg("design"), py::arg("x").noconvert(), py::arg("contexts").noconvert(), py::arg("v").noconvert(),
      py::arg("threads"));
  m.def(
      "grouped_scores",
      [](const KhatriRaoDesign& design, const Columns& x, const Columns& contexts, ConstVector v,
         const py::array_t<std::int64_t, py::array::c_style>& groups, Index n_groups) {
        const std::int64_t* codes = groups.data();
        return on_rows(design, x, contexts, v.size(), 1, [&](const DesignRows& rows, const Execution&) {
          return grouped_scores(rows, v, codes, n_groups);
        });
      },
      py::arg("design"), py::arg("x").noconvert(), py::arg("contexts").noconvert(), py::arg("v").noconvert(),
      py::arg("groups").noconvert(), py::arg("n_groups"));
  m.def("fit", &run_fit, py::arg("design"), py::arg("loss"), py::arg("x").noconvert(),
        py::arg("contexts").noconvert(), py::arg("y").noconvert(), py::arg("offset").noconvert(),
        py::arg("weight").noconvert(), py::arg("var_weight").noconvert(), py::arg("freq_weight").noconvert(),
        py::arg("penalties").noconvert(), py::arg("method"), py::arg("smoothing"),
        py::arg("smoothing_parameters"), py::arg("start"), py::arg("maxiter"), py::arg("tolerance"),
        py::arg("threads"), py::arg("progress"));
}
