#pragma once

#include <limits>
#include <vector>

#include "contextstats/fit/feature_objective.hpp"
#include "contextstats/optim/lbfgs.hpp"

namespace contextstats {

struct FeatureOptions {
  std::vector<double> decays;  ///< values of the weight decay to try
  Index n_training = 0;        ///< the first rows train; the others choose among the runs
  int maxiter = 100;           ///< of one run
};

/// What was learned. Runs are numbered start by start, decay by decay.
struct LearnedFeatures {
  VectorXd theta;                  ///< parameters as in FeatureObjective, after the last training on all rows
  Index run = 0;                   ///< the run that was chosen
  std::vector<double> held_out;    ///< mean deviance on the rows that did not train, by run
  std::vector<double> objectives;  ///< at the end of each run, on the training rows
  double objective = 0.0;          ///< at theta, on all rows
  int iterations = 0;              ///< of all runs
};

/// Learns hidden layers: one run of L-BFGS from each start (column of `starts`) with each weight decay on the
/// training rows; the run with the least deviance on the held-out rows goes on with all rows.
///
/// The optimum is not unique and no optimum is needed: what counts is how well the features serve rows they
/// have not seen, so that runs are short and chosen by that.
inline LearnedFeatures learn_features(const std::vector<LearnedNetwork>& networks, const FeatureData& data,
                                      const Loss& loss, const MatrixXd& starts, const FeatureOptions& options,
                                      const Execution& execution) {
  const auto rows = [&](Index first, Index count) {
    return FeatureData{data.x.middleRows(first, count),   data.contexts.middleRows(first, count),
                       data.y.middleRows(first, count),   data.offset.middleRows(first, count),
                       data.weight.segment(first, count), data.unit};
  };
  const FeatureData training = rows(0, options.n_training);
  const FeatureData held_out = rows(options.n_training, data.x.rows() - options.n_training);
  LbfgsOptions search;
  search.maxiter = options.maxiter;
  search.gradient_tolerance = 1e-5;
  search.objective_tolerance = 1e-7;
  LearnedFeatures learned;
  VectorXd best;
  double least = std::numeric_limits<double>::infinity();
  for (Index start = 0; start < starts.cols(); ++start) {
    for (const double decay : options.decays) {
      const FeatureObjective objective(networks, training, loss, decay, execution);
      const LbfgsResult run = minimize_lbfgs(objective, starts.col(start), search);
      const double deviance =
          FeatureObjective(networks, held_out, loss, decay, execution).mean_deviance(run.theta);
      const Index number = static_cast<Index>(learned.held_out.size());
      learned.held_out.push_back(deviance);
      learned.objectives.push_back(run.objective);
      learned.iterations += run.iterations;
      if (execution.hooks != nullptr && execution.hooks->progress)
        execution.hooks->progress(static_cast<int>(number + 1), deviance, run.gradient_norm);
      if (number > 0 && !(deviance < least)) continue;
      least = deviance, best = run.theta, learned.run = number;
    }
  }
  const double decay = options.decays[static_cast<std::size_t>(learned.run) % options.decays.size()];
  const FeatureObjective objective(networks, data, loss, decay, execution);
  LbfgsResult last = minimize_lbfgs(objective, best, search);
  learned.theta = std::move(last.theta);
  learned.objective = last.objective;
  learned.iterations += last.iterations;
  return learned;
}

}  // namespace contextstats
