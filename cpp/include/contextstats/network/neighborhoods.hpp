#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "contextstats/network/context_functions.hpp"
#include "contextstats/network/gram_reml.hpp"
#include "contextstats/parallel/items.hpp"

namespace contextstats {

/// Every variable regressed on all others with coefficients that are functions of context.
struct NeighborhoodFit {
  MatrixXd coefficients;  ///< (p, (p + 1) m): row j, the intercept first; zero in the block of j itself
  std::vector<MatrixXd>
      spread;         ///< p (p + 1) blocks (j, k): covariance of block k over the variance of node j
  MatrixXd lambda;    ///< (p, (p + 1) K): smoothing parameters of each node, the intercept first
  VectorXd variance;  ///< residual variance of node j: penalised deviance / (n - free coefficients)
  VectorXd edf;
  bool converged = false;
  bool identified = true;
};

/// All p regressions from one inverse.
///
/// Let M = (G + S)^-1 for the cross products G of all columns [1, x_1, .., x_p] o b(c). The regression of the
/// first column of block J on all other blocks has the coefficients -(M_JJ)^-1 M_J. (its first row), the
/// penalised deviance
/// ((M_JJ)^-1)_00 and the unit covariance M - M_.J (M_JJ)^-1 M_J. : the inverse of a partitioned matrix. It
/// holds for every penalty that couples no two blocks and is the same in all regressions. Smoothing
/// parameters of that kind minimise the sum of the nodes' REML criteria; where each function is to have its
/// own, every node goes on from there by itself.
class Neighborhoods {
 public:
  Neighborhoods(const ContextFunctions& functions, const MatrixXd& gram, double n, bool shared,
                Execution execution)
      : functions_(functions),
        gram_(gram),
        n_(n),
        shared_(shared),
        m_(functions.size()),
        q_(gram.rows() / functions.size()),
        penalties_(functions.repeated_penalties(q_)),
        execution_(execution) {
    double penalised = 0.0;
    for (Index i = 0; i < m_; ++i) {
      if (functions.n_penalties() > 0 && functions.penalties().col(i).sum() > 0.0) penalised += 1.0;
    }
    residual_df_ = std::max(n - static_cast<double>(q_ - 1) * (static_cast<double>(m_) - penalised), 1.0);
  }

  NeighborhoodFit operator()(const VectorXd& lambda) const {
    NeighborhoodFit fit;
    const bool fixed = lambda.size() > 0 || penalties_.rows() == 0;
    VectorXd rho =
        fixed ? VectorXd(lambda.array().log().matrix().replicate(q_, 1)) : balanced_rho(gram_, penalties_);
    All all = at(rho);
    fit.identified = all.positive;
    if (!all.positive) return fit;
    fit.converged = true;
    if (!fixed) {
      int iterations = 0;
      const RemlNewton newton(rho);
      fit.converged = newton.minimize(
          all, rho, iterations, [this](const VectorXd& at_rho) { return at(at_rho); },
          [this](const All& found) { return derivatives(found); });
    }
    collect(all, fixed || shared_, fit);
    return fit;
  }

 private:
  /// All regressions at shared smoothing parameters.
  struct All {
    VectorXd rho;
    VectorXd s;
    MatrixXd inverse;
    VectorXd log_determinant;  // of each regression
    double criterion = 0.0;
    bool positive = false;
  };

  All at(const VectorXd& rho) const {
    All all;
    all.rho = rho;
    all.s = VectorXd::Zero(gram_.rows());
    if (rho.size() > 0) all.s = penalties_.transpose() * rho.array().exp().matrix();
    MatrixXd h = gram_;
    h.diagonal() += all.s;
    ScaledInverse solved(h);
    if (!solved.positive) return all;
    all.positive = true;
    all.inverse = std::move(solved.inverse);
    all.log_determinant.resize(q_ - 1);
    double log_s = 0.0;
    for (Index i = 0; i < all.s.size(); ++i) {
      if (all.s[i] > 0.0) log_s += std::log(all.s[i]);
    }
    for (Index j = 0; j + 1 < q_; ++j) {
      const Index start = (j + 1) * m_;
      const MatrixXd own = all.inverse.block(start, start, m_, m_);
      const ScaledInverse inverse(own);
      double own_s = 0.0;
      for (Index i = start; i < start + m_; ++i) {
        if (all.s[i] > 0.0) own_s += std::log(all.s[i]);
      }
      all.log_determinant[j] = solved.log_determinant + inverse.log_determinant;
      all.criterion += 0.5 * (all.log_determinant[j] - log_s + own_s) +
                       0.5 * residual_df_ * std::log(inverse.inverse(0, 0));
    }
    return all;
  }

  /// The regression of node j (block j + 1).
  struct Node {
    VectorXd theta;  // all blocks; zero in its own
    MatrixXd inverse;
    double scale = 0.0;
  };

  Node node(const All& all, Index j) const {
    Node out;
    const Index start = (j + 1) * m_;
    const MatrixXd own = ScaledInverse(all.inverse.block(start, start, m_, m_)).inverse;
    const MatrixXd rows = all.inverse.middleRows(start, m_);
    out.theta = -(own.row(0) * rows).transpose();
    out.theta.segment(start, m_).setZero();
    out.inverse = all.inverse - rows.transpose() * (own * rows);
    out.inverse.middleRows(start, m_).setZero();
    out.inverse.middleCols(start, m_).setZero();
    out.scale = own(0, 0) / residual_df_;
    return out;
  }

  RemlDerivatives derivatives(const All& all) const {
    const MatrixXd d = all.rho.array().exp().matrix().asDiagonal() * penalties_;
    std::vector<RemlDerivatives> parts(static_cast<std::size_t>(q_ - 1), RemlDerivatives(all.rho.size()));
    for_each_item(q_ - 1, execution_, [&](Index j) {
      const Node own = node(all, j);
      VectorXd share = (all.s.array() > 0.0).select(all.s.cwiseInverse(), 0.0);
      share.segment((j + 1) * m_, m_).setZero();
      parts[static_cast<std::size_t>(j)].add(d, share, own.theta, own.inverse, own.scale, residual_df_);
    });
    RemlDerivatives out(all.rho.size());
    for (const RemlDerivatives& part : parts) out.gradient += part.gradient, out.hessian += part.hessian;
    return out;
  }

  /// Everything but the coefficients of node j itself.
  MatrixXd without(const MatrixXd& full, Index j) const {
    const Index start = (j + 1) * m_, rest = (q_ - 2 - j) * m_, size = (q_ - 1) * m_;
    MatrixXd out(size, size);
    out.topLeftCorner(start, start) = full.topLeftCorner(start, start);
    out.topRightCorner(start, rest) = full.topRightCorner(start, rest);
    out.bottomLeftCorner(rest, start) = full.bottomLeftCorner(rest, start);
    out.bottomRightCorner(rest, rest) = full.bottomRightCorner(rest, rest);
    return out;
  }

  /// Node j at the shared smoothing parameters.
  void keep_shared(const All& all, Index j, NeighborhoodFit& fit) const {
    const Node own = node(all, j);
    fit.lambda.row(j) = all.rho.array().exp().transpose();
    fit.coefficients.row(j) = own.theta.transpose();
    fit.variance[j] = own.scale;
    fit.edf[j] = static_cast<double>((q_ - 1) * m_) - all.s.dot(own.inverse.diagonal());
    for (Index k = 0; k < q_; ++k) {
      fit.spread[static_cast<std::size_t>(j * q_ + k)] = own.inverse.block(k * m_, k * m_, m_, m_);
    }
  }

  /// Node j with smoothing parameters of its own, from those that all share; returns whether it converged.
  bool keep_separate(const All& all, Index j, NeighborhoodFit& fit) const {
    const Index k = functions_.n_penalties(), start = (j + 1) * m_, rest = (q_ - 2 - j) * m_;
    const MatrixXd gram = without(gram_, j);
    VectorXd cross(start + rest), rho(all.rho.size() - k);
    cross << gram_.col(start).head(start), gram_.col(start).tail(rest);
    rho << all.rho.head((j + 1) * k), all.rho.tail((q_ - 2 - j) * k);
    const MatrixXd penalties = functions_.repeated_penalties(q_ - 1);
    const GramReml reml({gram, cross, gram_(start, start), n_, penalties, std::nullopt});
    const GramFit found =
        reml.improve(reml.of_inverse(rho, without(node(all, j).inverse, j), all.log_determinant[j]));
    std::vector<MatrixXd> blocks = reml.covariance_blocks(found, m_);
    blocks.insert(blocks.begin() + j + 1, MatrixXd::Zero(m_, m_));
    for (Index block = 0; block < q_; ++block) {
      fit.spread[static_cast<std::size_t>(j * q_ + block)] =
          blocks[static_cast<std::size_t>(block)] / found.scale;
    }
    fit.coefficients.row(j).setZero();
    fit.coefficients.row(j).head(start) = found.theta.head(start).transpose();
    fit.coefficients.row(j).tail(rest) = found.theta.tail(rest).transpose();
    fit.lambda.row(j) = all.rho.array().exp().transpose();
    fit.lambda.row(j).head((j + 1) * k) = found.rho.head((j + 1) * k).array().exp().transpose();
    fit.lambda.row(j).tail((q_ - 2 - j) * k) = found.rho.tail((q_ - 2 - j) * k).array().exp().transpose();
    fit.variance[j] = found.scale, fit.edf[j] = found.edf;
    return found.converged;
  }

  void collect(const All& all, bool shared, NeighborhoodFit& fit) const {
    const Index p = q_ - 1;
    fit.lambda.resize(p, all.rho.size());
    fit.coefficients.resize(p, q_ * m_);
    fit.spread.resize(static_cast<std::size_t>(p * q_));
    fit.variance.resize(p), fit.edf.resize(p);
    std::vector<char> converged(static_cast<std::size_t>(p), 1);
    for_each_item(p, execution_, [&](Index j) {
      if (shared) {
        keep_shared(all, j, fit);
      } else {
        converged[static_cast<std::size_t>(j)] = keep_separate(all, j, fit);
      }
    });
    for (const char one : converged) fit.converged = fit.converged && one;
  }

  const ContextFunctions& functions_;
  const MatrixXd& gram_;
  double n_;
  bool shared_;
  Index m_;
  Index q_;
  MatrixXd penalties_;
  Execution execution_;
  double residual_df_ = 1.0;
};

/// The cross products of all columns [1, z_1, .., z_p] o b(c).
inline MatrixXd network_gram(const ContextFunctions& functions, ConstMatrix z, ConstMatrix contexts,
                             const Execution& execution) {
  MatrixXd x(z.rows(), z.cols() + 1);
  x.col(0).setOnes();
  x.rightCols(z.cols()) = z;
  const VectorXd ones = VectorXd::Ones(z.rows());
  const KhatriRaoDesign design = functions.design(x.cols());
  return gram(DesignRows(design, x, contexts, execution), ones, execution);
}

/// z_j minus its regression on the others, for every node: (n, p).
inline MatrixXd network_residuals(const ContextFunctions& functions, ConstMatrix z, ConstMatrix contexts,
                                  const MatrixXd& coefficients, const Execution& execution) {
  MatrixXd x(z.rows(), z.cols() + 1);
  x.col(0).setOnes();
  x.rightCols(z.cols()) = z;
  const KhatriRaoDesign design = functions.design(x.cols());
  const DesignRows rows(design, x, contexts, execution);
  MatrixXd residuals = z;
  for (Index j = 0; j < z.cols(); ++j) {
    const VectorXd theta = coefficients.row(j).transpose();
    residuals.col(j) -= linear_predictor(rows, theta, execution);
  }
  return residuals;
}

}  // namespace contextstats
