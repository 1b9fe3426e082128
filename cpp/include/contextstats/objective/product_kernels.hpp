#pragma once

#include <algorithm>
#include <type_traits>

#include "contextstats/types.hpp"

namespace contextstats {

// The two kernels on which models spend their time. Both work on columns of `n` rows, n a multiple of kLanes,
// and keep a small block of sums in registers.

constexpr Index kLanes = 4;
using Lanes = Eigen::Array<double, kLanes, 1>;

namespace detail {

#ifdef __AVX__
constexpr Index kBlockA = 4;
#else
constexpr Index kBlockA = 2;
#endif
constexpr Index kBlockB = 3;

inline Lanes lanes(const double* from) { return Eigen::Map<const Lanes>(from); }

template <Index NA, Index NB>
void dot_block(const double* const* a, const double* const* b, Index n, double* out, Index stride_a,
               Index stride_b) {
  Lanes sum[NA][NB];
  for (Index i = 0; i < NA; ++i) {
    for (Index j = 0; j < NB; ++j) sum[i][j].setZero();
  }
  for (Index r = 0; r < n; r += kLanes) {
    Lanes right[NB];
    for (Index j = 0; j < NB; ++j) right[j] = lanes(b[j] + r);
    for (Index i = 0; i < NA; ++i) {
      const Lanes left = lanes(a[i] + r);
      for (Index j = 0; j < NB; ++j) sum[i][j] += left * right[j];
    }
  }
  for (Index i = 0; i < NA; ++i) {
    for (Index j = 0; j < NB; ++j) out[i * stride_a + j * stride_b] += sum[i][j].sum();
  }
}

/// Calls visit with a number below four that is known when compiled.
template <class Visit>
void for_remainder(Index left, const Visit& visit) {
  if (left == 1) visit(std::integral_constant<Index, 1>());
  if (left == 2) visit(std::integral_constant<Index, 2>());
  if (left == 3) visit(std::integral_constant<Index, 3>());
}

template <Index NA>
void dot_strip(const double* const* a, const double* const* b, Index n_b, Index n, double* out,
               Index stride_a, Index stride_b) {
  Index j = 0;
  for (; j + kBlockB <= n_b; j += kBlockB) {
    dot_block<NA, kBlockB>(a, b + j, n, out + j * stride_b, stride_a, stride_b);
  }
  for (; j < n_b; ++j) dot_block<NA, 1>(a, b + j, n, out + j * stride_b, stride_a, stride_b);
}

template <Index NF>
void combine_strip(const double* const* monomials, Index n_monomials, const double* const* factors,
                   const double* const* coefficients, Index n, double* out) {
  Index r = 0;
  for (; r + 2 * kLanes <= n; r += 2 * kLanes) {
    Lanes first[NF], second[NF];
    for (Index f = 0; f < NF; ++f) first[f].setZero(), second[f].setZero();
    for (Index m = 0; m < n_monomials; ++m) {
      const Lanes m1 = lanes(monomials[m] + r);
      const Lanes m2 = lanes(monomials[m] + r + kLanes);
      for (Index f = 0; f < NF; ++f) {
        const double c = coefficients[m][f];
        first[f] += c * m1;
        second[f] += c * m2;
      }
    }
    Eigen::Map<Lanes> out1(out + r), out2(out + r + kLanes);
    for (Index f = 0; f < NF; ++f) {
      out1 += first[f] * lanes(factors[f] + r);
      out2 += second[f] * lanes(factors[f] + r + kLanes);
    }
  }
  for (; r < n; r += kLanes) {
    Eigen::Map<Lanes> at(out + r);
    for (Index f = 0; f < NF; ++f) {
      Lanes sum = Lanes::Zero();
      for (Index m = 0; m < n_monomials; ++m) sum += coefficients[m][f] * lanes(monomials[m] + r);
      at += sum * lanes(factors[f] + r);
    }
  }
}

}  // namespace detail

/// out[i stride_a + j stride_b] += sum over rows of a[i] b[j].
inline void add_dot_products(const double* const* a, Index n_a, const double* const* b, Index n_b, Index n,
                             double* out, Index stride_a, Index stride_b) {
  Index i = 0;
  for (; i + detail::kBlockA <= n_a; i += detail::kBlockA) {
    detail::dot_strip<detail::kBlockA>(a + i, b, n_b, n, out + i * stride_a, stride_a, stride_b);
  }
  const auto rest = [&](auto width) {
    detail::dot_strip<width()>(a + i, b, n_b, n, out + i * stride_a, stride_a, stride_b);
  };
  detail::for_remainder(n_a - i, rest);
}

/// out[row] += sum_f factors[f][row] sum_m coefficients[m][f] monomials[m][row]: the adjoint of the dot
/// products. `coefficients` is left as it was found.
inline void add_combination(const double* const* monomials, Index n_monomials, const double* const* factors,
                            Index n_factors, const double** coefficients, Index n, double* out) {
  const auto advance = [&](Index by) {
    for (Index m = 0; m < n_monomials; ++m) coefficients[m] += by;
  };
  constexpr Index width = 4;
  Index f = 0;
  for (; f + width <= n_factors; f += width, advance(width)) {
    detail::combine_strip<width>(monomials, n_monomials, factors + f, coefficients, n, out);
  }
  const auto rest = [&](auto left) {
    detail::combine_strip<left()>(monomials, n_monomials, factors + f, coefficients, n, out);
  };
  detail::for_remainder(n_factors - f, rest);
  advance(-f);
}

}  // namespace contextstats
