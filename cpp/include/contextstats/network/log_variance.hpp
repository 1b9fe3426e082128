#pragma once

#include <algorithm>
#include <cmath>
#include <optional>

#include "contextstats/network/context_functions.hpp"
#include "contextstats/network/gram_reml.hpp"

namespace contextstats {

/// log var(e) = h(c) for residuals e, by Fisher scoring with REML smoothing.
///
/// `kept` is 1 - leverage: what is left of a residual's variance after the mean was fitted. The model is
/// fitted to e^2 / kept with prior weights kept, the REML adjustment of Smyth and Verbyla (1996), JRSS B 58,
/// 565-572. Its scale, one for Gaussian residuals, is estimated, which keeps heavy tails from being taken for
/// structure.
class LogVariance {
 public:
  LogVariance(const ContextFunctions& functions, ConstMatrix contexts, const NetworkOptions& options,
              Execution execution)
      : functions_(functions),
        options_(options),
        execution_(execution),
        design_(functions.design(1)),
        one_(MatrixXd::Ones(contexts.rows(), 1)),
        rows_(design_, one_, contexts, execution) {}

  /// The best constant, which is where the scoring starts.
  void start(const VectorXd& residual) {
    const double level = std::log(residual.squaredNorm() / static_cast<double>(residual.size()));
    theta_ = VectorXd::Zero(functions_.size());
    theta_[0] = level;
    h_ = VectorXd::Constant(residual.size(), level);
    covariance_ = MatrixXd::Zero(functions_.size(), functions_.size());
    covariance_(0, 0) = 2.0 / static_cast<double>(residual.size());
    edf_ = 1.0;
  }

  /// One step, with new smoothing parameters if `search`; returns how far h moved at most.
  double step(const VectorXd& residual, const VectorXd& kept, bool search) {
    const VectorXd deviation = (residual.array().square() * (-h_.array()).exp()).matrix() - kept;
    const VectorXd half = 0.5 * kept;
    const VectorXd half_deviation = 0.5 * deviation;
    const MatrixXd g = gram(rows_, half, execution_);
    const VectorXd score = gradient(rows_, half_deviation, execution_);
    const VectorXd cross = g * theta_ + score;
    const double total =
        theta_.dot(cross + score) + (deviation.array().square() / (2.0 * kept.array())).sum();
    const GramProblem problem{
        g, cross, total, static_cast<double>(h_.size()), functions_.penalties(), std::nullopt};
    const GramReml reml(problem);
    const bool given = options_.lambda.size() > 0;
    const GramFit found = given    ? reml.at(options_.lambda.array().log())
                          : search ? reml.minimize(rho_)
                                   : reml.at(rho_);
    if (!found.positive) return 0.0;
    rho_ = found.rho;
    const VectorXd way = found.theta - theta_;
    const VectorXd change = linear_predictor(rows_, way, execution_);
    const double longest = change.cwiseAbs().maxCoeff();
    const double share = longest > 1.0 ? 1.0 / longest : 1.0;
    h_ += share * change;
    theta_ += share * way;
    edf_ = found.edf;
    covariance_ = given ? MatrixXd(found.scale * found.inverse) : reml.covariance(found);
    return share * longest;
  }

  const VectorXd& h() const { return h_; }
  const VectorXd& theta() const { return theta_; }
  const MatrixXd& covariance() const { return covariance_; }
  VectorXd lambda() const { return rho_.array().exp(); }
  double edf() const { return edf_; }

 private:
  const ContextFunctions& functions_;
  const NetworkOptions& options_;
  Execution execution_;
  KhatriRaoDesign design_;
  MatrixXd one_;
  DesignRows rows_;
  VectorXd theta_, h_, rho_;
  MatrixXd covariance_;
  double edf_ = 1.0;
};

}  // namespace contextstats
