#pragma once

#include <algorithm>
#include <cmath>
#include <deque>
#include <functional>
#include <utility>
#include <vector>

#include "contextstats/optim/line_search.hpp"
#include "contextstats/optim/termination.hpp"
#include "contextstats/types.hpp"

namespace contextstats {

struct LbfgsOptions {
  int memory = 10;  ///< pairs of steps and gradient changes that are kept
  int maxiter = 1000;
  double gradient_tolerance = 1e-8;  ///< on max_j sqrt(scaling_j) |g_j| / max(1, |objective|)
  double objective_tolerance = 0.0;  ///< on the decrease / max(1, |objective|); 0 switches the test off
  VectorXd scaling;                  ///< diagonal guess of the inverse Hessian, entries > 0; empty means 1
  std::function<bool()> stop_requested;  ///< polled once an iteration
  LineSearchOptions line_search;
};

/// What L-BFGS reports. The defaults describe a run that never was.
struct LbfgsResult {
  VectorXd theta;  ///< last accepted point
  double objective = 0.0;
  double gradient_norm = -1.0;  ///< max_j sqrt(scaling_j) |g_j| at theta
  int iterations = 0;
  int evaluations = 0;
  Termination termination = Termination::not_run;

  bool converged() const {
    return termination == Termination::gradient_small || termination == Termination::objective_flat;
  }
};

/// The objective, and its gradient written to the second argument.
using ValueAndGradient = std::function<double(const VectorXd& theta, VectorXd& gradient)>;

/// The inverse Hessian implied by the last steps.
/// Source: Nocedal and Wright (2006), Numerical Optimization, algorithm 7.4.
class LbfgsMemory {
 public:
  LbfgsMemory(int capacity, VectorXd scaling) : capacity_(capacity), scaling_(std::move(scaling)) {}

  bool empty() const { return pairs_.empty(); }
  void clear() { pairs_.clear(); }

  /// Remembers a step and the change of the gradient; a pair without positive curvature is ignored.
  void add(VectorXd step, VectorXd change) {
    const double curvature = step.dot(change);
    if (!(curvature > 1e-14 * change.norm() * step.norm())) return;
    if (static_cast<int>(pairs_.size()) == capacity_) pairs_.pop_front();
    pairs_.push_back({std::move(step), std::move(change), 1.0 / curvature});
  }

  /// Inverse Hessian times v.
  VectorXd apply(VectorXd v) const {
    std::vector<double> alpha(pairs_.size());
    for (std::size_t k = pairs_.size(); k-- > 0;) {
      alpha[k] = pairs_[k].inverse_curvature * pairs_[k].step.dot(v);
      v -= alpha[k] * pairs_[k].change;
    }
    v = initial_scale() * scaling_.cwiseProduct(v);
    for (std::size_t k = 0; k < pairs_.size(); ++k) {
      const double beta = pairs_[k].inverse_curvature * pairs_[k].change.dot(v);
      v += (alpha[k] - beta) * pairs_[k].step;
    }
    return v;
  }

 private:
  struct Pair {
    VectorXd step;
    VectorXd change;
    double inverse_curvature;
  };

  /// Size of the inverse Hessian along the last step, relative to the diagonal guess.
  double initial_scale() const {
    if (pairs_.empty()) return 1.0;
    const Pair& last = pairs_.back();
    return 1.0 / (last.inverse_curvature * last.change.dot(scaling_.cwiseProduct(last.change)));
  }

  int capacity_;
  VectorXd scaling_;
  std::deque<Pair> pairs_;
};

/// One run of L-BFGS from one start.
class LbfgsRun {
 public:
  LbfgsRun(const ValueAndGradient& objective, VectorXd start, const LbfgsOptions& options)
      : objective_(objective),
        options_(options),
        scaled_(options.scaling.size() > 0),
        scaling_(scaled_ ? options.scaling : VectorXd(VectorXd::Ones(start.size()))),
        memory_(options.memory, scaling_),
        gradient_(VectorXd::Zero(start.size())) {
    result_.theta = std::move(start);
  }

  LbfgsResult operator()() {
    result_.objective = evaluate(result_.theta, gradient_);
    if (!std::isfinite(result_.objective) || !gradient_.allFinite()) {
      result_.termination = Termination::objective_not_finite;
      return result_;
    }
    while (!finished()) {
      if (!advance() && result_.termination == Termination::not_run) memory_.clear();
    }
    return result_;
  }

 private:
  double evaluate(const VectorXd& theta, VectorXd& gradient) {
    ++result_.evaluations;
    return objective_(theta, gradient);
  }

  double unit() const { return std::max(1.0, std::abs(result_.objective)); }

  bool finished() {
    if (result_.termination != Termination::not_run) return true;
    result_.gradient_norm = (scaling_.cwiseSqrt().cwiseProduct(gradient_)).lpNorm<Eigen::Infinity>();
    if (result_.gradient_norm <= options_.gradient_tolerance * unit()) {
      result_.termination = Termination::gradient_small;
    } else if (options_.stop_requested && options_.stop_requested()) {
      result_.termination = Termination::interrupted;
    } else if (result_.iterations >= options_.maxiter) {
      result_.termination = Termination::iteration_limit;
    }
    return result_.termination != Termination::not_run;
  }

  /// One step. False if the line search found none: then either the memory misled it (termination stays
  /// `not_run`, and the next attempt goes without), or the run ends.
  bool advance() {
    VectorXd direction = -memory_.apply(gradient_);
    if (!(gradient_.dot(direction) < 0.0)) {
      memory_.clear();
      direction = -memory_.apply(gradient_);
    }
    const double slope = gradient_.dot(direction);
    VectorXd theta(direction.size()), gradient(direction.size());
    const auto along = [&](double step, double& trial_slope) {
      theta = result_.theta + step * direction;
      const double value = evaluate(theta, gradient);
      trial_slope = gradient.dot(direction);
      return value;
    };
    const bool unscaled = memory_.empty() && !scaled_;
    WolfeSearch search(along, {0.0, result_.objective, slope}, options_.line_search);
    const LineSearchResult found = search(unscaled ? std::min(1.0, 1.0 / gradient_.norm()) : 1.0);
    if (!found.wolfe && !(found.point.step > 0.0)) {
      if (memory_.empty()) result_.termination = without_step(slope);
      return false;
    }
    double value = found.point.value;
    if (!found.wolfe) {
      double unused = 0.0;
      value = along(found.point.step, unused);
    }
    accept(value, theta, gradient);
    return true;
  }

  /// Not even the gradient leads down: harmless if the fall it promises is within rounding error.
  Termination without_step(double slope) const {
    const bool rounding = -slope <= 100.0 * options_.line_search.rounding * unit();
    return rounding ? Termination::objective_flat : Termination::line_search_failed;
  }

  void accept(double value, const VectorXd& theta, const VectorXd& gradient) {
    const double decrease = result_.objective - value;
    memory_.add(theta - result_.theta, gradient - gradient_);
    result_.theta = theta;
    result_.objective = value;
    gradient_ = gradient;
    ++result_.iterations;
    if (options_.objective_tolerance > 0.0 && decrease <= options_.objective_tolerance * unit()) {
      result_.termination = Termination::objective_flat;
      result_.gradient_norm = (scaling_.cwiseSqrt().cwiseProduct(gradient_)).lpNorm<Eigen::Infinity>();
    }
  }

  const ValueAndGradient& objective_;
  const LbfgsOptions& options_;
  bool scaled_;
  VectorXd scaling_;
  LbfgsMemory memory_;
  VectorXd gradient_;
  LbfgsResult result_;
};

/// The minimum of a smooth function by limited-memory BFGS with a strong Wolfe line search.
///
/// `objective` may return +infinity (or NaN) outside its domain, but not at `start`.
/// Source: Liu and Nocedal (1989), Mathematical Programming 45, 503-528.
inline LbfgsResult minimize_lbfgs(const ValueAndGradient& objective, VectorXd start,
                                  const LbfgsOptions& options) {
  return LbfgsRun(objective, std::move(start), options)();
}

}  // namespace contextstats
