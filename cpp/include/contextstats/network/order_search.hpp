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
///
/// One factor of G + P along a sequence of variables holds the scores of all of them given those before, and
/// those of any other variable given each start of the sequence.
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

  /// `before` marks the variables that come before j; those that are allowed are its parents. Where they are
  /// the start of `sequence`, all of what its factor holds is kept.
  double operator()(Index j, const std::string& before, const Order& sequence) {
    const std::string parents = allowed_parents(j, before);
    const auto& own = known_[static_cast<std::size_t>(j)];
    auto found = own.find(parents);
    if (found == own.end()) {
      if (parents == before) {
        along(sequence, j);
      } else {
        Order some;
        for (Index i = 0; i < layout_.p; ++i) {
          if (parents[static_cast<std::size_t>(i)] != 0) some.push_back(i);
        }
        along(some, j);
      }
      found = own.find(parents);
    }
    return found->second;
  }

 private:
  std::string allowed_parents(Index j, std::string before) const {
    for (Index i = 0; i < layout_.p; ++i) {
      if (allowed_(i, j) == 0.0) before[static_cast<std::size_t>(i)] = 0;
    }
    return before;
  }

  /// Scores along a sequence, and those of `target` if it is not in it.
  void along(const Order& sequence, Index target) {
    const Index m = layout_.m, size = static_cast<Index>(sequence.size());
    MatrixXd inner(size * m, size * m);
    VectorXd cross(size * m);
    for (Index a = 0; a < size; ++a) {
      const Index from = sequence[static_cast<std::size_t>(a)] * m;
      for (Index b = 0; b <= a; ++b) {
        inner.block(a * m, b * m, m, m) = gram_.block(from, sequence[static_cast<std::size_t>(b)] * m, m, m);
      }
      inner.block(a * m, a * m, m, m) += roughness_;
      cross.segment(a * m, m) = gram_.col(target * m).segment(from, m);
    }
    const Eigen::LLT<Eigen::Ref<MatrixXd>> factor(inner);
    factor.matrixL().solveInPlace(cross);
    std::string before(static_cast<std::size_t>(layout_.p), 0);
    double left = gram_(target * m, target * m);
    bool inside = false;  // the target is in the sequence
    for (Index a = 0; a < size; ++a) {
      const Index node = sequence[static_cast<std::size_t>(a)];
      if (!inside) keep(target, before, left);
      inside = inside || node == target;
      keep(node, before, inner(a * m, a * m) * inner(a * m, a * m) - roughness_(0, 0));
      left -= cross.segment(a * m, m).squaredNorm();
      before[static_cast<std::size_t>(node)] = 1;
    }
    if (!inside) keep(target, before, left);
  }

  void keep(Index j, const std::string& before, double residual) {
    if (allowed_parents(j, before) != before) return;
    residual = std::max(residual, 1e-15 * gram_(j * layout_.m, j * layout_.m));
    known_[static_cast<std::size_t>(j)].emplace(
        before, node_weight_.size() > 0 ? node_weight_[j] * residual : std::log(residual));
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
      sum += scores_(j, before, order);
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
    const auto here = std::find(order.begin(), order.end(), j);
    const std::size_t place = static_cast<std::size_t>(here - order.begin());
    const Order earlier(order.begin(), here);
    Order first{j}, without = earlier;
    first.insert(first.end(), order.begin(), here);
    without.insert(without.end(), here + 1, order.end());
    double best = -1e-12;
    std::size_t best_place = place;
    for (const int direction : {-1, 1}) {
      std::string before(order.size(), 0);
      for (const Index i : earlier) before[static_cast<std::size_t>(i)] = 1;
      double change = 0.0;
      std::size_t at = place;
      while (direction < 0 ? at > 0 : at + 1 < order.size()) {
        const std::size_t next = direction < 0 ? at - 1 : at + 1;
        const Index other = order[next];
        if (direction < 0 ? rules_.required(other, j) != 0.0 : rules_.required(j, other) != 0.0) break;
        change += direction < 0 ? step_left(j, other, before, earlier, first)
                                : step_right(j, other, before, without, order);
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

  /// From (..., other, j) to (..., j, other); `before` holds what stands before j and is updated. `earlier`
  /// is what stood before j at first, `first` the same after j.
  double step_left(Index j, Index other, std::string& before, const Order& earlier, const Order& first) {
    double change = -scores_(j, before, earlier);
    before[static_cast<std::size_t>(other)] = 0;
    change += scores_(j, before, earlier) - scores_(other, before, earlier);
    return change + scores_(other, with(before, j), first);
  }

  /// From (..., j, other) to (..., other, j); `without` is the order without j.
  double step_right(Index j, Index other, std::string& before, const Order& without, const Order& order) {
    double change = -scores_(j, before, without) - scores_(other, with(before, j), order);
    change += scores_(other, before, without);
    before[static_cast<std::size_t>(other)] = 1;
    return change + scores_(j, before, without);
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
