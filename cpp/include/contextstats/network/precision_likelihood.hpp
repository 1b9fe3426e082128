#pragma once

#include <Eigen/Cholesky>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "contextstats/parallel/row_chunks.hpp"
#include "contextstats/types.hpp"

namespace contextstats {

/// Value, gradient and Hessian of minus the log-likelihood of a precision that is linear in a context basis.
struct PrecisionTerms {
  double value = 0.0;  ///< infinite where a precision is not positive definite
  VectorXd gradient;
  MatrixXd packed_hessian;  ///< (pairs of entries, pairs of basis functions), empty if not asked for

  PrecisionTerms& operator+=(const PrecisionTerms& other) {
    value += other.value;
    gradient += other.gradient;
    if (packed_hessian.size() > 0) packed_hessian += other.packed_hessian;
    return *this;
  }
};

/// sum_i (x_i' Omega_i x_i - log det Omega_i) / 2 with Omega_i = sum_k b_ik Omega_k, a convex function.
///
/// The parameters are the entries (a, b), a <= b, of the Omega_k; those of one entry stand together, in the
/// order of the basis. With Sigma_i = Omega_i^-1 the derivative in entry (a, b) of Omega_i is s (x_a x_b -
/// Sigma_ab), s = 1/2 on the diagonal and 1 off it, and the second derivative in (a, b) and (c, d) is s s'
/// (Sigma_ac Sigma_bd + Sigma_ad Sigma_bc).
class PrecisionLikelihood {
 public:
  PrecisionLikelihood(ConstMatrix x, ConstMatrix basis, Execution execution)
      : x_(x), basis_(basis), execution_(execution) {
    for (Index a = 0; a < x.cols(); ++a) {
      for (Index b = a; b < x.cols(); ++b) entries_.push_back({a, b});
    }
  }

  Index n_entries() const { return static_cast<Index>(entries_.size()); }
  Index size() const { return n_entries() * basis_.cols(); }

  PrecisionTerms evaluate(const VectorXd& theta, bool with_hessian) const {
    const Index q = n_entries(), m = basis_.cols();
    PrecisionTerms zero;
    zero.gradient = VectorXd::Zero(theta.size());
    if (with_hessian) zero.packed_hessian = MatrixXd::Zero(q * (q + 1) / 2, m * (m + 1) / 2);
    const Eigen::Map<const MatrixXd> by_entry(theta.data(), m, q);
    const auto work = [&](Index first, Index last, PrecisionTerms& sums) {
      for (Index start = first; start < last && std::isfinite(sums.value); start += kRows) {
        add_rows(by_entry, start, std::min(kRows, last - start), with_hessian, sums);
      }
    };
    return sum_over_rows(x_.rows(), theta.size() + zero.packed_hessian.size(), execution_, zero, work);
  }

  /// The Hessian from its packed form.
  MatrixXd unpacked(const MatrixXd& packed) const {
    const Index q = n_entries(), m = basis_.cols();
    MatrixXd out(q * m, q * m);
    Index row = 0;
    for (Index e = 0; e < q; ++e) {
      for (Index f = e; f < q; ++f, ++row) {
        Index column = 0;
        for (Index k = 0; k < m; ++k) {
          for (Index l = k; l < m; ++l, ++column) {
            const double value = packed(row, column);
            out(e * m + k, f * m + l) = out(e * m + l, f * m + k) = value;
            out(f * m + l, e * m + k) = out(f * m + k, e * m + l) = value;
          }
        }
      }
    }
    return out;
  }

 private:
  static constexpr Index kRows = 64;

  void add_rows(const Eigen::Map<const MatrixXd>& by_entry, Index start, Index count, bool with_hessian,
                PrecisionTerms& sums) const {
    const Index q = n_entries(), m = basis_.cols(), p = x_.cols();
    const MatrixXd b = basis_.middleRows(start, count);
    const MatrixXd values = b * by_entry;  // (count, q)
    MatrixXd slopes(count, q), second(with_hessian ? count : 0, q * (q + 1) / 2), omega(p, p);
    for (Index r = 0; r < count; ++r) {
      for (Index e = 0; e < q; ++e) {
        const auto [a, c] = entries_[static_cast<std::size_t>(e)];
        omega(a, c) = omega(c, a) = values(r, e);
      }
      const Eigen::LLT<MatrixXd> factor(omega);
      const VectorXd x = x_.row(start + r);
      if (factor.info() != Eigen::Success || !(factor.matrixLLT().diagonal().minCoeff() > 0.0)) {
        sums.value = std::numeric_limits<double>::infinity();
        return;
      }
      sums.value += 0.5 * x.dot(omega * x) - factor.matrixLLT().diagonal().array().log().sum();
      const MatrixXd sigma = factor.solve(MatrixXd::Identity(p, p));
      Index column = 0;
      for (Index e = 0; e < q; ++e) {
        const auto [a, c] = entries_[static_cast<std::size_t>(e)];
        slopes(r, e) = half(e) * (x[a] * x[c] - sigma(a, c));
        for (Index f = e; with_hessian && f < q; ++f, ++column) {
          const auto [g, h] = entries_[static_cast<std::size_t>(f)];
          second(r, column) = half(e) * half(f) * (sigma(a, g) * sigma(c, h) + sigma(a, h) * sigma(c, g));
        }
      }
    }
    Eigen::Map<MatrixXd>(sums.gradient.data(), m, q).noalias() += b.transpose() * slopes;
    if (!with_hessian) return;
    MatrixXd products(count, m * (m + 1) / 2);
    Index column = 0;
    for (Index k = 0; k < m; ++k) {
      for (Index l = k; l < m; ++l, ++column) products.col(column) = b.col(k).cwiseProduct(b.col(l));
    }
    sums.packed_hessian.noalias() += second.transpose() * products;
  }

  double half(Index e) const {
    const auto [a, b] = entries_[static_cast<std::size_t>(e)];
    return a == b ? 0.5 : 1.0;
  }

  ConstMatrix x_;
  ConstMatrix basis_;
  Execution execution_;
  std::vector<std::pair<Index, Index>> entries_;
};

}  // namespace contextstats
