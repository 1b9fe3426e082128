#pragma once

#include <algorithm>
#include <vector>

#include "contextstats/objective/local_sums.hpp"
#include "contextstats/objective/product_kernels.hpp"

namespace contextstats {

/// A block of rows in cache, and the four sums that models are made of. Arrays of one number a row are in the
/// order of the data; inside, rows are sorted by run, each run padded with zeros to whole lanes.
class RowBlock {
 public:
  RowBlock(const KhatriRaoDesign& design, ConstMatrix x, ConstMatrix contexts, const GroupedRows& grouped)
      : design_(design), x_(x), contexts_(contexts), grouped_(grouped) {}

  void load(Index block) {
    block_ = block;
    first_ = grouped_.first(block);
    count_ = grouped_.count(block);
    sorted_group_ = grouped_.groups().size();
  }

  Index first() const { return first_; }
  Index count() const { return count_; }

  /// out = Z theta, theta given by its raw coefficients.
  void linear_predictor(const VectorXd& raw, double* out) {
    std::fill(out, out + count_, 0.0);
    for (std::size_t g = 0; g < grouped_.groups().size(); ++g) {
      const RowGroup& group = grouped_.groups()[g];
      if (group.effects().empty()) continue;
      sort_columns(g);
      row_values_.assign(at(n_places_), 0.0);
      for_each_stretch(
          g, group.n_effect_monomials(), [&](LocalSums& sums) { sums.effects_from_raw(raw, local_); },
          [&](const Stretch& s) {
            for (const RowGroup::Cluster& cluster : group.effect_clusters()) {
              point_to_predictors(cluster.factors, s);
              combine(cluster, design_.n_predictors(), s);
            }
          },
          [](LocalSums&) {});
      add_in_order(g, out);
    }
  }

  /// raw += raw form of Z'v.
  void add_gradient(const double* v, VectorXd& raw) {
    for (std::size_t g = 0; g < grouped_.groups().size(); ++g) {
      const RowGroup& group = grouped_.groups()[g];
      if (group.effects().empty()) continue;
      const std::size_t size = at(group.n_effect_monomials() * design_.n_predictors());
      sort_columns(g);
      sort(v, g, weights_);
      for_each_stretch(
          g, group.n_effect_monomials(), [&](LocalSums&) { local_.assign(size, 0.0); },
          [&](const Stretch& s) {
            for (const RowGroup::Cluster& cluster : group.effect_clusters()) {
              weigh_predictors(cluster.factors, weights_.data() + s.from, s);
              sum(cluster, design_.n_predictors(), s);
            }
          },
          [&](LocalSums& sums) { sums.effects_to_raw(local_, raw); });
    }
  }

  /// Column k of raw += raw form of Z' diag(w_k) Z, for the columns w_k of `weights`.
  template <class Weights>
  void add_grams(const Weights& weights, Eigen::Ref<MatrixXd> raw) {
    for (std::size_t g = 0; g < grouped_.groups().size(); ++g) {
      const RowGroup& group = grouped_.groups()[g];
      if (group.pairs().empty()) continue;
      const Index n_products = static_cast<Index>(design_.products().size());
      const std::size_t size = at(group.monomials().size() * n_products);
      locals_.resize(at(weights.cols()));
      sort_columns(g);
      weights_.resize(at(n_places_ * weights.cols()));
      for (Index k = 0; k < weights.cols(); ++k) {
        sort(weights.col(k).data(), g, weights_.data() + k * n_places_);
      }
      for_each_stretch(
          g, group.monomials().size(),
          [&](LocalSums&) {
            for (std::vector<double>& one : locals_) one.assign(size, 0.0);
          },
          [&](const Stretch& s) {
            for (Index k = 0; k < weights.cols(); ++k) {
              local_.swap(locals_[at(k)]);
              for (const RowGroup::Cluster& cluster : group.gram_clusters()) {
                weigh_products(cluster.factors, weights_.data() + k * n_places_ + s.from, s);
                sum(cluster, n_products, s);
              }
              local_.swap(locals_[at(k)]);
            }
          },
          [&](LocalSums& sums) {
            for (Index k = 0; k < weights.cols(); ++k)
              sums.products_to_raw(locals_[at(k)], raw.col(k).data());
          });
    }
  }

  /// out = z_i' V z_i, V given by KhatriRaoDesign::raw_quadratic.
  void quadratic_form(const VectorXd& raw, double* out) {
    std::fill(out, out + count_, 0.0);
    for (std::size_t g = 0; g < grouped_.groups().size(); ++g) {
      const RowGroup& group = grouped_.groups()[g];
      if (group.pairs().empty()) continue;
      sort_columns(g);
      row_values_.assign(at(n_places_), 0.0);
      for_each_stretch(
          g, group.monomials().size(), [&](LocalSums& sums) { sums.products_from_raw(raw.data(), local_); },
          [&](const Stretch& s) {
            for (const RowGroup::Cluster& cluster : group.gram_clusters()) {
              weigh_products(cluster.factors, nullptr, s);
              combine(cluster, static_cast<Index>(design_.products().size()), s);
            }
          },
          [](LocalSums&) {});
      add_in_order(g, out);
    }
  }

  /// The rows of Z in natural coordinates, formed: for checks and for sums over few rows.
  void natural_rows(Eigen::Ref<MatrixXd> z) {
    z.setZero();
    for (std::size_t g = 0; g < grouped_.groups().size(); ++g) {
      const RowGroup& group = grouped_.groups()[g];
      const std::vector<std::uint16_t>& place = grouped_.order(block_, g).place;
      sort_columns(g);
      std::vector<Index> row_at(at(n_places_), -1);
      for (std::size_t i = 0; i < place.size(); ++i) row_at[place[i]] = static_cast<Index>(i);
      for_each_stretch(
          g, group.n_effect_monomials(), [](LocalSums&) {},
          [&](const Stretch& s) {
            for (const RowGroup::Effect& effect : group.effects()) {
              add_natural_columns(group, effect, s, row_at, z);
            }
          },
          [](LocalSums&) {});
    }
  }

 private:
  /// Places of one run, whole lanes.
  struct Stretch {
    const Run* run;
    Index from, size;
  };

  static std::size_t at(Index i) { return static_cast<std::size_t>(i); }

  /// before(sums) and after(sums) for every run of a group, visit(stretch) for its rows in stretches that fit
  /// the innermost cache, with the monomials of each stretch at hand.
  template <class Before, class Visit, class After>
  void for_each_stretch(std::size_t g, Index n_monomials, const Before& before, const Visit& visit,
                        const After& after) {
    const RowGroup& group = grouped_.groups()[g];
    const Index longest = prepare(n_monomials);
    for (const Run& run : grouped_.order(block_, g).runs) {
      LocalSums sums(design_, group, run, scratch_);
      before(sums);
      for (Index done = 0; done < run.padded(); done += longest) {
        const Stretch s{&run, run.start + done, std::min(longest, run.padded() - done)};
        raise_monomials(group.monomials(), n_monomials, s);
        visit(s);
      }
      after(sums);
    }
  }

  /// Predictors and coordinates of all rows of the block, sorted for a group. Columns are read in the order
  /// of memory and written to the ends of a few dozen runs, which stay in cache.
  void sort_columns(std::size_t g) {
    if (sorted_group_ == g) return;
    sorted_group_ = g;
    const RowGroup& group = grouped_.groups()[g];
    const BlockOrder& order = grouped_.order(block_, g);
    n_places_ = order.n_places;
    const Index p = design_.n_predictors();
    const Index d = static_cast<Index>(group.coordinates().size());
    predictors_.resize(at(p * n_places_));
    coordinates_.resize(at(d * n_places_));
    for (Index j = 0; j < p; ++j) sort(x_.col(j).data() + first_, g, predictors_.data() + j * n_places_);
    MatrixXd whole;
    for (Index k = 0; k < d; ++k) {
      const RowGroup::Coordinate& c = group.coordinates()[at(k)];
      const ContextBasis& basis = *design_.bases()[at(c.basis)];
      double* t = coordinates_.data() + k * n_places_;
      if (basis.reads_whole_rows()) {
        if (c.which == 0) whole = basis.coordinates_of_rows(contexts_, first_, count_);
        sort(whole.col(c.which).data(), g, t);
        continue;
      }
      sort(contexts_.col(basis.context_of(c.which)).data() + first_, g, t);
      for (const Run& run : order.runs) {
        basis.to_coordinate(c.which, group.piece_of(c.basis, run.pieces), run.count, t + run.start);
      }
    }
  }

  /// Puts a column of the data in the order of a group, with zeros in the padding.
  void sort(const double* from, std::size_t g, double* to) const {
    const BlockOrder& order = grouped_.order(block_, g);
    for (const Run& run : order.runs)
      std::fill(to + run.start + run.count, to + run.start + run.padded(), 0.0);
    const std::uint16_t* place = order.place.data();
    for (Index i = 0; i < count_; ++i) to[place[i]] = from[i];
  }

  void sort(const double* from, std::size_t g, std::vector<double>& to) const {
    to.resize(at(n_places_));
    sort(from, g, to.data());
  }

  /// to += the row values, in the order of the data.
  void add_in_order(std::size_t g, double* to) const {
    const std::uint16_t* place = grouped_.order(block_, g).place.data();
    for (Index i = 0; i < count_; ++i) to[i] += row_values_[place[i]];
  }

  /// Makes room for stretches and says how long they may be.
  Index prepare(Index n_monomials) {
    const Index n_factors = static_cast<Index>(design_.products().size()) + design_.n_predictors();
    const Index longest =
        std::clamp<Index>((Index{1} << 16) / (n_monomials + n_factors) / kLanes * kLanes, 32, 256);
    monomials_.resize(at(n_monomials * longest));
    factors_.resize(at(n_factors * longest));
    return longest;
  }

  void raise_monomials(const MonomialTable& table, Index n_monomials, const Stretch& s) {
    std::fill_n(monomials_.data(), s.size, 1.0);
    for (Index m = 1; m < n_monomials; ++m) {
      const double* parent = monomials_.data() + table.parent(m) * s.size;
      const double* t = coordinates_.data() + table.coordinate(m) * n_places_ + s.from;
      double* to = monomials_.data() + m * s.size;
      for (Index r = 0; r < s.size; ++r) to[r] = parent[r] * t[r];
    }
  }

  const double* predictor(Index j, const Stretch& s) const {
    return predictors_.data() + j * n_places_ + s.from;
  }

  void point_to_predictors(const std::vector<Index>& which, const Stretch& s) {
    factor_pointers_.clear();
    for (const Index j : which) factor_pointers_.push_back(predictor(j, s));
  }

  /// Predictors times weights.
  void weigh_predictors(const std::vector<Index>& which, const double* weights, const Stretch& s) {
    factor_pointers_.clear();
    double* to = factors_.data();
    for (const Index j : which) {
      multiply(predictor(j, s), weights, s.size, to);
      factor_pointers_.push_back(to);
      to += s.size;
    }
  }

  /// Products of two predictors, times weights if there are any.
  void weigh_products(const std::vector<Index>& which, const double* weights, const Stretch& s) {
    factor_pointers_.clear();
    double* to = factors_.data();
    double* weighted = to + static_cast<Index>(which.size()) * s.size;
    Index weighted_predictor = -1;
    for (const Index product : which) {
      const auto& [i, j] = design_.products()[at(product)];
      if (weights != nullptr && i != weighted_predictor) multiply(predictor(i, s), weights, s.size, weighted);
      weighted_predictor = i;
      multiply(weights != nullptr ? weighted : predictor(i, s), predictor(j, s), s.size, to);
      factor_pointers_.push_back(to);
      to += s.size;
    }
  }

  static void multiply(const double* a, const double* b, Index n, double* out) {
    for (Index r = 0; r < n; ++r) out[r] = a[r] * b[r];
  }

  void point_to_monomials(const RowGroup::Cluster& cluster, const Stretch& s) {
    monomial_pointers_.clear();
    for (const Index m : cluster.monomials) monomial_pointers_.push_back(monomials_.data() + m * s.size);
  }

  /// local[m][f] += sum over rows of monomial m times factor f.
  void sum(const RowGroup::Cluster& cluster, Index stride, const Stretch& s) {
    point_to_monomials(cluster, s);
    const Index n_factors = static_cast<Index>(cluster.factors.size());
    const Index n_monomials = static_cast<Index>(cluster.monomials.size());
    block_sums_.assign(at(n_factors * n_monomials), 0.0);
    add_dot_products(factor_pointers_.data(), n_factors, monomial_pointers_.data(), n_monomials, s.size,
                     block_sums_.data(), 1, n_factors);
    for (Index m = 0; m < n_monomials; ++m) {
      double* to = local_.data() + cluster.monomials[at(m)] * stride;
      const double* from = block_sums_.data() + m * n_factors;
      for (Index f = 0; f < n_factors; ++f) to[cluster.factors[at(f)]] += from[f];
    }
  }

  /// row_values += sum over f and m of local[m][f] monomial m times factor f.
  void combine(const RowGroup::Cluster& cluster, Index stride, const Stretch& s) {
    point_to_monomials(cluster, s);
    const Index n_factors = static_cast<Index>(cluster.factors.size());
    block_sums_.resize(at(n_factors * static_cast<Index>(cluster.monomials.size())));
    coefficient_pointers_.clear();
    for (std::size_t m = 0; m < cluster.monomials.size(); ++m) {
      double* to = block_sums_.data() + static_cast<Index>(m) * n_factors;
      const double* from = local_.data() + cluster.monomials[m] * stride;
      for (Index f = 0; f < n_factors; ++f) to[f] = from[cluster.factors[at(f)]];
      coefficient_pointers_.push_back(to);
    }
    add_combination(monomial_pointers_.data(), static_cast<Index>(monomial_pointers_.size()),
                    factor_pointers_.data(), n_factors, coefficient_pointers_.data(), s.size,
                    row_values_.data() + s.from);
  }

  void add_natural_columns(const RowGroup& group, const RowGroup::Effect& effect, const Stretch& s,
                           const std::vector<Index>& row_at, Eigen::Ref<MatrixXd> z) const {
    const ContextBasis::Piece& piece =
        design_.bases()[at(effect.basis)]->piece(group.piece_of(effect.basis, s.run->pieces));
    for (const Block& block : design_.blocks()) {
      if (block.basis != effect.basis) continue;
      MatrixXd living(static_cast<Index>(piece.columns.size()), block.transform.cols());
      for (std::size_t l = 0; l < piece.columns.size(); ++l) {
        living.row(static_cast<Index>(l)) = block.transform.row(piece.columns[l]);
      }
      const MatrixXd polynomials = piece.polynomials * living;  // (monomials, coefficients of the block)
      for (Index i = 0; i < s.size; ++i) {
        const Index row = row_at[at(s.from + i)];
        if (row < 0) continue;
        const double x = predictor(block.predictor, s)[i];
        for (std::size_t m = 0; m < effect.monomials.size(); ++m) {
          const double value = x * monomials_[at(effect.monomials[m] * s.size + i)];
          z.row(row).segment(block.start, polynomials.cols()) +=
              value * polynomials.row(static_cast<Index>(m));
        }
      }
    }
  }

  const KhatriRaoDesign& design_;
  const ConstMatrix x_;
  const ConstMatrix contexts_;
  const GroupedRows& grouped_;
  Index block_ = 0, first_ = 0, count_ = 0;
  std::size_t sorted_group_ = 0;
  Index n_places_ = 0;               // rows of the block and padding
  std::vector<double> predictors_;   // [predictor][place]
  std::vector<double> coordinates_;  // [coordinate][place]
  std::vector<double> row_values_;   // [place]
  std::vector<double> weights_;      // [place]
  std::vector<double> monomials_;    // [monomial][row of the stretch]
  std::vector<double> factors_;      // [factor][row of the stretch]
  std::vector<double> local_;        // [monomial][factor]
  std::vector<std::vector<double>> locals_;
  std::vector<double> block_sums_, scratch_;
  std::vector<const double*> factor_pointers_, monomial_pointers_, coefficient_pointers_;
};

}  // namespace contextstats
