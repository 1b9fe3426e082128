#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>

namespace contextstats::testing {

/// f'(x) from four values around x, exact for polynomials of degree 4.
template <class Function>
double central_difference(const Function& f, double x, double h) {
  return (8.0 * (f(x + h) - f(x - h)) - (f(x + 2.0 * h) - f(x - 2.0 * h))) / (12.0 * h);
}

/// Gradient of a function of a vector by central differences, step h (1 + |x_j|).
template <class Function>
Eigen::VectorXd central_gradient(const Function& f, const Eigen::VectorXd& x, double h = 1e-4) {
  Eigen::VectorXd out(x.size());
  for (Eigen::Index j = 0; j < x.size(); ++j) {
    const auto along = [&](double value) {
      Eigen::VectorXd moved = x;
      moved[j] = value;
      return f(moved);
    };
    out[j] = central_difference(along, x[j], h * (1.0 + std::abs(x[j])));
  }
  return out;
}

/// |a - b| relative to the larger of |b| and `unit`.
inline double relative_error(double a, double b, double unit = 1.0) {
  return std::abs(a - b) / std::max(unit, std::abs(b));
}

}  // namespace contextstats::testing
