#pragma once

#include <limits>
#include <utility>
#include <vector>

#include "contextstats/types.hpp"

namespace contextstats {

/// sum_i f_i log f(y_i; mu = y_i, phi / v_i), the saturated log-likelihood, and its derivatives in phi.
struct Saturated {
  double value = 0.0;
  double d1 = 0.0;
  double d2 = 0.0;
};

inline Saturated& operator+=(Saturated& left, const Saturated& right) {
  left.value += right.value;
  left.d1 += right.d1;
  left.d2 += right.d2;
  return left;
}

inline Saturated operator*(double factor, const Saturated& term) {
  return {factor * term.value, factor * term.d1, factor * term.d2};
}

/// Row i of an optional weight vector: null means that all weights are 1.
inline double weight_at(const double* weights, Index i) { return weights == nullptr ? 1.0 : weights[i]; }

/// sum_i f_i term(y_i, v_i).
template <class RowTerm>
Saturated sum_saturated(const double* y, const double* var_weight, const double* freq_weight, Index n,
                        const RowTerm& term) {
  Saturated sum;
  for (Index i = 0; i < n; ++i) sum += weight_at(freq_weight, i) * term(y[i], weight_at(var_weight, i));
  return sum;
}

/// A function of counts that is costly and often asked for the same small ones.
template <class OfCount>
class RememberedCounts {
 public:
  explicit RememberedCounts(OfCount of_count) : of_count_(std::move(of_count)), known_(kSmall, kUnknown) {}

  double operator()(double count) {
    const bool small = count >= 0.0 && count < static_cast<double>(kSmall);
    const std::size_t place = small ? static_cast<std::size_t>(count) : 0;
    if (!small || static_cast<double>(place) != count) return of_count_(count);
    if (known_[place] == kUnknown) known_[place] = of_count_(count);
    return known_[place];
  }

 private:
  static constexpr std::size_t kSmall = 1024;
  static constexpr double kUnknown = std::numeric_limits<double>::infinity();

  OfCount of_count_;
  std::vector<double> known_;
};

/// sum_i f_i {scale_term(v_i) + response_term(y_i)} for densities where y and phi separate.
/// `scale_term` may be costly: it is computed again only where the weight differs from the row before.
template <class ScaleTerm, class ResponseTerm>
Saturated sum_separable(const double* y, const double* var_weight, const double* freq_weight, Index n,
                        const ScaleTerm& scale_term, const ResponseTerm& response_term) {
  Saturated sum;
  double weight = 1.0;
  Saturated term = scale_term(weight);
  for (Index i = 0; i < n; ++i) {
    if (weight_at(var_weight, i) != weight) {
      weight = weight_at(var_weight, i);
      term = scale_term(weight);
    }
    const double frequency = weight_at(freq_weight, i);
    sum += frequency * term;
    sum.value += frequency * response_term(y[i]);
  }
  return sum;
}

}  // namespace contextstats
