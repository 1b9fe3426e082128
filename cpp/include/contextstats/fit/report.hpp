#pragma once

#include <string>
#include <vector>

#include "contextstats/optim/termination.hpp"
#include "contextstats/smoothing/criterion.hpp"

namespace contextstats {

enum class Smoothing { reml, ml, gcv, fixed };
enum class Method { newton, lbfgs };

struct FitOptions {
  Method method = Method::newton;
  Smoothing smoothing = Smoothing::reml;
  VectorXd lambda;  ///< the values for Smoothing::fixed; else where the search starts, or empty
  VectorXd theta;   ///< where the coefficients start, or empty
  MatrixXd trace;   ///< near the end: M of d log|H| = tr(M dH), for a first pass that may be the last one
  int maxiter = 100;
  double tolerance = 1e-9;
};

/// Everything a fit knows; nothing points to the data.
struct FitReport {
  VectorXd theta;
  std::vector<bool> identified;
  VectorXd eta;  ///< linear predictor of every row, offset included
  double deviance = 0.0;
  double penalty = 0.0;
  MatrixXd gram_observed;  ///< Z'WZ with the observed weights
  MatrixXd gram_expected;  ///< Z'WZ with the expected weights
  MatrixXd inverse;        ///< (Z'WZ + S)^- with the weights named by `inverse_is_expected`
  bool inverse_is_expected = false;
  VectorXd lambda;
  CriterionValue criterion;  ///< at the end; sizes zero where nothing was estimated
  double gradient_norm = 0.0;
  int iterations = 0;
  int evaluations = 0;
  Termination termination = Termination::not_run;
  double smallest_pivot = 1.0;
  std::string solver;  ///< "newton", "lbfgs", "least squares", "qr"

  bool converged() const {
    return termination == Termination::gradient_small || termination == Termination::objective_flat;
  }
};

}  // namespace contextstats
