#pragma once

#include <algorithm>

#include "contextstats/loss/loss.hpp"
#include "contextstats/loss/tile.hpp"
#include "contextstats/parallel/row_chunks.hpp"

namespace contextstats {

// What needs the rows of a fit and not its design.

/// The mean of every row.
inline VectorXd means(const Loss& loss, ConstVector eta, const Execution& execution) {
  VectorXd mu(eta.size());
  for_each_rows(eta.size(), execution, [&](Index first, Index last) {
    loss.mean(eta.data() + first, last - first, mu.data() + first);
  });
  return mu;
}

/// sum_i w_i D_i; `eta` has one entry for each row, or one for all of them.
inline double deviance(const Loss& loss, ConstVector y, ConstVector eta, ConstVector weight,
                       const Execution& execution) {
  const auto work = [&](Index first, Index last, double& sum) {
    double each[kTileRows], same[kTileRows];
    std::fill_n(same, kTileRows, eta[0]);
    LossTile out;
    out.deviance = each;
    for (Index i = first; i < last; i += kTileRows) {
      const Index rows = std::min(kTileRows, last - i);
      loss.evaluate(y.data() + i, eta.size() == 1 ? same : eta.data() + i, rows, out);
      sum += Eigen::Map<const VectorXd>(each, rows).dot(weight.segment(i, rows));
    }
  };
  return sum_over_rows(y.size(), 1, execution, 0.0, work);
}

/// The saturated log-likelihood of `Loss::saturated`.
inline Saturated saturated(const Loss& loss, ConstVector y, ConstVector var_weight, ConstVector freq_weight,
                           double phi, const Execution& execution) {
  return sum_over_rows(y.size(), 3, execution, Saturated(), [&](Index first, Index last, Saturated& sum) {
    sum += loss.saturated(y.data() + first, var_weight.data() + first, freq_weight.data() + first,
                          last - first, phi);
  });
}

/// With r = y - mu: Pearson's statistic sum f v r^2 / V(mu), and sum f sqrt(v) r V'(mu) / V(mu), which says
/// how far sparse responses bias it (Fletcher 2012, Biometrika 99). Rows without variance count nothing.
struct PearsonSums {
  double squares = 0.0;
  double tilt = 0.0;

  PearsonSums& operator+=(const PearsonSums& other) {
    squares += other.squares;
    tilt += other.tilt;
    return *this;
  }
};

inline PearsonSums pearson_sums(const Loss& loss, ConstVector y, ConstVector mu, ConstVector freq_weight,
                                ConstVector var_weight, const Execution& execution) {
  const auto work = [&](Index first, Index last, PearsonSums& sum) {
    double variance[kTileRows], slope[kTileRows], residual[kTileRows], relative[kTileRows];
    for_each_tile(last - first, [&](Index start, Index rows) {
      const Index from = first + start;
      loss.variance(mu.data() + from, rows, variance, slope);
      for (Index k = 0; k < rows; ++k) {
        residual[k] = y[from + k] - mu[from + k];
        relative[k] = variance[k] > 0.0 ? residual[k] / variance[k] : 0.0;
      }
      const Eigen::Map<const Eigen::ArrayXd> f(freq_weight.data() + from, rows);
      const Eigen::Map<const Eigen::ArrayXd> v(var_weight.data() + from, rows);
      const Eigen::Map<const Eigen::ArrayXd> r(residual, rows), over(relative, rows), change(slope, rows);
      sum.squares += (f * v * r * over).sum();
      sum.tilt += (f * v.sqrt() * change * over).sum();
    });
  };
  return sum_over_rows(y.size(), 2, execution, PearsonSums(), work);
}

}  // namespace contextstats
