// The bridge to the network fits.

#include <pybind11/eigen.h>
#include <pybind11/stl.h>

#include "contextstats/network/modified_cholesky.hpp"
#include "contextstats/network/neighborhoods.hpp"
#include "contextstats/network/pairwise_correlations.hpp"
#include "contextstats/network/precision_fit.hpp"
#include "contextstats/network/sparse_regression.hpp"
#include "hooks.hpp"

namespace py = pybind11;
using namespace contextstats;

namespace {

NetworkOptions make_options(const VectorXd& lambda, int maxiter, double tolerance) {
  NetworkOptions options;
  options.lambda = lambda;
  options.maxiter = maxiter;
  options.tolerance = tolerance;
  return options;
}

/// Runs work(execution) without the GIL.
template <class Work>
auto run(int threads, const Work& work) {
  const Hooks hooks = make_hooks(py::none());
  return without_gil([&] { return work(Execution{threads, &hooks}); });
}

py::dict to_dict(LocationScaleFit& fit) {
  py::dict out;
  out["mean"] = std::move(fit.mean);
  out["log_variance"] = std::move(fit.log_variance);
  out["mean_covariance"] = std::move(fit.mean_covariance);
  out["log_variance_covariance"] = std::move(fit.log_variance_covariance);
  out["mean_lambda"] = std::move(fit.mean_lambda);
  out["log_variance_lambda"] = std::move(fit.log_variance_lambda);
  out["mean_edf"] = fit.mean_edf;
  out["log_variance_edf"] = fit.log_variance_edf;
  out["log_likelihood"] = fit.log_likelihood;
  out["iterations"] = fit.iterations;
  out["converged"] = fit.converged;
  out["identified"] = fit.identified;
  return out;
}

py::list fit_nodes_(const KhatriRaoDesign& design, const MatrixXd& penalties, ConstMatrix z,
                    ConstMatrix contexts, bool predecessors, const VectorXd& lambda, int maxiter,
                    double tolerance, int threads) {
  const ContextFunctions functions(design, penalties);
  const NetworkOptions options = make_options(lambda, maxiter, tolerance);
  std::vector<LocationScaleFit> fits = run(threads, [&](const Execution& execution) {
    return fit_nodes(functions, z, contexts, predecessors, options, execution);
  });
  py::list out;
  for (LocationScaleFit& fit : fits) out.append(to_dict(fit));
  return out;
}

py::dict neighborhoods_(const KhatriRaoDesign& design, const MatrixXd& penalties, const MatrixXd& gram,
                        double n, const VectorXd& lambda, bool shared, int threads) {
  const ContextFunctions functions(design, penalties);
  NeighborhoodFit fit = run(threads, [&](const Execution& execution) {
    return Neighborhoods(functions, gram, n, shared, execution)(lambda);
  });
  py::dict out;
  out["coefficients"] = std::move(fit.coefficients);
  out["spread"] = std::move(fit.spread);
  out["lambda"] = std::move(fit.lambda);
  out["variance"] = std::move(fit.variance);
  out["edf"] = std::move(fit.edf);
  out["converged"] = fit.converged;
  out["identified"] = fit.identified;
  return out;
}

py::list log_variances_(const KhatriRaoDesign& design, const MatrixXd& penalties, ConstMatrix contexts,
                        ConstMatrix residuals, const VectorXd& kept, const VectorXd& lambda, int maxiter,
                        double tolerance, int threads) {
  const ContextFunctions functions(design, penalties);
  const NetworkOptions options = make_options(lambda, maxiter, tolerance);
  std::vector<LocationScaleFit> fits = run(threads, [&](const Execution& execution) {
    return fit_log_variances(functions, contexts, residuals, kept, options, execution);
  });
  py::list out;
  for (LocationScaleFit& fit : fits) out.append(to_dict(fit));
  return out;
}

py::list pairwise_(const KhatriRaoDesign& design, const MatrixXd& penalties, ConstMatrix contexts,
                   ConstMatrix u, const VectorXd& lambda, int maxiter, double tolerance, int threads) {
  const ContextFunctions functions(design, penalties);
  const NetworkOptions options = make_options(lambda, maxiter, tolerance);
  std::vector<PairFit> fits = run(threads, [&](const Execution& execution) {
    return PairwiseCorrelations(functions, u, contexts, options, execution)();
  });
  py::list out;
  for (PairFit& fit : fits) {
    py::dict one;
    one["theta"] = std::move(fit.theta);
    one["covariance"] = std::move(fit.covariance);
    one["lambda"] = std::move(fit.lambda);
    one["edf"] = fit.edf;
    one["scale"] = fit.scale;
    one["converged"] = fit.converged;
    out.append(one);
  }
  return out;
}

py::dict precision_(const MatrixXd& penalties, ConstMatrix x, ConstMatrix basis, const VectorXd& start,
                    const VectorXd& lambda, const std::string& optimizer, int maxiter, double tolerance,
                    int threads) {
  const NetworkOptions options = make_options(lambda, maxiter, tolerance);
  PrecisionFit fit = run(threads, [&](const Execution& execution) {
    const PrecisionLikelihood likelihood(x, basis, execution);
    if (optimizer == "newton") return PrecisionNewton(likelihood, penalties, options)(start);
    LbfgsOptions limits;
    limits.maxiter = maxiter;
    limits.gradient_tolerance = tolerance;
    VectorXd penalty = VectorXd::Zero(basis.cols());
    if (lambda.size() > 0) penalty = penalties.transpose() * lambda;
    const LbfgsResult found =
        precision_by_lbfgs(likelihood, penalty.replicate(likelihood.n_entries(), 1), start, limits);
    PrecisionFit out;
    out.theta = found.theta, out.iterations = found.iterations;
    out.gradient_norm = found.gradient_norm, out.converged = found.converged();
    return out;
  });
  py::dict out;
  out["theta"] = std::move(fit.theta);
  out["covariance"] = std::move(fit.covariance);
  out["lambda"] = std::move(fit.lambda);
  out["edf"] = fit.edf;
  out["gradient_norm"] = fit.gradient_norm;
  out["iterations"] = fit.iterations;
  out["converged"] = fit.converged;
  out["positive"] = fit.positive;
  return out;
}

py::tuple precision_terms_(ConstMatrix x, ConstMatrix basis, const VectorXd& theta) {
  const PrecisionLikelihood likelihood(x, basis, Execution{1, nullptr});
  const PrecisionTerms terms = likelihood.evaluate(theta, true);
  return py::make_tuple(terms.value, terms.gradient, likelihood.unpacked(terms.packed_hessian));
}

py::dict sparse_path_(const MatrixXd& gram, const VectorXd& cross, double total,
                      const std::vector<Index>& starts, const std::vector<Index>& sizes,
                      const std::vector<double>& weights, double l1, const VectorXd& penalties, Index count,
                      double ratio) {
  std::vector<CoefficientGroup> groups;
  for (std::size_t g = 0; g < starts.size(); ++g) groups.push_back({starts[g], sizes.at(g), weights.at(g)});
  const py::gil_scoped_release release;
  SparseRegression regression(gram, cross, total, groups, l1);
  SparsePath found = regression.path(penalties.size() > 0 ? penalties : regression.penalties(count, ratio));
  const py::gil_scoped_acquire acquire;
  py::dict out;
  out["penalties"] = std::move(found.penalties);
  out["coefficients"] = std::move(found.coefficients);
  out["residual"] = std::move(found.residual);
  out["selected"] = std::move(found.selected);
  out["converged"] = found.converged;
  return out;
}

}  // namespace

void bind_networks(py::module_& m) {
  m.attr("network_prior_exponent") = kNetworkPriorExponent;
  m.def("network_nodes", &fit_nodes_, py::arg("design"), py::arg("penalties"), py::arg("z").noconvert(),
        py::arg("contexts").noconvert(), py::arg("predecessors"), py::arg("smoothing_parameters"),
        py::arg("maxiter"), py::arg("tolerance"), py::arg("threads"));
  m.def(
      "network_gram",
      [](const KhatriRaoDesign& design, const MatrixXd& penalties, ConstMatrix z, ConstMatrix contexts,
         int threads) {
        const ContextFunctions functions(design, penalties);
        return run(threads, [&](const Execution& execution) {
          return network_gram(functions, z, contexts, execution);
        });
      },
      py::arg("design"), py::arg("penalties"), py::arg("z").noconvert(), py::arg("contexts").noconvert(),
      py::arg("threads"));
  m.def("network_neighborhoods", &neighborhoods_, py::arg("design"), py::arg("penalties"), py::arg("gram"),
        py::arg("n"), py::arg("smoothing_parameters"), py::arg("shared"), py::arg("threads"));
  m.def(
      "network_residuals",
      [](const KhatriRaoDesign& design, const MatrixXd& penalties, ConstMatrix z, ConstMatrix contexts,
         const MatrixXd& coefficients, int threads) {
        const ContextFunctions functions(design, penalties);
        return run(threads, [&](const Execution& execution) {
          return network_residuals(functions, z, contexts, coefficients, execution);
        });
      },
      py::arg("design"), py::arg("penalties"), py::arg("z").noconvert(), py::arg("contexts").noconvert(),
      py::arg("coefficients"), py::arg("threads"));
  m.def("network_log_variances", &log_variances_, py::arg("design"), py::arg("penalties"),
        py::arg("contexts").noconvert(), py::arg("residuals").noconvert(), py::arg("kept"),
        py::arg("smoothing_parameters"), py::arg("maxiter"), py::arg("tolerance"), py::arg("threads"));
  m.def("network_precision", &precision_, py::arg("penalties"), py::arg("x").noconvert(),
        py::arg("basis").noconvert(), py::arg("start"), py::arg("smoothing_parameters"), py::arg("optimizer"),
        py::arg("maxiter"), py::arg("tolerance"), py::arg("threads"));
  m.def("network_precision_terms", &precision_terms_, py::arg("x").noconvert(), py::arg("basis").noconvert(),
        py::arg("theta"), "Minus the log-likelihood up to a constant, its gradient and its Hessian.");
  m.def("sparse_path", &sparse_path_, py::arg("gram"), py::arg("cross"), py::arg("total"), py::arg("starts"),
        py::arg("sizes"), py::arg("weights"), py::arg("l1_ratio"), py::arg("penalties"), py::arg("count"),
        py::arg("ratio"));
  m.def("network_pairs", &pairwise_, py::arg("design"), py::arg("penalties"), py::arg("contexts").noconvert(),
        py::arg("u").noconvert(), py::arg("smoothing_parameters"), py::arg("maxiter"), py::arg("tolerance"),
        py::arg("threads"));
}
