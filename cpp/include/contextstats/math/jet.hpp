#pragma once

#include <array>
#include <cmath>
#include <cstddef>

namespace contextstats {

/// A function of one variable near a point, as its Taylor polynomial of order N: f(x + h) = sum_k c_k h^k.
///
/// c_k is the k-th derivative over k!. Arithmetic on jets differentiates without formulas: it is how the
/// derivatives of a score are made from those of an inverse link and of a variance function.
/// Source: Griewank and Walther (2008), Evaluating Derivatives, chapter 13.
template <int N>
struct Jet {
  static constexpr std::size_t size = N + 1;
  std::array<double, size> c{};

  /// The k-th derivative, k <= N <= 3.
  double derivative(std::size_t k) const {
    constexpr std::array<double, 4> factorial = {1.0, 1.0, 2.0, 6.0};
    return factorial[k] * c[k];
  }
};

template <int N>
Jet<N> constant_jet(double value) {
  Jet<N> out;
  out.c[0] = value;
  return out;
}

template <int N>
Jet<N> operator+(Jet<N> a, const Jet<N>& b) {
  for (std::size_t k = 0; k < Jet<N>::size; ++k) a.c[k] += b.c[k];
  return a;
}

template <int N>
Jet<N> operator*(double factor, Jet<N> a) {
  for (double& coefficient : a.c) coefficient *= factor;
  return a;
}

/// value - a.
template <int N>
Jet<N> operator-(double value, const Jet<N>& a) {
  Jet<N> out = -1.0 * a;
  out.c[0] = value - a.c[0];
  return out;
}

template <int N>
Jet<N> operator*(const Jet<N>& a, const Jet<N>& b) {
  Jet<N> out;
  for (std::size_t k = 0; k < Jet<N>::size; ++k) {
    for (std::size_t j = 0; j <= k; ++j) out.c[k] += a.c[j] * b.c[k - j];
  }
  return out;
}

/// q = a / b solves q b = a, one coefficient after the other.
template <int N>
Jet<N> operator/(const Jet<N>& a, const Jet<N>& b) {
  Jet<N> q;
  for (std::size_t k = 0; k < Jet<N>::size; ++k) {
    double remainder = a.c[k];
    for (std::size_t j = 0; j < k; ++j) remainder -= q.c[j] * b.c[k - j];
    q.c[k] = remainder / b.c[0];
  }
  return q;
}

/// f = a^power for a > 0, from a f' = power a' f.
template <int N>
Jet<N> pow(const Jet<N>& a, double power) {
  Jet<N> f;
  f.c[0] = std::pow(a.c[0], power);
  for (std::size_t k = 1; k < Jet<N>::size; ++k) {
    double sum = 0.0;
    for (std::size_t j = 1; j <= k; ++j) {
      sum += (power * static_cast<double>(j) - static_cast<double>(k - j)) * a.c[j] * f.c[k - j];
    }
    f.c[k] = sum / (static_cast<double>(k) * a.c[0]);
  }
  return f;
}

}  // namespace contextstats
