#pragma once

#include <utility>

#include "contextstats/interrupt.hpp"
#include "contextstats/optim/lbfgs.hpp"

namespace contextstats {

/// How the constraint h = 0 is approached.
enum class SearchStrategy {
  central_path,  ///< minimise loss + h / mu for mu = 1, 0.1, ...; for a barrier such as the log-determinant
  augmented_lagrangian  ///< minimise loss + alpha h + rho h^2 / 2 with growing alpha and rho
};

struct SearchOptions {
  SearchStrategy strategy = SearchStrategy::central_path;
  int stages = 5;                      ///< of the central path
  double acyclicity_tolerance = 1e-8;  ///< on h, where the augmented Lagrangian may stop
  double rho_limit = 1e16;
  int maxiter = 100;  ///< outer iterations of the augmented Lagrangian
  LbfgsOptions inner;
};

struct SearchResult {
  VectorXd theta;
  double loss = 0.0;
  double h = 0.0;
  int outer_iterations = 0;
  int evaluations = 0;
  bool converged = false;
};

/// Minimises a smooth loss under h = 0, where h >= 0 measures cycles.
///
/// Both are functions of the parameters that write their gradients; h may be +infinity outside its domain,
/// but not at `start`. The result is nearly acyclic; a projection makes it exactly so. Source: Zheng et al.
/// (2018) for the augmented Lagrangian, Bello et al. (2022) for the path.
class AcyclicSearch {
 public:
  AcyclicSearch(const ValueAndGradient& loss, const ValueAndGradient& acyclicity,
                const SearchOptions& options, const Hooks& hooks)
      : loss_(loss), acyclicity_(acyclicity), options_(options), hooks_(hooks) {}

  SearchResult operator()(VectorXd start) {
    result_.theta = std::move(start);
    measure();
    if (options_.strategy == SearchStrategy::central_path) {
      follow_path();
    } else {
      raise_penalty();
    }
    return std::move(result_);
  }

 private:
  void follow_path() {
    result_.converged = true;
    constexpr double nearly_acyclic = 1e-5;  // what a barrier of weight 1e4 can leave
    double alpha = 1.0;
    for (int stage = 0; stage < options_.stages; ++stage, alpha *= 10.0) {
      const bool last = stage + 1 == options_.stages;
      result_.converged = minimize(alpha, 0.0) || !last || result_.h <= nearly_acyclic;
    }
  }

  void raise_penalty() {
    double alpha = 0.0, rho = 1.0;
    for (int k = 0; k < options_.maxiter; ++k) {
      const double before = k == 0 ? std::numeric_limits<double>::infinity() : result_.h;
      minimize(alpha, rho);
      if (result_.h <= options_.acyclicity_tolerance) {
        result_.converged = true;
        return;
      }
      alpha += rho * result_.h;
      if (result_.h > 0.25 * before) rho *= 10.0;
      if (rho > options_.rho_limit) return;
    }
  }

  bool minimize(double alpha, double rho) {
    VectorXd slope;
    const ValueAndGradient total = [&](const VectorXd& theta, VectorXd& gradient) {
      hooks_.check();
      const double loss = loss_(theta, gradient);
      if (!std::isfinite(loss)) return std::numeric_limits<double>::infinity();
      const double h = acyclicity_(theta, slope);
      if (!std::isfinite(h)) return std::numeric_limits<double>::infinity();
      gradient += (alpha + rho * h) * slope;
      return loss + alpha * h + 0.5 * rho * h * h;
    };
    const LbfgsResult found = minimize_lbfgs(total, result_.theta, options_.inner);
    result_.theta = found.theta;
    result_.evaluations += found.evaluations;
    ++result_.outer_iterations;
    measure();
    if (hooks_.progress) hooks_.progress(result_.outer_iterations, result_.loss, result_.h);
    return found.converged();
  }

  void measure() {
    VectorXd unused;
    result_.loss = loss_(result_.theta, unused);
    result_.h = acyclicity_(result_.theta, unused);
  }

  const ValueAndGradient& loss_;
  const ValueAndGradient& acyclicity_;
  const SearchOptions& options_;
  const Hooks& hooks_;
  SearchResult result_;
};

}  // namespace contextstats
