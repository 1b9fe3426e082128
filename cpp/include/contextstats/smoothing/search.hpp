#pragma once

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <functional>

#include "contextstats/smoothing/criterion.hpp"

namespace contextstats {

/// When a search asks for the criterion's exact Hessian: for steps near the optimum and at the end, at the
/// end only, or never.
enum class ExactHessian { near_end, at_end, never };

struct SmoothingSearchOptions {
  int maxiter = 100;
  double tolerance =
      1e-9;  ///< stop when max |gradient| <= tolerance (1 + |criterion|), |criterion| at most 1000
  ExactHessian exact_hessian = ExactHessian::near_end;
  bool many_rows = false;  ///< for JointSearch: a pass over the data costs more than all else
  double may_leave = 0.0;  ///< for JointSearch: stop where another pass would gain less; 0 to go to the end
};

struct SearchResult {
  VectorXd rho;
  PenalizedFit fit;
  CriterionValue criterion;
  int iterations = 0;
  int evaluations = 0;
  Termination termination = Termination::not_run;
};

/// Minimises a criterion over the log smoothing parameters by Newton's method, with the coefficients solved
/// for at every trial and carried along their derivative to the next.
///
/// Far from the optimum the Hessian ignores the dependence of the weights on rho, which is cheap; near it the
/// exact one is taken once and reused, since gradients are exact throughout. A term on its way to its
/// penalty's null space has a criterion that flattens like exp(-rho): its steps are lengthened, and its rho
/// is bounded.
class SmoothingSearch {
 public:
  using Solve = std::function<PenalizedFit(const VectorXd& rho, const VectorXd& start)>;

  SmoothingSearch(const Criterion& criterion, Solve solve, const SmoothingSearchOptions& options,
                  const Hooks* hooks)
      : criterion_(criterion), solve_(std::move(solve)), options_(options), hooks_(hooks) {}

  /// `center` is a rho of the right order of magnitude: the search stays within a factor exp(26) = 2e11 of
  /// it.
  SearchResult minimize(const VectorXd& center, const VectorXd& start, const VectorXd& theta) const {
    SearchResult at;
    at.rho = start.cwiseMax((center.array() - kRange).matrix()).cwiseMin((center.array() + kRange).matrix());
    at.fit = solve_(at.rho, theta);
    at.evaluations = 1;
    if (!at.fit.usable()) {
      at.termination = Termination::objective_not_finite;
      return at;
    }
    at.criterion = value_at(at.fit, at.rho, Derivatives::working);
    return improve(center, std::move(at), CriterionValue());
  }

  /// Goes on from a result that is near the optimum, without fitting it again.
  SearchResult polish(const VectorXd& center, SearchResult near) const {
    near.criterion = value_at(near.fit, near.rho, Derivatives::exact);
    CriterionValue exact = near.criterion;
    return improve(center, std::move(near), std::move(exact));
  }

 private:
  static constexpr double kRange = 26.0;
  static constexpr double kFlat = 1e-9;  ///< a gradient that rounding may leave where nothing falls any more
  static constexpr double kNear =
      0.02;  ///< a gradient in log(lambda) is of the order of an edf when far away

  /// `exact`: the criterion with its exact Hessian at `at.rho`, or empty as long as the search is far away.
  SearchResult improve(const VectorXd& center, SearchResult at, CriterionValue exact) const {
    const VectorXd lower = center.array() - kRange;
    const VectorXd upper = center.array() + kRange;
    VectorXd exact_rho = at.rho;
    double longest = 4.0;
    double last_norm = std::numeric_limits<double>::infinity();
    for (;; ++at.iterations) {
      const double norm = projected_gradient(at, lower, upper);
      if (hooks_ != nullptr) {
        hooks_->check();
        if (hooks_->progress) hooks_->progress(at.iterations, at.criterion.value, norm);
      }
      // A gradient in log(lambda) does not grow with the number of rows, though the criterion does.
      const double scale = 1.0 + std::min(std::abs(at.criterion.value), 1e3);
      if (norm <= options_.tolerance * scale) {
        at.termination = Termination::gradient_small;
        break;
      }
      if (at.iterations >= options_.maxiter) {
        at.termination = Termination::iteration_limit;
        break;
      }
      const bool slow = norm > 0.2 * last_norm;
      const bool near = norm < kNear;
      if (near && options_.exact_hessian == ExactHessian::near_end && (exact.hessian.size() == 0 || slow)) {
        exact = value_at(at.fit, at.rho, Derivatives::exact);
        exact_rho = at.rho;
      }
      last_norm = norm;
      const MatrixXd hessian = near && exact.hessian.size() > 0 ? exact.hessian : hessian_at(at);
      const VectorXd direction = newton_direction(at, hessian, lower, upper, longest);
      const VectorXd before = at.rho;
      const bool moved = step(direction, lower, upper, at);
      // Long plateaus on the way to a penalty's null space: steps that keep reaching their bound may double.
      const bool at_bound = moved && (at.rho - before).cwiseAbs().maxCoeff() >= 0.999 * longest;
      longest = at_bound ? std::min(2.0 * longest, 16.0) : 4.0;
      if (!moved) {
        const double flat = std::max(1e3 * options_.tolerance, kFlat) * scale;
        at.termination = norm <= flat ? Termination::objective_flat : Termination::line_search_failed;
        break;
      }
    }
    if (options_.exact_hessian != ExactHessian::never) complete(exact, exact_rho, at);
    return at;
  }

  CriterionValue value_at(const PenalizedFit& fit, const VectorXd& rho, Derivatives wanted) const {
    return criterion_.evaluate(fit, rho, wanted);
  }

  /// Gives the result an exact Hessian: the one at hand where rho has hardly moved since, in what it still
  /// can move.
  void complete(const CriterionValue& exact, const VectorXd& exact_rho, SearchResult& at) const {
    const VectorXd moved = (at.rho - exact_rho)
                               .cwiseProduct(at.criterion.hessian.size() > 0
                                                 ? VectorXd(at.criterion.hessian.diagonal().cwiseAbs())
                                                 : VectorXd::Ones(at.rho.size()));
    if (exact.hessian.size() > 0 && moved.cwiseAbs().maxCoeff() < 1e-3) {
      at.criterion.hessian = exact.hessian;
      at.criterion.full_hessian = exact.full_hessian;
      return;
    }
    at.criterion = value_at(at.fit, at.rho, Derivatives::exact);
    if (at.criterion.hessian.size() == 0) at.criterion.hessian = difference_hessian(at);
    if (at.criterion.full_hessian.size() == 0) at.criterion.full_hessian = at.criterion.hessian;
  }

  MatrixXd hessian_at(const SearchResult& at) const {
    return at.criterion.hessian.size() > 0 ? at.criterion.hessian : difference_hessian(at);
  }

  MatrixXd difference_hessian(const SearchResult& at) const {
    const Index K = at.rho.size();
    constexpr double h = 1e-4;
    MatrixXd hessian(K, K);
    for (Index k = 0; k < K; ++k) {
      VectorXd up = at.rho, down = at.rho;
      up[k] += h;
      down[k] -= h;
      const VectorXd above = value_at(solve_(up, at.fit.theta), up, Derivatives::working).gradient;
      const VectorXd below = value_at(solve_(down, at.fit.theta), down, Derivatives::working).gradient;
      hessian.col(k) = (above - below) / (2.0 * h);
    }
    return 0.5 * (hessian + hessian.transpose());
  }

  static bool held(const SearchResult& at, const VectorXd& lower, const VectorXd& upper, Index k) {
    return (at.rho[k] >= upper[k] && at.criterion.gradient[k] < 0.0) ||
           (at.rho[k] <= lower[k] && at.criterion.gradient[k] > 0.0);
  }

  static double projected_gradient(const SearchResult& at, const VectorXd& lower, const VectorXd& upper) {
    double norm = 0.0;
    for (Index k = 0; k < at.rho.size(); ++k) {
      if (!held(at, lower, upper, k)) norm = std::max(norm, std::abs(at.criterion.gradient[k]));
    }
    return norm;
  }

  /// -H^-1 g on the free coordinates, with eigenvalues made positive and no entry beyond `longest`.
  static VectorXd newton_direction(const SearchResult& at, const MatrixXd& hessian, const VectorXd& lower,
                                   const VectorXd& upper, double longest) {
    std::vector<Index> open;
    for (Index k = 0; k < at.rho.size(); ++k) {
      if (!held(at, lower, upper, k)) open.push_back(k);
    }
    const Index n = static_cast<Index>(open.size());
    MatrixXd scaled(n, n);
    VectorXd g(n), unit(n);
    const double floor = 1e-12 * (1.0 + std::abs(at.criterion.value));
    for (Index i = 0; i < n; ++i) {
      unit[i] =
          1.0 / std::sqrt(std::max(
                    std::abs(hessian(open[static_cast<std::size_t>(i)], open[static_cast<std::size_t>(i)])),
                    floor));
      g[i] = at.criterion.gradient[open[static_cast<std::size_t>(i)]] * unit[i];
    }
    for (Index i = 0; i < n; ++i) {
      for (Index j = 0; j < n; ++j) {
        scaled(i, j) =
            hessian(open[static_cast<std::size_t>(i)], open[static_cast<std::size_t>(j)]) * unit[i] * unit[j];
      }
    }
    const Eigen::SelfAdjointEigenSolver<MatrixXd> eigen(scaled);
    const VectorXd values = eigen.eigenvalues().cwiseAbs().cwiseMax(1e-3);
    const VectorXd projected = eigen.eigenvectors().transpose() * g;
    const VectorXd local = -(eigen.eigenvectors() * projected.cwiseQuotient(values)).cwiseProduct(unit);
    VectorXd direction = VectorXd::Zero(at.rho.size());
    VectorXd bounded(n);
    for (Index i = 0; i < n; ++i) {
      const bool exponential_tail = std::abs(local[i]) > 0.7 && std::abs(local[i]) < 1.6;
      bounded[i] = std::clamp(exponential_tail ? 3.0 * local[i] : local[i], -longest, longest);
    }
    // Bounding entries one by one can turn the step uphill; shortening all of them cannot.
    const VectorXd plain = local * std::min(1.0, longest / std::max(local.cwiseAbs().maxCoeff(), 1e-300));
    const VectorXd slopes = g.cwiseQuotient(unit);
    const bool downhill = slopes.dot(bounded) < 0.5 * slopes.dot(plain);
    for (Index i = 0; i < n; ++i) {
      direction[open[static_cast<std::size_t>(i)]] = downhill ? bounded[i] : plain[i];
    }
    return direction;
  }

  /// Halves the step until the criterion falls; moves `at` there.
  bool step(const VectorXd& direction, const VectorXd& lower, const VectorXd& upper, SearchResult& at) const {
    const double before = at.criterion.value;
    const double slack = 1e-13 * (1.0 + std::abs(before));
    double length = 1.0;
    for (int halving = 0; halving < 25; ++halving, length *= 0.5) {
      const VectorXd rho = (at.rho + length * direction).cwiseMax(lower).cwiseMin(upper);
      PenalizedFit fit = solve_(rho, at.fit.theta + at.criterion.dtheta * (rho - at.rho));
      ++at.evaluations;
      if (!fit.usable()) continue;
      CriterionValue trial = value_at(fit, rho, Derivatives::working);
      if (!(trial.value <= before + slack) || !trial.gradient.allFinite()) continue;
      at.rho = rho;
      at.fit = std::move(fit);
      at.criterion = std::move(trial);
      return true;
    }
    return false;
  }

  const Criterion& criterion_;
  Solve solve_;
  SmoothingSearchOptions options_;
  const Hooks* hooks_;
};

}  // namespace contextstats
