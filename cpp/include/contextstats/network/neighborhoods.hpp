#pragma once

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <vector>

#include "contextstats/network/context_functions.hpp"
#include "contextstats/network/parallel_items.hpp"

namespace contextstats {

/// Every variable regressed on all others with coefficients that are functions of context.
struct NeighborhoodFit {
  MatrixXd coefficients;  ///< (p, (p + 1) m): row j, the intercept first; zero in the block of j itself
  std::vector<MatrixXd>
      spread;         ///< p (p + 1) blocks (j, k): covariance of block k over the variance of node j
  VectorXd lambda;    ///< one for each penalty of each predictor, the intercept first
  VectorXd variance;  ///< residual variance of node j: penalised deviance / (n - free coefficients)
  VectorXd edf;
  double criterion = 0.0;  ///< sum of the nodes' minus log restricted likelihoods, up to a constant
  int iterations = 0;
  bool converged = false;
  bool identified = true;
};

/// All p regressions from one inverse.
///
/// Let M = (G + S)^-1 for the cross products G of all columns [1, x_1, .., x_p] o b(c). The regression of the
/// first column of block J on all other blocks has the coefficients -(M_JJ)^-1 M_J. (its first row), the
/// penalised deviance ((M_JJ)^-1)_00 and the unit covariance M - M_.J (M_JJ)^-1 M_J. : the inverse of a
/// partitioned matrix. It holds for every penalty that couples no two blocks.
class Neighborhoods {
 public:
  Neighborhoods(const ContextFunctions& functions, const MatrixXd& gram, double n, Execution execution)
      : gram_(gram),
        n_(n),
        m_(functions.size()),
        q_(gram.rows() / functions.size()),
        per_block_(functions.n_penalties()),
        penalties_(functions.repeated_penalties(q_)),
        execution_(execution) {
    double penalised = 0.0;
    for (Index i = 0; i < m_; ++i) {
      if (per_block_ > 0 && functions.penalties().col(i).sum() > 0.0) penalised += 1.0;
    }
    free_ = static_cast<double>((q_ - 1)) * (static_cast<double>(m_) - penalised);
  }

  NeighborhoodFit operator()(const NetworkOptions& options) {
    NeighborhoodFit fit;
    const Index n_rho = penalties_.rows();
    const bool fixed = options.lambda.size() > 0 || n_rho == 0;
    VectorXd rho = fixed ? VectorXd(options.lambda.array().log().matrix().replicate(q_, 1)) : balance();
    const VectorXd center = fixed ? rho : balance();
    if (!invert(rho)) {
      fit.identified = false;
      return fit;
    }
    for (fit.iterations = 0; !fixed && fit.iterations < options.maxiter; ++fit.iterations) {
      const VectorXd next = (rho + fellner_schall(rho))
                                .cwiseMax((center.array() - 11.0).matrix())
                                .cwiseMin((center.array() + 11.0).matrix());
      const double change = (next - rho).cwiseAbs().maxCoeff();
      rho = next;
      if (!invert(rho)) break;
      if (change < 2e-3) {
        fit.converged = true;
        break;
      }
    }
    fit.converged = fit.converged || fixed;
    collect(rho, fit);
    return fit;
  }

 private:
  VectorXd balance() const {
    VectorXd rho(penalties_.rows());
    for (Index k = 0; k < rho.size(); ++k) {
      double information = 0.0, size = 0.0;
      for (Index i = 0; i < gram_.rows(); ++i) {
        if (penalties_(k, i) > 0.0) information += gram_(i, i), size += penalties_(k, i);
      }
      rho[k] = information > 0.0 && size > 0.0 ? std::log(information / size) : 0.0;
    }
    return rho;
  }

  bool invert(const VectorXd& rho) {
    s_ = VectorXd::Zero(gram_.rows());
    if (rho.size() > 0) s_ = penalties_.transpose() * rho.array().exp().matrix();
    MatrixXd h = gram_;
    h.diagonal() += s_;
    if (!(h.diagonal().minCoeff() > 0.0)) return false;
    const VectorXd unit = h.diagonal().cwiseSqrt().cwiseInverse();
    const Eigen::LLT<MatrixXd> factor(MatrixXd(unit.asDiagonal() * h * unit.asDiagonal()));
    if (factor.info() != Eigen::Success || !(factor.matrixLLT().diagonal().minCoeff() > 1e-7)) return false;
    inverse_ = unit.asDiagonal() * factor.solve(MatrixXd::Identity(h.rows(), h.cols())) * unit.asDiagonal();
    return true;
  }

  /// The regression of node j (block j + 1), from the inverse.
  struct Node {
    VectorXd theta;     // all blocks; zero in its own
    VectorXd diagonal;  // of the unit covariance
    MatrixXd own;       // (M_JJ)^-1
    double deviance = 0.0;
  };

  Node node(Index j) const {
    Node out;
    const Index start = (j + 1) * m_;
    out.own = inverse_.block(start, start, m_, m_).llt().solve(MatrixXd::Identity(m_, m_));
    const MatrixXd rows = inverse_.middleRows(start, m_);
    const MatrixXd scaled = out.own * rows;
    out.theta = -scaled.row(0).transpose();
    out.diagonal = inverse_.diagonal() - rows.cwiseProduct(scaled).colwise().sum().transpose();
    out.theta.segment(start, m_).setZero();
    out.diagonal.segment(start, m_).setZero();
    out.deviance = out.own(0, 0);
    return out;
  }

  double scale_of(const Node& node) const { return node.deviance / std::max(n_ - free_, 1.0); }

  /// The step of Fellner and Schall for smoothing parameters that all nodes share (Wood and Fasiolo 2017).
  VectorXd fellner_schall(const VectorXd& rho) const {
    const Index p = q_ - 1;
    std::vector<VectorXd> gains(at(p)), sizes(at(p));
    const VectorXd lambda = rho.array().exp();
    for_each_item(p, execution_, [&](Index j) {
      const Node own = node(j);
      const VectorXd square = own.theta.cwiseAbs2() / scale_of(own);
      VectorXd gain = VectorXd::Zero(rho.size()), size = VectorXd::Zero(rho.size());
      for (Index k = 0; k < rho.size(); ++k) {
        if (k / per_block_ == j + 1) continue;
        for (Index i = (k / per_block_) * m_; i < (k / per_block_ + 1) * m_; ++i) {
          if (penalties_(k, i) == 0.0) continue;
          gain[k] += lambda[k] * penalties_(k, i) * (1.0 / s_[i] - own.diagonal[i]);
          size[k] += lambda[k] * penalties_(k, i) * square[i];
        }
      }
      gains[at(j)] = std::move(gain), sizes[at(j)] = std::move(size);
    });
    VectorXd gain = VectorXd::Zero(rho.size()), size = VectorXd::Zero(rho.size());
    for (Index j = 0; j < p; ++j) gain += gains[at(j)], size += sizes[at(j)];
    VectorXd step(rho.size());
    for (Index k = 0; k < rho.size(); ++k) {
      const double ratio = std::max(gain[k], 1e-12) / std::max(size[k], 1e-12);
      step[k] = std::clamp(1.5 * std::log(ratio), -4.0, 4.0);
    }
    return step;
  }

  void collect(const VectorXd& rho, NeighborhoodFit& fit) const {
    const Index p = q_ - 1;
    fit.lambda = rho.array().exp();
    fit.coefficients.resize(p, q_ * m_);
    fit.spread.resize(at(p * q_));
    fit.variance.resize(p), fit.edf.resize(p);
    for_each_item(p, execution_, [&](Index j) {
      const Node own = node(j);
      fit.coefficients.row(j) = own.theta.transpose();
      fit.variance[j] = scale_of(own);
      fit.edf[j] = static_cast<double>((q_ - 1) * m_) - (s_.dot(own.diagonal));
      const MatrixXd rows = inverse_.middleRows((j + 1) * m_, m_);
      for (Index k = 0; k < q_; ++k) {
        const MatrixXd cross = rows.middleCols(k * m_, m_);
        MatrixXd& block = fit.spread[at(j * q_ + k)];
        block = MatrixXd::Zero(m_, m_);
        if (k != j + 1) block = inverse_.block(k * m_, k * m_, m_, m_) - cross.transpose() * own.own * cross;
      }
    });
  }

  static std::size_t at(Index i) { return static_cast<std::size_t>(i); }

  const MatrixXd& gram_;
  double n_;
  Index m_;
  Index q_;
  Index per_block_;
  MatrixXd penalties_;
  Execution execution_;
  double free_ = 0.0;  // coefficients of one regression without a penalty
  VectorXd s_;
  MatrixXd inverse_;
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
