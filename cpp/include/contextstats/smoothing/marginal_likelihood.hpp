#pragma once

#include <cmath>
#include <memory>
#include <vector>

#include "contextstats/smoothing/criterion.hpp"
#include "contextstats/smoothing/saturated_likelihood.hpp"
#include "contextstats/smoothing/third_order.hpp"

namespace contextstats {

/// Laplace approximation of the restricted (REML) or the marginal (ML) likelihood, as a quantity to minimise:
///
///     V(rho, phi) = (D + theta'S theta) / (2 phi) - ls(phi) + (log|H| - log|S|+) / 2 - M/2 log(2 pi phi)
///
/// at the penalised estimate theta, with H = Z'WZ + S for REML, M = the number of unpenalised coefficients;
/// for ML, H is restricted to the penalised coefficients and M = 0. Its derivatives account for the
/// dependence of W on rho. Source: Wood (2011), Fast stable REML and ML estimation, JRSS B 73, sections 2 and
/// 3; here all S are diagonal.
///
/// The terms of the Hessian in which W moves, a small part of it and the dearest of all sums, come from rows
/// that may stand for all. Near a point where the slope of log|H| is known (`near`), W does not move with rho
/// but for that slope: a criterion that reads no data, for steps between passes over them.
class MarginalLikelihood final : public Criterion {
 public:
  /// log|H| near `theta`: its value at the weights given there, and slope'(theta - there) / 2.
  struct LocalWeights {
    VectorXd theta;
    VectorXd slope;
  };

  MarginalLikelihood(const Model& model, const MatrixXd& penalties, std::vector<bool> identified,
                     bool restricted, const StandIn& some)
      : model_(model),
        some_(some),
        penalties_(penalties),
        identified_(std::move(identified)),
        restricted_(restricted),
        saturated_(std::make_shared<SaturatedLikelihood>(model)) {
    penalized_.resize(identified_.size());
    for (std::size_t j = 0; j < identified_.size(); ++j) {
      const bool has_penalty =
          penalties_.rows() > 0 && penalties_.col(static_cast<Index>(j)).maxCoeff() > 0.0;
      penalized_[j] = identified_[j] && has_penalty;
      if (identified_[j] && !has_penalty) ++n_unpenalized_;
    }
    constant_weights_ = model.loss.gaussian_identity();
  }

  MarginalLikelihood(const Model& model, const MatrixXd& penalties, std::vector<bool> identified,
                     bool restricted)
      : MarginalLikelihood(model, penalties, std::move(identified), restricted, StandIn{model}) {}

  /// The criterion around a point; refers to `local`.
  MarginalLikelihood near(const LocalWeights& local) const {
    MarginalLikelihood out = *this;
    out.local_ = &local;
    return out;
  }

  const Model& model() const { return model_; }
  const StandIn& some() const { return some_; }
  double n_observations() const { return saturated_->n_observations(); }
  const MatrixXd& penalties() const { return penalties_; }
  const std::vector<bool>& identified() const { return identified_; }

  CriterionValue evaluate(const PenalizedFit& fit, const VectorXd& rho, Derivatives wanted) const override {
    poll();
    const Terms t(fit, total_penalty(penalties_, rho), *this);
    CriterionValue out;
    const double m = restricted_ ? static_cast<double>(n_unpenalized_) : 0.0;
    double log_s = 0.0;
    for (Index j = 0; j < t.s.size(); ++j) {
      if (penalized_[static_cast<std::size_t>(j)]) log_s += std::log(t.s[j]);
    }
    const double dp = fit.deviance + fit.penalty;
    const ScaleTerms scale = best_scale(dp, m);
    out.scale = scale.phi;
    out.value = dp / (2.0 * scale.phi) - scale.saturated.value +
                0.5 * (t.counted->log_determinant() - log_s) - 0.5 * m * std::log(2.0 * M_PI * scale.phi);
    if (local_ != nullptr) out.value += 0.5 * local_->slope.dot(fit.theta - local_->theta);
    if (wanted != Derivatives::none) {
      poll();
      differentiate(t, rho, scale, dp, wanted, out);
    }
    return out;
  }

  /// The matrix M of d log|H| = tr(M dH): the inverse of H on the coefficients that count.
  MatrixXd trace_matrix(const MatrixXd& h) const {
    poll();
    return restricted_ ? ScaledCholesky(h, kRankTolerance, identified_).inverse()
                       : ScaledCholesky(h, 0.0, penalized_).inverse();
  }

  /// The same at a fit, which may have a factor of H.
  MatrixXd trace_matrix(const PenalizedFit& fit, const VectorXd& rho) const {
    poll();
    return Terms(fit, total_penalty(penalties_, rho), *this).counted->inverse();
  }

 private:
  /// With thousands of coefficients the algebra between two passes over the rows takes seconds.
  void poll() const {
    if (model_.execution.hooks != nullptr) model_.execution.hooks->check();
  }

  struct Terms {
    Terms(const PenalizedFit& fit_, VectorXd s_, const MarginalLikelihood& of)
        : fit(fit_), s(std::move(s_)), factor(fit_.factor), counted(fit_.factor) {
      if (factor && of.restricted_) return;
      const MatrixXd h = with_penalty(fit.gram, s);
      if (!factor) factor = std::make_shared<const ScaledCholesky>(h, kRankTolerance, of.identified_);
      counted = of.restricted_ ? factor : std::make_shared<const ScaledCholesky>(h, 0.0, of.penalized_);
    }
    const PenalizedFit& fit;
    VectorXd s;
    std::shared_ptr<const ScaledCholesky> factor;
    std::shared_ptr<const ScaledCholesky> counted;  ///< of the coefficients whose determinant is taken
  };

  struct ScaleTerms {
    double phi = 1.0;
    Saturated saturated;
  };

  /// The phi that minimises V at fixed rho: in closed form for the Gaussian, by Newton in log(phi) otherwise.
  ScaleTerms best_scale(double dp, double m) const {
    ScaleTerms terms;
    if (model_.loss.scale_known()) {
      terms.saturated = (*saturated_)(1.0);
      return terms;
    }
    const double n = saturated_->n_observations();
    terms.phi = std::max(dp / std::max(n - m, 1.0), 1e-300);
    terms.saturated = (*saturated_)(terms.phi);
    if (constant_weights_) return terms;
    for (int iteration = 0; iteration < 100; ++iteration) {
      const double phi = terms.phi;
      const double slope = -dp / (2.0 * phi) - phi * terms.saturated.d1 - 0.5 * m;  // dV / dlog(phi)
      const double curve = dp / (2.0 * phi) - phi * terms.saturated.d1 - phi * phi * terms.saturated.d2;
      double step = curve > 0.0 ? -slope / curve : (slope > 0.0 ? -1.0 : 1.0);
      step = std::min(std::max(step, -2.0), 2.0);
      terms.phi = phi * std::exp(step);
      terms.saturated = (*saturated_)(terms.phi);
      if (std::abs(step) < 1e-12) break;
    }
    return terms;
  }

  void differentiate(const Terms& t, const VectorXd& rho, const ScaleTerms& scale, double dp,
                     Derivatives wanted, CriterionValue& out) const {
    const MatrixXd& inverse = t.counted->inverse();
    const Index K = penalties_.rows();
    const MatrixXd ld = rho.array().exp().matrix().asDiagonal() * penalties_;  // row k: lambda_k d_k
    const VectorXd squares = t.fit.theta.cwiseAbs2();
    const VectorXd quadratic = ld * squares;  // lambda_k theta'D_k theta
    const MatrixXd pull =
        ld.transpose().array().colwise() * t.fit.theta.array();  // column k: lambda_k D_k theta
    out.dtheta = -t.factor->solve(pull);
    const VectorXd trace_s = ld * inverse.diagonal();  // tr(M lambda_k D_k)
    MatrixXd share = MatrixXd::Zero(K, t.s.size());    // lambda_k d_kj / s_j
    for (Index j = 0; j < t.s.size(); ++j) {
      if (penalized_[static_cast<std::size_t>(j)]) share.col(j) = ld.col(j) / t.s[j];
    }
    const VectorXd share_sum = share.rowwise().sum();

    VectorXd slope;
    VectorXd weight_trace = VectorXd::Zero(K);
    if (!constant_weights_) {
      slope = local_ != nullptr ? local_->slope : weight_slope({model_}, t.fit.theta, inverse);
      weight_trace = out.dtheta.transpose() * slope;
    }
    out.gradient = 0.5 * (quadratic / scale.phi + trace_s + weight_trace - share_sum);

    const MatrixXd motion = out.dtheta.transpose() * pull;  // -dtheta'H dtheta
    MatrixXd hessian = 0.5 * (motion + motion.transpose()) / scale.phi + 0.5 * share * share.transpose();
    hessian.diagonal() += 0.5 * (quadratic / scale.phi + trace_s - share_sum);
    out.exact = constant_weights_ || wanted == Derivatives::exact;
    if (constant_weights_ || wanted == Derivatives::working) {
      hessian -= 0.5 * ld * inverse.cwiseAbs2() * ld.transpose();
    } else {
      add_weight_curvature(t, ld, slope, moving_terms(motion), hessian, out);
    }
    profile_scale(quadratic, scale, dp, hessian, out);
  }

  /// The terms of the Hessian in which W moves: 1/2 [q'b_jk + sum h w'' eta_j eta_k - tr(M H_j M H_k)]. Terms
  /// in their null space move no weights.
  void add_weight_curvature(const Terms& t, const MatrixXd& ld, const VectorXd& slope,
                            const std::vector<Index>& moving, MatrixXd& hessian,
                            const CriterionValue& out) const {
    const Index K = penalties_.rows(), P = penalties_.cols();
    const MatrixXd& inverse = t.counted->inverse();
    const WeightCurvature moved =
        weight_curvature(some_, t.fit.theta, out.dtheta(Eigen::all, moving), inverse);
    const VectorXd pulled = t.factor->solve(slope);
    MatrixXd pulled_dh = ld.array().rowwise() * pulled.transpose().array();  // row j: pulled'H_j
    MatrixXd mdh(P * P, K), row(P, K);                                       // column j: M H_j; a row of each
    for (Index k = 0; k < K; ++k) mdh.col(k).reshaped(P, P) = inverse * ld.row(k).asDiagonal();
    for (std::size_t i = 0; i < moving.size(); ++i) {
      poll();
      pulled_dh.row(moving[i]) += pulled.transpose() * moved.gram[i];
      mdh.col(moving[i]).reshaped(P, P).noalias() += inverse * moved.gram[i];
    }
    MatrixXd value = -pulled_dh * out.dtheta - out.dtheta.transpose() * pulled.asDiagonal() * ld.transpose();
    for (Index c = 0; c < P; ++c) {
      row = mdh(Eigen::seqN(c, P, P), Eigen::all);
      value.noalias() -= mdh.middleRows(c * P, P).transpose() * row;
    }
    value(moving, moving) += moved.curvature;
    value.diagonal() += out.dtheta.transpose() * slope;
    hessian += 0.25 * (value + value.transpose());
  }

  /// The smoothing parameters that move the coefficients by more than 1e-8 of their standard errors.
  static std::vector<Index> moving_terms(const MatrixXd& motion) {
    std::vector<Index> moving;
    for (Index k = 0; k < motion.cols(); ++k) {
      if (-motion(k, k) > 1e-16) moving.push_back(k);
    }
    return moving;
  }

  void profile_scale(const VectorXd& quadratic, const ScaleTerms& scale, double dp, const MatrixXd& hessian,
                     CriterionValue& out) const {
    const Index K = penalties_.rows();
    out.hessian = hessian;
    out.full_hessian = hessian;
    if (model_.loss.scale_known()) return;
    const double phi = scale.phi;
    const VectorXd mixed = -quadratic / (2.0 * phi);  // d2V / drho dlog(phi)
    const double own = dp / (2.0 * phi) - phi * scale.saturated.d1 - phi * phi * scale.saturated.d2;
    out.full_hessian.conservativeResize(K + 1, K + 1);
    out.full_hessian.row(K).head(K) = mixed.transpose();
    out.full_hessian.col(K).head(K) = mixed;
    out.full_hessian(K, K) = own;
    if (own > 0.0) out.hessian -= mixed * mixed.transpose() / own;
  }

  const Model& model_;
  StandIn some_;
  const MatrixXd& penalties_;
  std::vector<bool> identified_;
  std::vector<bool> penalized_;
  bool restricted_;
  const LocalWeights* local_ = nullptr;
  std::shared_ptr<const SaturatedLikelihood> saturated_;
  bool constant_weights_ = false;
  Index n_unpenalized_ = 0;
};

}  // namespace contextstats
