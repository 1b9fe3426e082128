#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "contextstats/types.hpp"

namespace contextstats {

/// The event Q > q for a weighted sum Q of chi-squares with `df` degrees of freedom: weights of largest
/// modulus one, at least one of them positive, and q not negative.
///
/// Its cumulant generating function is K(s) = -1/2 sum_l d_l log(1 - 2 lambda_l s).
class ChiSquareMixture {
 public:
  /// Weights with df = 0 fill up a row of a table: they are left out.
  ChiSquareMixture(const VectorXd& weights, const VectorXd& df, double q) : q_(q) {
    const Index n = (df.array() > 0.0).count();
    weights_.resize(n), df_.resize(n);
    for (Index l = 0, i = 0; l < df.size(); ++l) {
      if (df[l] > 0.0) weights_[i] = weights[l], df_[i++] = df[l];
    }
    const double least = weights_.minCoeff();
    low_ = least < 0.0 ? 0.5 / least * (1.0 - 1e-15) : -std::numeric_limits<double>::infinity();
    high_ = 0.5 / weights_.maxCoeff() * (1.0 - 1e-15);
  }

  const Eigen::ArrayXd& weights() const { return weights_; }
  const Eigen::ArrayXd& df() const { return df_; }
  double q() const { return q_; }
  /// Where the moment generating function is finite, just inside its poles.
  double low() const { return low_; }
  double high() const { return high_; }

  /// K at a real s.
  double cumulant(double s) const {
    double sum = 0.0;
    for (Index l = 0; l < df_.size(); ++l) sum += df_[l] * std::log1p(-2.0 * s * weights_[l]);
    return -0.5 * sum;
  }

  /// Derivatives of K of order 1, 2 and 3.
  Eigen::Vector3d derivatives(double s) const {
    Eigen::Vector3d out = Eigen::Vector3d::Zero();
    for (Index l = 0; l < df_.size(); ++l) {
      const double ratio = weights_[l] / (1.0 - 2.0 * weights_[l] * s), term = df_[l] * ratio;
      out += Eigen::Vector3d(term, 2.0 * term * ratio, 8.0 * term * ratio * ratio);
    }
    return out;
  }

  /// The root of K'(s) = q.
  ///
  /// K' increases between poles. Each step solves a / (p - s) + b = 0, with the value and slope of K' - q at
  /// the last s and p the pole that the root is nearer to: exact for a single chi-square. A step that leaves
  /// the bracket is replaced by bisection.
  double saddlepoint() const {
    constexpr int kMostSteps = 100;
    const bool right = derivatives(0.0)[0] < q_;
    const double pole = right || std::isinf(low_) ? high_ : low_;
    double low = right ? 0.0 : (std::isinf(low_) ? -df_.sum() / (2.0 * q_) : low_);
    double high = right ? high_ : 0.0;
    double s = 0.0;
    for (int step = 0; step < kMostSteps; ++step) {
      const Eigen::Vector3d at = derivatives(s);
      const double excess = at[0] - q_;
      if (excess < 0.0) low = s;
      if (excess > 0.0) high = s;
      const double strength = at[1] * (pole - s);
      double proposal = pole - strength * (pole - s) / (strength - excess);
      if (!(proposal >= low && proposal <= high)) proposal = 0.5 * (low + high);
      const double moved = std::abs(proposal - s) * std::sqrt(at[1]);
      s = proposal;
      if (moved <= 1e-9) break;
    }
    return s;
  }

 private:
  Eigen::ArrayXd weights_, df_;
  double q_ = 0.0, low_ = 0.0, high_ = 0.0;
};

/// P(Q > q), or P(Q <= q) where `upper` is false: the one whose digits are at hand.
struct Tail {
  double probability = 0.0;
  bool upper = true;
  bool settled = true;  ///< false for the saddlepoint approximation of an integral that did not settle
};

/// P(Q > q) by the formula of Lugannani and Rice (1980), Advances in Applied Probability 12.
inline double lugannani_rice(const ChiSquareMixture& mixture) {
  const double point = mixture.saddlepoint();
  const double spread = std::sqrt(mixture.derivatives(point)[1]);
  if (std::abs(point) * spread < 1e-4) {
    const Eigen::Vector3d centre = mixture.derivatives(0.0);
    return 0.5 - centre[2] / std::pow(centre[1], 1.5) / (6.0 * std::sqrt(2.0 * M_PI));
  }
  const double exponent = std::max(point * mixture.q() - mixture.cumulant(point), 0.0);
  const double r = std::copysign(std::sqrt(2.0 * exponent), point);
  return 0.5 * std::erfc(r / M_SQRT2) +
         std::exp(-exponent) / std::sqrt(2.0 * M_PI) * (1.0 / (point * spread) - 1.0 / r);
}

namespace detail {

/// The path of integration s(u) = c + h {t (cosh u - 1) + i sinh u}, c the saddlepoint kept off the pole at
/// zero, h the width of the saddle. t bends the path as that of steepest descent bends, and at least so much
/// that exp(-q s) decays on it.
class Contour {
 public:
  explicit Contour(const ChiSquareMixture& mixture) : mixture_(mixture) {
    const double point = mixture.saddlepoint();
    const double nearest = std::min(0.5 / std::sqrt(mixture.derivatives(0.0)[1]),
                                    0.5 * (point > 0.0 ? mixture.high() : -mixture.low()));
    centre_ = std::copysign(std::max(std::abs(point), nearest), point);
    const Eigen::Vector3d at = mixture.derivatives(centre_);
    width_ = std::min(1.0 / std::sqrt(at[1]), 1.5 * std::abs(centre_));
    bend_ = std::clamp(width_ * at[2] / (3.0 * at[1]), 0.0, 1.0);
    if (mixture.q() > 0.0) {
      bend_ = std::max(bend_, 0.5 * std::min(1.0, std::sqrt(2.0 / mixture.df().sum())));
    }
    base_ = mixture.cumulant(centre_) - mixture.q() * centre_;
  }

  double centre() const { return centre_; }
  /// log of M(c) exp(-q c).
  double base() const { return base_; }

  /// Where the integrand has become negligible for good, of candidates up to 298.
  double end() const {
    constexpr int kCandidates = 28;
    constexpr double kNegligible = 40.0;  // exponent by which the integrand has fallen
    double candidate = 0.25, first = 0.0, found = candidate;
    for (int i = 0; i < kCandidates; ++i, candidate *= 1.3) {
      const double size = logarithm(candidate);
      if (i == 0) first = size;
      if (size > first - kNegligible) found = i + 1 < kCandidates ? 1.3 * candidate : candidate;
    }
    return found;
  }

  /// Sum over the points of the real part of M(s) exp(-q s) s'(u) / (i s), over its value without the pole at
  /// c.
  double sum(const Eigen::ArrayXd& u) const {
    const Path path(*this, u);
    const Index n = u.size();
    Eigen::ArrayXd x = Eigen::ArrayXd::Ones(n), y = Eigen::ArrayXd::Zero(n), turns = Eigen::ArrayXd::Zero(n);
    Eigen::ArrayXd size = -mixture_.q() * path.real - base_, phase = -mixture_.q() * path.imag;
    Index taken = 0;
    for (Index l = 0; l < mixture_.df().size(); ++l) {
      const double w = -2.0 * mixture_.weights()[l], df = mixture_.df()[l];
      if (df == 1.0) {
        multiply(x, y, turns, w, path);
        if (++taken % kShort == 0) shorten(x, y, size);
        continue;
      }
      for (Index k = 0; k < n; ++k) {
        const double a = 1.0 + w * path.real[k], b = w * path.imag[k];
        size[k] -= 0.25 * df * std::log(a * a + b * b);
        phase[k] -= 0.5 * df * std::atan2(b, a);
      }
    }
    shorten(x, y, size);
    double total = 0.0;
    for (Index k = 0; k < n; ++k) {
      const double angle = phase[k] - 0.5 * (std::atan2(y[k], x[k]) + 2.0 * M_PI * turns[k]);
      const double s2 = path.real[k] * path.real[k] + path.imag[k] * path.imag[k];
      // (ds / dt) / (i s) = a + ib
      const double a = (path.dimag[k] * path.real[k] - path.dreal[k] * path.imag[k]) / s2;
      const double b = -(path.dreal[k] * path.real[k] + path.dimag[k] * path.imag[k]) / s2;
      total += std::exp(size[k]) * (a * std::cos(angle) - b * std::sin(angle));
    }
    return total;
  }

 private:
  struct Path {
    Path(const Contour& c, const Eigen::ArrayXd& u) {
      const Eigen::ArrayXd up = u.exp(), down = up.inverse();
      const Eigen::ArrayXd sinh = 0.5 * (up - down), cosh = 0.5 * (up + down);
      real = c.centre_ + c.width_ * c.bend_ * (cosh - 1.0);
      imag = c.width_ * sinh;
      dreal = c.width_ * c.bend_ * sinh;
      dimag = c.width_ * cosh;
    }
    Eigen::ArrayXd real, imag, dreal, dimag;  // s and ds / du
  };

  static constexpr Index kShort = 4;  ///< so many factors stay within the range of doubles

  /// log of the modulus of the integrand; minus infinity, or no number, where it is zero.
  double logarithm(double u) const {
    const double up = std::exp(u), sinh = 0.5 * (up - 1.0 / up), cosh = 0.5 * (up + 1.0 / up);
    const double real = centre_ + width_ * bend_ * (cosh - 1.0), imag = width_ * sinh;
    const double slope2 = width_ * width_ * (bend_ * bend_ * sinh * sinh + cosh * cosh);
    double size = 0.5 * std::log(slope2 / (real * real + imag * imag)) - mixture_.q() * real - base_;
    double product = 1.0;
    Index taken = 0;
    for (Index l = 0; l < mixture_.df().size(); ++l) {
      const double w = -2.0 * mixture_.weights()[l], a = 1.0 + w * real, b = w * imag;
      if (mixture_.df()[l] != 1.0) {
        size -= 0.25 * mixture_.df()[l] * std::log(a * a + b * b);
        continue;
      }
      product *= a * a + b * b;
      if (++taken % kShort != 0) continue;
      size -= 0.25 * std::log(product);
      product = 1.0;
    }
    return size - 0.25 * std::log(product);
  }

  /// x + iy times 1 + w s, and how often its argument has gone round.
  static void multiply(Eigen::ArrayXd& x, Eigen::ArrayXd& y, Eigen::ArrayXd& turns, double w,
                       const Path& path) {
    for (Index k = 0; k < x.size(); ++k) {
      const double a = 1.0 + w * path.real[k], b = w * path.imag[k];
      const double real = x[k] * a - y[k] * b, imag = x[k] * b + y[k] * a;
      turns[k] += static_cast<double>((y[k] > 0.0) & (b > 0.0) & (imag <= 0.0)) -
                  static_cast<double>((y[k] < 0.0) & (b < 0.0) & (imag >= 0.0));
      x[k] = real, y[k] = imag;
    }
  }

  /// Moves the modulus of x + iy to the logarithm of one over its square root.
  static void shorten(Eigen::ArrayXd& x, Eigen::ArrayXd& y, Eigen::ArrayXd& size) {
    const Eigen::ArrayXd square = x.square() + y.square();
    size -= 0.25 * square.log();
    const Eigen::ArrayXd inverse = square.rsqrt();
    x *= inverse, y *= inverse;
  }

  const ChiSquareMixture& mixture_;
  double centre_ = 0.0, width_ = 0.0, bend_ = 0.0, base_ = 0.0;
};

}  // namespace detail

/// P(Q > q) by the inversion integral of the moment generating function M,
///
///     P(Q > q) = 1 / (2 pi i) int M(s) exp(-s q) ds / s,
///
/// along a hyperbola through the saddlepoint of its integrand, where the trapezoidal rule converges
/// geometrically: unlike the integral along the imaginary axis (Davies 1980), its error is relative to the
/// probability itself. The rule is refined until halving the step changes less than `agreement`, relative to
/// the integral; the finer one is far better. Sources: Rice (1980), SIAM J. Sci. Stat. Comput. 1; Trefethen
/// and Weideman (2014), SIAM Review 56.
inline Tail inversion_integral(const ChiSquareMixture& mixture, double agreement) {
  constexpr Index kIntervals = 32;
  constexpr int kDoublings = 8;
  const detail::Contour contour(mixture);
  const double end = contour.end();
  Index intervals = kIntervals;
  double sum = contour.sum(Eigen::ArrayXd::LinSpaced(intervals + 1, 0.0, end));
  sum -= 0.5 * contour.sum(Eigen::ArrayXd::Zero(1));
  for (int doubling = 0; doubling < kDoublings; ++doubling, intervals *= 2) {
    const double step = end / static_cast<double>(intervals);
    const double refined =
        sum + contour.sum(Eigen::ArrayXd::LinSpaced(intervals, 0.5 * step, end - 0.5 * step));
    if (std::abs(refined / 2.0 - sum) <= agreement * std::abs(refined / 2.0)) {
      const double integral = refined * 0.5 * step / M_PI * std::exp(contour.base());
      return {contour.centre() > 0.0 ? integral : -integral, contour.centre() > 0.0, true};
    }
    sum = refined;
  }
  return {lugannani_rice(mixture), true, false};
}

}  // namespace contextstats
