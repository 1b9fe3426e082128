#pragma once

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "contextstats/interrupt.hpp"
#include "contextstats/network/dag_penalty.hpp"

namespace contextstats {

using Order = std::vector<Index>;

/// What may stand before what.
struct OrderRules {
  MatrixXd allowed;   ///< p x p, 0 where i -> j must not be
  MatrixXd required;  ///< p x p, nonzero where i -> j must be
};

/// How well each node is explained by a set of parents, from cross products; each pair is computed once.
///
/// r_j(S) = g_jj - g_S'(G_SS + P_SS)^-1 g_S, the (penalised) residual variance; its logarithm where every
/// node has its own variance. `gram` and `roughness` as in `SemLoss`.
class NodeScores {
 public:
  NodeScores(const MatrixXd& gram, const MatrixXd& roughness, const EdgeLayout& layout,
             const MatrixXd& allowed, const VectorXd& node_weight)
      : gram_(gram),
        roughness_(roughness),
        layout_(layout),
        allowed_(allowed),
        node_weight_(node_weight),
        known_(static_cast<std::size_t>(layout.p)) {}

  /// `before` marks the variables that come before j; those that are allowed are its parents.
  double operator()(Index j, const std::string& before) {
    std::string parents = before;
    for (Index i = 0; i < layout_.p; ++i) {
      if (allowed_(i, j) == 0.0) parents[static_cast<std::size_t>(i)] = 0;
    }
    auto& own = known_[static_cast<std::size_t>(j)];
    const auto found = own.find(parents);
    if (found != own.end()) return found->second;
    const double score = compute(j, parents);
    own.emplace(std::move(parents), score);
    return score;
  }

 private:
  double compute(Index j, const std::string& parents) const {
    const Index m = layout_.m;
    std::vector<Index> rows;
    for (Index i = 0; i < layout_.p; ++i) {
      if (parents[static_cast<std::size_t>(i)] == 0) continue;
      for (Index k = 0; k < m; ++k) rows.push_back(i * m + k);
    }
    double residual = gram_(j * m, j * m);
    if (!rows.empty()) {
      MatrixXd inner = gram_(rows, rows);
      for (Index at = 0; at < inner.rows(); at += m) inner.block(at, at, m, m) += roughness_;
      const VectorXd cross = gram_(rows, j * m);
      residual -= Eigen::LLT<MatrixXd>(inner).matrixL().solve(cross).squaredNorm();
    }
    residual = std::max(residual, 1e-15 * gram_(j * m, j * m));
    return node_weight_.size() > 0 ? node_weight_[j] * residual : std::log(residual);
  }

  const MatrixXd& gram_;
  const MatrixXd& roughness_;
  EdgeLayout layout_;
  const MatrixXd& allowed_;
  const VectorXd& node_weight_;
  std::vector<std::unordered_map<std::string, double>> known_;
};

struct OrderSearchResult {
  Order order;
  double score = std::numeric_limits<double>::infinity();
};

/// The order of the variables that explains them best when each is regressed on all that come before it.
///
/// Local search: a variable at a time is taken out and put where the sum of scores is least, until none
/// moves; then some are put at random places and the search repeats, `kicks` times from the best order so
/// far. A step past a neighbour changes the scores of the two alone.
class OrderSearch {
 public:
  OrderSearch(NodeScores& scores, const OrderRules& rules, const Hooks& hooks)
      : scores_(scores), rules_(rules), hooks_(hooks) {}

  OrderSearchResult operator()(const std::vector<Order>& starts, int kicks, unsigned seed) {
    OrderSearchResult best;
    for (const Order& start : starts) keep_better(best, climb(start));
    std::mt19937_64 engine(seed);
    for (int kick = 0; kick < kicks; ++kick) keep_better(best, climb(shaken(best.order, engine)));
    return best;
  }

 private:
  static void keep_better(OrderSearchResult& best, OrderSearchResult found) {
    const bool first = best.order.empty();
    if (first || found.score < best.score - 1e-10 * std::abs(best.score)) best = std::move(found);
  }

  double total(const Order& order) {
    std::string before(order.size(), 0);
    double sum = 0.0;
    for (const Index j : order) {
      sum += scores_(j, before);
      before[static_cast<std::size_t>(j)] = 1;
    }
    return sum;
  }

  OrderSearchResult climb(Order order) {
    double score = total(order);
    bool moved = true;
    while (moved) {
      moved = false;
      for (Index j = 0; j < static_cast<Index>(order.size()); ++j) {
        hooks_.check();
        const double gain = move_to_best_place(order, j);
        moved = moved || gain > 1e-10 * std::max(1.0, std::abs(score));
        score -= gain;
      }
    }
    return {order, total(order)};
  }

  /// Moves variable j; returns by how much the score falls.
  double move_to_best_place(Order& order, Index j) {
    const std::size_t place =
        static_cast<std::size_t>(std::find(order.begin(), order.end(), j) - order.begin());
    double best = -1e-12;
    std::size_t best_place = place;
    for (const int direction : {-1, 1}) {
      std::string before(order.size(), 0);
      for (std::size_t k = 0; k < place; ++k) before[static_cast<std::size_t>(order[k])] = 1;
      double change = 0.0;
      std::size_t at = place;
      while (direction < 0 ? at > 0 : at + 1 < order.size()) {
        const std::size_t next = direction < 0 ? at - 1 : at + 1;
        const Index other = order[next];
        if (direction < 0 ? rules_.required(other, j) != 0.0 : rules_.required(j, other) != 0.0) break;
        change += direction < 0 ? step_left(j, other, before) : step_right(j, other, before);
        at = next;
        if (change < best) {
          best = change;
          best_place = at;
        }
      }
    }
    if (best_place == place) return 0.0;
    order.erase(order.begin() + static_cast<std::ptrdiff_t>(place));
    order.insert(order.begin() + static_cast<std::ptrdiff_t>(best_place), j);
    return -best;
  }

  /// From (..., other, j) to (..., j, other); `before` holds what stands before j and is updated.
  double step_left(Index j, Index other, std::string& before) {
    double change = -scores_(j, before);
    before[static_cast<std::size_t>(other)] = 0;
    change += scores_(j, before) - scores_(other, before);
    return change + scores_(other, with(before, j));
  }

  /// From (..., j, other) to (..., other, j).
  double step_right(Index j, Index other, std::string& before) {
    double change = -scores_(j, before) - scores_(other, with(before, j)) + scores_(other, before);
    before[static_cast<std::size_t>(other)] = 1;
    return change + scores_(j, before);
  }

  static std::string with(std::string set, Index j) {
    set[static_cast<std::size_t>(j)] = 1;
    return set;
  }

  /// A third of the variables (two at least) in other places that keep the required edges.
  Order shaken(Order order, std::mt19937_64& engine) const {
    const std::size_t p = order.size();
    for (std::size_t k = 0; k < std::max<std::size_t>(2, p / 3); ++k) {
      const std::size_t from = engine() % p, to = engine() % p;
      Order moved = order;
      moved.erase(moved.begin() + static_cast<std::ptrdiff_t>(from));
      moved.insert(moved.begin() + static_cast<std::ptrdiff_t>(to), order[from]);
      if (keeps_required(moved)) order = std::move(moved);
    }
    return order;
  }

  bool keeps_required(const Order& order) const {
    for (std::size_t b = 0; b < order.size(); ++b) {
      for (std::size_t a = b + 1; a < order.size(); ++a) {
        if (rules_.required(order[a], order[b]) != 0.0) return false;
      }
    }
    return true;
  }

  NodeScores& scores_;
  const OrderRules& rules_;
  const Hooks& hooks_;
};

}  // namespace contextstats
