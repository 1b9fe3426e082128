#pragma once

#include "contextstats/network/acyclic_search.hpp"
#include "contextstats/network/archetype_loss.hpp"
#include "contextstats/network/sem_loss.hpp"

namespace contextstats {

/// Which cycles are forbidden.
enum class CycleRule {
  in_the_union,  ///< of the edges of all contexts: one order for all
  per_context    ///< within each context: directions may change with context
};

/// What both searches share.
struct DagRules {
  MatrixXd allowed;  ///< p x p, 0 where i -> j must not be; 0 on the diagonal
  CycleRule cycles = CycleRule::in_the_union;
  MatrixXd sparsity;  ///< p x p, weights of the group lasso on edges
};

/// The penalty that goes with a strategy: the barrier for the path, the entire function for the other.
inline const Acyclicity& acyclicity_for(SearchStrategy strategy) {
  static const LogDeterminantAcyclicity barrier;
  static const ExponentialAcyclicity exponential;
  if (strategy == SearchStrategy::central_path) return barrier;
  return exponential;
}

/// Searches for the coefficients A (p m x p) of a contextual Bayesian network with a linear encoder.
///
/// `gram` and `roughness` as in `SemLoss`; `basis` and `weight` are the distinct contexts and their shares of
/// the rows, read only for `CycleRule::per_context`.
inline SearchResult search_linear_dag(const SemLoss& loss, const EdgeLayout& layout, const DagRules& rules,
                                      const MatrixXd& basis, const VectorXd& weight, SearchOptions options,
                                      const Execution& execution) {
  const Index rows = layout.rows(), p = layout.p;
  const MatrixXd scaling = loss.scaling();
  options.inner.scaling = Eigen::Map<const VectorXd>(scaling.data(), scaling.size());
  const Acyclicity& acyclicity = acyclicity_for(options.strategy);
  const ValueAndGradient objective = [&](const VectorXd& theta, VectorXd& gradient) {
    const Eigen::Map<const MatrixXd> a(theta.data(), rows, p);
    MatrixXd slope;
    double value = loss.evaluate(a, slope);
    value += edge_sparsity(a, layout, rules.sparsity, slope);
    keep_out(rules.allowed, layout, slope);
    gradient = Eigen::Map<const VectorXd>(slope.data(), slope.size());
    return value;
  };
  const ValueAndGradient cycles = [&](const VectorXd& theta, VectorXd& gradient) {
    const MatrixXd a = Eigen::Map<const MatrixXd>(theta.data(), rows, p);
    MatrixXd slope;
    const double h =
        rules.cycles == CycleRule::in_the_union
            ? union_acyclicity(acyclicity, a, layout, slope)
            : context_acyclicity(acyclicity, a, layout, basis, weight, execution, slope, nullptr);
    gradient = Eigen::Map<const VectorXd>(slope.data(), slope.size());
    return h;
  };
  return AcyclicSearch(objective, cycles, options, *execution.hooks)(VectorXd::Zero(rows * p));
}

/// The data and the small ridges of an archetype model.
struct ArchetypeProblem {
  const ConstMatrix& x;   ///< n x p
  const MatrixXd& basis;  ///< n x q, of the gates
  ArchetypeLayout layout;
  Gates gates = Gates::softmax;
  VectorXd node_weight;     ///< of each node's squared error; empty: each has its own variance
  double edge_ridge = 0.0;  ///< times |A|^2 / 2, edges only
  double gate_ridge = 0.0;  ///< times |V|^2 / 2
};

/// Objective and acyclicity of an archetype model as functions of one vector, (A, V).
class ArchetypeObjective {
 public:
  ArchetypeObjective(const ArchetypeProblem& problem, const DagRules& rules, const Acyclicity& acyclicity,
                     const Execution& execution)
      : problem_(problem),
        rules_(rules),
        acyclicity_(acyclicity),
        execution_(execution),
        weight_(VectorXd::Constant(problem.x.rows(), 1.0 / static_cast<double>(problem.x.rows()))) {}

  double loss(const VectorXd& theta, VectorXd& gradient) const {
    const ArchetypeLayout& layout = problem_.layout;
    const MatrixXd a = layout.archetypes(theta), v = layout.gate_weights(theta);
    const MatrixXd z = gate_values(problem_.basis, v, problem_.gates);
    MatrixXd by_a, by_z;
    double value = archetype_loss(problem_.x, z, a, layout, problem_.node_weight, execution_, by_a, by_z);
    const Index rows = layout.edges().rows();
    value +=
        0.5 * (problem_.edge_ridge * a.topRows(rows).squaredNorm() + problem_.gate_ridge * v.squaredNorm());
    by_a.topRows(rows) += problem_.edge_ridge * a.topRows(rows);
    value += edge_sparsity(a, layout.edges(), rules_.sparsity, by_a);
    keep_out(rules_.allowed, layout.edges(), by_a);
    const MatrixXd by_v =
        gate_pullback(problem_.basis, z, std::move(by_z), problem_.gates) + problem_.gate_ridge * v;
    store(by_a, by_v, gradient);
    return value;
  }

  double cycles(const VectorXd& theta, VectorXd& gradient) const {
    const ArchetypeLayout& layout = problem_.layout;
    const MatrixXd a = layout.archetypes(theta), v = layout.gate_weights(theta);
    MatrixXd by_a, by_v = MatrixXd::Zero(v.rows(), v.cols());
    double h = 0.0;
    if (rules_.cycles == CycleRule::in_the_union) {
      h = union_acyclicity(acyclicity_, a, layout.edges(), by_a);
    } else {
      const MatrixXd z = gate_values(problem_.basis, v, problem_.gates);
      MatrixXd by_z = MatrixXd::Zero(z.rows(), z.cols());
      h = context_acyclicity(acyclicity_, a, layout.edges(), z, weight_, execution_, by_a, &by_z);
      by_v = gate_pullback(problem_.basis, z, std::move(by_z), problem_.gates);
    }
    store(by_a, by_v, gradient);
    return h;
  }

 private:
  void store(const MatrixXd& by_a, const MatrixXd& by_v, VectorXd& gradient) const {
    gradient.resize(by_a.size() + by_v.size());
    gradient << Eigen::Map<const VectorXd>(by_a.data(), by_a.size()),
        Eigen::Map<const VectorXd>(by_v.data(), by_v.size());
  }

  const ArchetypeProblem& problem_;
  const DagRules& rules_;
  const Acyclicity& acyclicity_;
  const Execution& execution_;
  VectorXd weight_;
};

/// Searches for archetypes and gates from a start. Edges that are not allowed must be zero there.
inline SearchResult search_archetypes(const ArchetypeProblem& problem, const DagRules& rules, VectorXd start,
                                      const SearchOptions& options, const Execution& execution) {
  const ArchetypeObjective objective(problem, rules, acyclicity_for(options.strategy), execution);
  const ValueAndGradient loss = [&](const VectorXd& theta, VectorXd& gradient) {
    return objective.loss(theta, gradient);
  };
  const ValueAndGradient cycles = [&](const VectorXd& theta, VectorXd& gradient) {
    return objective.cycles(theta, gradient);
  };
  return AcyclicSearch(loss, cycles, options, *execution.hooks)(std::move(start));
}

}  // namespace contextstats
