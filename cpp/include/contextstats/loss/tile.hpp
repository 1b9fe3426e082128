#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <limits>

#include "contextstats/link/link.hpp"
#include "contextstats/loss/loss.hpp"

namespace contextstats {

/// The arrays of `out` from row `start` on.
inline LossTile rows_from(const LossTile& out, Index start) {
  const auto shifted = [start](double* array) { return array == nullptr ? nullptr : array + start; };
  return {shifted(out.deviance), shifted(out.score),     shifted(out.weight),
          shifted(out.expected), shifted(out.weight_d1), shifted(out.weight_d2)};
}

/// Calls work(start, rows) for consecutive tiles of at most kTileRows rows.
template <class Work>
void for_each_tile(Index n, const Work& work) {
  for (Index start = 0; start < n; start += kTileRows) work(start, std::min(kTileRows, n - start));
}

/// The largest double: |eta| <= kLargest means that eta is finite.
constexpr double kLargest = std::numeric_limits<double>::max();

/// array[i] = value(i), if the array is wanted.
template <class Value>
void write_rows(double* array, Index n, const Value& value) {
  if (array == nullptr) return;
  for (Index i = 0; i < n; ++i) array[i] = value(i);
}

/// Marks a row whose mean is impossible: +infinity deviance, no contribution to anything else.
inline void discard_row(const LossTile& out, Index i) {
  if (out.deviance != nullptr) out.deviance[i] = std::numeric_limits<double>::infinity();
  for (double* array : {out.score, out.weight, out.expected, out.weight_d1, out.weight_d2}) {
    if (array != nullptr) array[i] = 0.0;
  }
}

/// Discards the rows whose eta is not in [lowest, highest]; NaN is in no interval.
inline void discard_outside(const double* eta, Index n, double lowest, double highest, const LossTile& out) {
  const Eigen::Map<const Eigen::ArrayXd> rows(eta, n);
  if (rows.minCoeff<Eigen::PropagateNaN>() >= lowest && rows.maxCoeff<Eigen::PropagateNaN>() <= highest)
    return;
  for (Index i = 0; i < n; ++i) {
    if (!(eta[i] >= lowest && eta[i] <= highest)) discard_row(out, i);
  }
}

/// Discards the rows in which a number that was asked for is not finite.
inline void discard_overflow(Index n, const LossTile& out) {
  for (const double* array :
       {out.deviance, out.score, out.weight, out.expected, out.weight_d1, out.weight_d2}) {
    if (array == nullptr) continue;
    for (Index i = 0; i < n; ++i) {
      if (!std::isfinite(array[i])) discard_row(out, i);
    }
  }
}

/// The number of derivatives of the score that `out` asks for: 0 (score) to 3 (weight_d2).
inline int score_order(const LossTile& out) {
  if (out.weight_d2 != nullptr) return 3;
  if (out.weight_d1 != nullptr) return 2;
  return out.weight != nullptr ? 1 : 0;
}

}  // namespace contextstats
