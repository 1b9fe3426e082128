#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

namespace contextstats {

struct LineSearchOptions {
  double decrease = 1e-4;   ///< c1: value(t) <= value(0) + c1 t slope(0)
  double curvature = 0.9;   ///< c2: |slope(t)| <= c2 |slope(0)|
  double rounding = 1e-14;  ///< relative error of values: smaller rises are not told from zero
  double expansion = 4.0;   ///< growth of the step until the minimum is bracketed
  int max_evaluations = 40;
};

/// Value and slope of the objective along a direction, after `step`.
struct LinePoint {
  double step = 0.0;
  double value = 0.0;
  double slope = 0.0;
};

struct LineSearchResult {
  LinePoint point;
  bool wolfe = false;  ///< both conditions hold at `point`, which then was the last one evaluated
  int evaluations = 0;
};

/// A step that fulfils the strong Wolfe conditions.
///
/// The decrease is judged by values, or by slopes where values differ by no more than rounding error (Hager
/// and Zhang's approximate condition): a search near the minimum does not fail for want of digits. A value
/// that is not finite counts as +infinity, so that steps out of the domain are shortened. Source: Nocedal and
/// Wright (2006), Numerical Optimization, algorithms 3.5 and 3.6; Hager and Zhang (2005), SIAM Journal on
/// Optimization 16, 170-192.
template <class LineFunction>
class WolfeSearch {
 public:
  /// `function(step, slope)` returns the value and writes the slope. `start.slope` must be negative.
  WolfeSearch(const LineFunction& function, const LinePoint& start, const LineSearchOptions& options)
      : function_(function), start_(start), options_(options) {}

  LineSearchResult operator()(double first_step) {
    LinePoint previous = start_;
    double step = first_step;
    while (result_.evaluations < options_.max_evaluations) {
      const LinePoint trial = evaluate(step);
      if (!decreases(trial) || (previous.step > 0.0 && trial.value >= previous.value))
        return zoom(previous, trial);
      if (flat_enough(trial)) return accept(trial);
      if (trial.slope >= 0.0) return zoom(trial, previous);
      previous = trial;
      step *= options_.expansion;
    }
    return give_up(previous);
  }

 private:
  /// `low` has the least value so far; the slope there points to `high`.
  LineSearchResult zoom(LinePoint low, LinePoint high) {
    while (result_.evaluations < options_.max_evaluations) {
      const LinePoint trial = evaluate(interpolate(low, high));
      if (trial.step == low.step || trial.step == high.step) break;
      if (!decreases(trial) || (low.step > 0.0 && trial.value > low.value)) {
        high = trial;
        continue;
      }
      if (flat_enough(trial)) return accept(trial);
      if (trial.slope * (high.step - low.step) >= 0.0) high = low;
      low = trial;
    }
    return give_up(low);
  }

  LinePoint evaluate(double step) {
    ++result_.evaluations;
    LinePoint point{step, 0.0, 0.0};
    point.value = function_(step, point.slope);
    if (!std::isfinite(point.value) || !std::isfinite(point.slope)) {
      point.value = std::numeric_limits<double>::infinity();
    }
    return point;
  }

  bool decreases(const LinePoint& at) const {
    if (at.value <= start_.value + options_.decrease * at.step * start_.slope) return true;
    const bool same_value = at.value <= start_.value + options_.rounding * std::abs(start_.value);
    return same_value && at.slope <= (2.0 * options_.decrease - 1.0) * start_.slope;
  }

  bool flat_enough(const LinePoint& at) const {
    return std::abs(at.slope) <= -options_.curvature * start_.slope;
  }

  /// Minimum of the cubic through both ends, kept off the ends by a tenth of the interval.
  double interpolate(const LinePoint& low, const LinePoint& high) const {
    const double width = high.step - low.step;
    if (!std::isfinite(high.value)) return low.step + 0.5 * width;
    const double secant = (high.value - low.value) / width;
    const double a = low.slope + high.slope - 3.0 * secant;
    const double discriminant = a * a - low.slope * high.slope;
    if (!(discriminant >= 0.0)) return low.step + 0.5 * width;
    const double root = std::copysign(std::sqrt(discriminant), width);
    const double share = 1.0 - (high.slope + root - a) / (high.slope - low.slope + 2.0 * root);
    return low.step + width * (std::isfinite(share) ? std::clamp(share, 0.1, 0.9) : 0.5);
  }

  LineSearchResult accept(const LinePoint& point) {
    result_.point = point;
    result_.wolfe = true;
    return result_;
  }

  /// The lowest point found, or the start if nothing lies below it.
  LineSearchResult give_up(const LinePoint& best) {
    result_.point = best.value < start_.value ? best : start_;
    return result_;
  }

  const LineFunction& function_;
  LinePoint start_;
  LineSearchOptions options_;
  LineSearchResult result_;
};

}  // namespace contextstats
