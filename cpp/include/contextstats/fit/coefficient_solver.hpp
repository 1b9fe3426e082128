#pragma once

#include <memory>

#include "contextstats/fit/start.hpp"
#include "contextstats/solver/gaussian_solver.hpp"
#include "contextstats/solver/lbfgs_solver.hpp"
#include "contextstats/solver/newton_solver.hpp"

namespace contextstats {

/// The solver for the coefficients at given smoothing parameters that suits the model.
class CoefficientSolver {
 public:
  CoefficientSolver(const Model& model, const MatrixXd& penalties, const FitOptions& options,
                    const std::vector<bool>& identified, const StartingPass& start)
      : penalties_(penalties), identified_(identified), start_(start) {
    const InnerOptions inner{options.maxiter, options.tolerance};
    if (options.method == Method::lbfgs) {
      name_ = "lbfgs";
      lbfgs_ = std::make_unique<LbfgsSolver>(model, inner);
    } else if (model.loss.gaussian_identity()) {
      name_ = "least squares";
      gaussian_ = std::make_unique<GaussianSolver>(start.theta, start.at, identified_);
    } else {
      name_ = "newton";
      newton_ = std::make_unique<NewtonSolver>(model, inner);
    }
  }

  const char* name() const { return name_; }

  PenalizedFit solve(const VectorXd& lambda, const VectorXd& start) const {
    const VectorXd s = lambda.size() > 0 ? VectorXd(penalties_.transpose() * lambda)
                                         : VectorXd(VectorXd::Zero(penalties_.cols()));
    if (lbfgs_) return lbfgs_->solve(s, identified_, start);
    if (gaussian_) return gaussian_->solve(s);
    const bool known = start_.at_theta && start == start_.theta;
    return newton_->solve(s, identified_, start, known ? &start_.at : nullptr);
  }

 private:
  const MatrixXd& penalties_;
  const std::vector<bool>& identified_;
  const StartingPass& start_;
  const char* name_ = "";
  std::unique_ptr<LbfgsSolver> lbfgs_;
  std::unique_ptr<GaussianSolver> gaussian_;
  std::unique_ptr<NewtonSolver> newton_;
};

}  // namespace contextstats
