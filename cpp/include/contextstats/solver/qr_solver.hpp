#pragma once

#include <cmath>
#include <vector>

#include "contextstats/math/streaming_qr.hpp"
#include "contextstats/solver/penalized_fit.hpp"

namespace contextstats {

/// Below this pivot of the scaled information, an unpenalised model is solved from its rows instead.
constexpr double kCollinear = 1e-7;
/// A column closer to the span of the others than this, relative to its length, is one of them up to
/// rounding.
constexpr double kQrRankTolerance = 1e-14;

/// An unpenalised fit by iterative weighted least squares on the rows (expected information), in extended
/// precision: slower than the cross products, and right where columns are nearly collinear.
class QrSolver {
 public:
  QrSolver(const Model& model, const InnerOptions& options) : model_(model), options_(options) {}

  struct Result {
    PenalizedFit fit;
    MatrixXd inverse;  ///< (Z'WZ)^-, W the expected weights
    std::vector<bool> identified;
  };

  Result solve() const {
    const bool gaussian = model_.loss.gaussian_identity();
    Result result;
    PenalizedFit& fit = result.fit;
    StreamingQr::Solution step = weighted_least_squares(VectorXd(), true);
    fit.theta = step.x;
    if (!gaussian && !model_.evaluate(fit.theta, Curvature::none).finite()) {
      fit.theta = drawn_into_support(model_, VectorXd::Zero(step.x.size()), step.identified, fit.theta);
    }
    fit.deviance =
        gaussian ? step.residual_sum_of_squares : model_.evaluate(fit.theta, Curvature::none).deviance;
    fit.termination = gaussian ? Termination::gradient_small : Termination::iteration_limit;
    for (fit.iterations = 1; !gaussian && fit.iterations < options_.maxiter; ++fit.iterations) {
      step = weighted_least_squares(fit.theta, false);
      const bool last = move(step.x, fit);
      if (last) {
        fit.termination = Termination::gradient_small;
        break;
      }
    }
    if (!gaussian) step = weighted_least_squares(fit.theta, false);
    result.inverse = step.inverse;
    result.identified = step.identified;
    const WorkingPass at = model_.evaluate(fit.theta, Curvature::observed);
    fit.gram = at.gram;
    fit.gradient_norm = at.score.lpNorm<Eigen::Infinity>();
    fit.evaluations = fit.iterations;
    return result;
  }

 private:
  /// One step of Newton's method with halving; true if it was the last.
  bool move(const VectorXd& step, PenalizedFit& fit) const {
    const double before = fit.deviance;
    const VectorXd origin = fit.theta;
    double length = 1.0;
    for (int halving = 0; halving < 40; ++halving, length *= 0.5) {
      fit.theta = origin + length * step;
      fit.deviance = model_.evaluate(fit.theta, Curvature::none).deviance;
      if (fit.deviance <= before + 1e-12 * (1.0 + std::abs(before))) break;
    }
    return std::abs(before - fit.deviance) <= 1e-3 * options_.tolerance * (1e-3 + std::abs(before));
  }

  /// min |sqrt(W) (Z d - s / W)|; at the start, of the working response itself.
  StreamingQr::Solution weighted_least_squares(const VectorXd& theta, bool from_response) const {
    const KhatriRaoDesign& design = model_.design;
    const DataView& data = model_.data;
    const VectorXd raw = from_response ? VectorXd() : design.raw_coefficients(theta);
    const Index P = design.n_coefficients();
    StreamingQr qr(P);
    MatrixXd z;
    VectorXd eta, score, weight;
    model_.rows.for_each_block([&](RowBlock& block) {
      if (model_.execution.hooks != nullptr) model_.execution.hooks->check();
      const Index start = block.first();
      const Index count = block.count();
      for (VectorXd* array : {&eta, &score, &weight}) array->resize(count);
      if (from_response) {
        model_.loss.initial_eta(data.y.data() + start, data.var_weight.data() + start, count, eta.data());
      } else {
        model_.block_eta(block, raw, eta);
      }
      LossTile out;
      out.score = score.data();
      out.expected = weight.data();
      model_.loss.evaluate(data.y.data() + start, eta.data(), count, out);
      z.resize(count, P);
      block.natural_rows(z);
      StreamingQr::Matrix rows = StreamingQr::Matrix::Zero(count, P + 1);
      for (Index r = 0; r < count; ++r) {
        if (!(weight[r] > 0.0)) continue;
        const long double root = std::sqrt(static_cast<long double>(weight[r]) * data.weight[start + r]);
        long double target = static_cast<long double>(score[r]) / weight[r];
        if (from_response) target += static_cast<long double>(eta[r]) - data.offset[start + r];
        rows.row(r).head(P) = root * z.row(r).cast<long double>();
        rows(r, P) = root * target;
      }
      qr.add(rows);
    });
    return qr.solve(kQrRankTolerance);
  }

  const Model& model_;
  InnerOptions options_;
};

}  // namespace contextstats
