#pragma once

#include <algorithm>
#include <type_traits>

#include "contextstats/types.hpp"

namespace contextstats {

// The two kernels on which models spend their time. Both work on columns of `n` rows, n a multiple of kLanes,
// and keep a small block of sums in registers. Strips of columns are as even as can be: a narrow one would
// leave too few sums to hide how long an addition takes.

constexpr Index kLanes = 4;
using Lanes = Eigen::Array<double, kLanes, 1>;

/// Columns that are read later: while sums are taken of others, their rows are called from memory to the
/// second cache, line by line. Many columns, each read for a short stretch, are more than a processor
/// foresees.
struct Ahead {
  const double* const* columns = nullptr;
  Index count = 0;

  /// Takes the first `wanted` of the columns away.
  Ahead take(Index wanted) {
    const Ahead taken{columns, std::min(wanted, count)};
    columns += taken.count;
    count -= taken.count;
    return taken;
  }

  void call(Index row) const {
    for (Index k = 0; k < count; ++k) call_line(columns[k] + row);
  }

  static void call_line(const double* from) { __builtin_prefetch(from, 0, 2); }
};

namespace detail {

// Widest strips whose sums fit the registers.
#ifdef __AVX__
constexpr Index kStripA = 4;
constexpr Index kStripFactors = 6;
#else
constexpr Index kStripA = 2;
constexpr Index kStripFactors = 3;
#endif
constexpr Index kStripB = 3;

inline Lanes lanes(const double* from) { return Eigen::Map<const Lanes>(from); }

/// Calls visit with n as a number that is known when compiled, 1 <= n <= Most.
template <Index Most, class Visit>
void with_constant(Index n, const Visit& visit) {
  if constexpr (Most > 1) {
    if (n < Most) return with_constant<Most - 1>(n, visit);
  }
  visit(std::integral_constant<Index, Most>());
}

/// Calls visit(first, width) for strips that share n columns evenly, none wider than Most.
template <Index Most, class Visit>
void for_each_strip(Index n, const Visit& visit) {
  Index first = 0;
  for (Index strips = (n + Most - 1) / Most; strips > 0; --strips) {
    const Index width = (n - first + strips - 1) / strips;
    with_constant<Most>(width, [&](auto constant) { visit(first, constant); });
    first += width;
  }
}

template <Index NA, Index NB>
void dot_block(const double* const* a, const double* const* b, Index n, double* out, Index stride_a,
               Index stride_b, const Ahead& ahead) {
  Lanes sum[NA][NB];
  for (Index i = 0; i < NA; ++i) {
    for (Index j = 0; j < NB; ++j) sum[i][j].setZero();
  }
  for (Index r = 0; r < n; r += kLanes) {
    ahead.call(r);
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

template <Index NF>
void combine_strip(const double* const* monomials, Index n_monomials, const double* const* factors,
                   const double* const* coefficients, Index n, double* out, const Ahead& ahead) {
  Index r = 0;
  for (; r + 2 * kLanes <= n; r += 2 * kLanes) {
    ahead.call(r);
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
                             double* out, Index stride_a, Index stride_b, Ahead ahead = {}) {
  detail::for_each_strip<detail::kStripA>(n_a, [&](Index i, auto width_a) {
    detail::for_each_strip<detail::kStripB>(n_b, [&](Index j, auto width_b) {
      detail::dot_block<width_a(), width_b()>(a + i, b + j, n, out + i * stride_a + j * stride_b, stride_a,
                                              stride_b, ahead.take(2));
    });
  });
}

/// out[row] += sum_f factors[f][row] sum_m coefficients[m][f] monomials[m][row]: the adjoint of the dot
/// products. `coefficients` is left as it was found.
inline void add_combination(const double* const* monomials, Index n_monomials, const double* const* factors,
                            Index n_factors, const double** coefficients, Index n, double* out,
                            Ahead ahead = {}) {
  const auto advance = [&](Index by) {
    for (Index m = 0; m < n_monomials; ++m) coefficients[m] += by;
  };
  detail::for_each_strip<detail::kStripFactors>(n_factors, [&](Index f, auto width) {
    const Ahead share = ahead.take((ahead.count * width() + n_factors - f - 1) / (n_factors - f));
    detail::combine_strip<width()>(monomials, n_monomials, factors + f, coefficients, n, out, share);
    advance(width());
  });
  advance(-n_factors);
}

}  // namespace contextstats
