#pragma once

#include <Eigen/Cholesky>
#include <cmath>
#include <limits>
#include <vector>

#include "contextstats/smoothing/criterion.hpp"

namespace contextstats {

/// The restricted likelihood of a quadratic model as a function of one log(lambda) at a time, over its whole
/// range: whether another valley is so much deeper than the one in which a search ended that data can tell
/// them apart.
///
/// With M = (G + S)^-1 and B the coefficients that penalty k touches, W = (M_BB)^-1 is the information that
/// is left for B when all others adapt, so that changing lambda_k is a problem of the size of B:
///
///     V_k(lambda) = -r'A(lambda)^-1 r / (2 phi) + (log|A(lambda)| - log|S|+) / 2 + constant,
///     A(lambda) = W + (lambda - lambda_k) D_B,   r = W theta_B.
class ProfileScan {
 public:
  ProfileScan(const MatrixXd& gram, const VectorXd& target, const MatrixXd& penalties,
              const std::vector<bool>& identified)
      : gram_(gram), target_(target), penalties_(penalties), identified_(identified) {}

  /// rho with every entry at the lowest point of the valley of its own profile in which it lies, the others
  /// held; or in the deepest valley, if that is deeper by more than kWorthAHop. Smaller differences data do
  /// not tell apart; the valley of the start then has the less smooth curves, and the smaller errors.
  VectorXd lowest(const VectorXd& rho, const VectorXd& center, double phi) const {
    // Beyond this range W is lost in the rounding of S.
    const VectorXd held = rho.array().max(center.array() - kBelow).min(center.array() + kBelow);
    const VectorXd s = total_penalty(penalties_, held);
    const ScaledCholesky factor(with_penalty(gram_, s), kRankTolerance, identified_);
    VectorXd best = rho;
    if (!factor.positive()) return best;
    const MatrixXd inverse = factor.inverse();
    const VectorXd theta = factor.solve(target_);
    for (Index k = 0; k < rho.size(); ++k) {
      const Term term(*this, k, held, s, inverse, theta);
      if (!term.regular) continue;
      const Point here{held[k], term.value(held[k], phi)};
      const Point own = downhill(term, here, center[k], phi), deepest = lowest_of_all(term, center[k], phi);
      if (deepest.value < own.value - kWorthAHop) {
        best[k] = deepest.at;
      } else if (own.value < here.value - kWorthAMove) {
        best[k] = own.at;
      }
    }
    return best;
  }

 private:
  static constexpr double kWorthAMove = 1e-6;
  static constexpr double kFlat = 1e-9;      // gains that rounding could make are none
  static constexpr double kWorthAHop = 1.0;  // in units of log-likelihood
  static constexpr double kBelow = 10.0;
  static constexpr double kAbove = 16.0;  // from there a term is in its null space to within 1e-7

  struct Term {
    Term(const ProfileScan& scan, Index k, const VectorXd& rho, const VectorXd& s, const MatrixXd& inverse,
         const VectorXd& theta) {
      std::vector<Index> b;
      for (Index j = 0; j < theta.size(); ++j) {
        if (scan.penalties_(k, j) > 0.0 && scan.identified_[static_cast<std::size_t>(j)]) b.push_back(j);
      }
      const Index n = static_cast<Index>(b.size());
      d.resize(n), others.resize(n);
      VectorXd coefficients(n);
      MatrixXd block(n, n);
      for (Index i = 0; i < n; ++i) {
        const Index j = b[static_cast<std::size_t>(i)];
        d[i] = scan.penalties_(k, j);
        others[i] = std::max(s[j] - std::exp(rho[k]) * d[i], 0.0);
        coefficients[i] = theta[j];
        for (Index l = 0; l < n; ++l) block(i, l) = inverse(j, b[static_cast<std::size_t>(l)]);
      }
      const Eigen::LLT<MatrixXd> factor(block);
      regular = n > 0 && factor.info() == Eigen::Success;
      if (!regular) return;
      w = factor.solve(MatrixXd::Identity(n, n));
      r = w * coefficients;
      w.diagonal() -= std::exp(rho[k]) * d;
    }

    double value(double rho, double phi) const {
      MatrixXd a = w;
      a.diagonal() += std::exp(rho) * d;
      const Eigen::LLT<MatrixXd> factor(a);
      if (factor.info() != Eigen::Success) return std::numeric_limits<double>::infinity();
      const double log_a = 2.0 * factor.matrixLLT().diagonal().array().log().sum();
      const double log_s = (others.array() + std::exp(rho) * d.array()).log().sum();
      return -0.5 * r.dot(factor.solve(r)) / phi + 0.5 * (log_a - log_s);
    }

    bool regular = false;
    VectorXd d, others, r;
    MatrixXd w;  // without penalty k
  };

  struct Point {
    double at, value;
  };

  /// The end of steps of one along the profile that each go down.
  static Point downhill(const Term& term, Point here, double center, double phi) {
    for (const double step : {1.0, -1.0}) {
      const double start = here.at;
      while (true) {
        const double at = here.at + step;
        if (at < center - kBelow || at > center + kAbove) break;
        const double value = term.value(at, phi);
        if (value >= here.value - kFlat) break;
        here = {at, value};
      }
      if (here.at != start) break;
    }
    return here;
  }

  static Point lowest_of_all(const Term& term, double center, double phi) {
    Point lowest{center, std::numeric_limits<double>::infinity()};
    for (double at = center - kBelow; at <= center + kAbove; at += 1.0) {
      const double value = term.value(at, phi);
      if (value < lowest.value) lowest = {at, value};
    }
    return lowest;
  }

  const MatrixXd& gram_;
  const VectorXd& target_;
  const MatrixXd& penalties_;
  const std::vector<bool>& identified_;
};

}  // namespace contextstats
