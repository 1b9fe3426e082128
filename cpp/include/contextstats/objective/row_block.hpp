#pragma once

#include <algorithm>
#include <numeric>
#include <vector>

#include "contextstats/objective/local_sums.hpp"
#include "contextstats/objective/stretch_sums.hpp"

namespace contextstats {

/// A block of rows in cache, and the four sums that models are made of. Arrays of one number a row are in the
/// order of the data.
class RowBlock {
 public:
  RowBlock(const KhatriRaoDesign& design, const Columns& x, const Columns& contexts,
           const GroupedRows& grouped)
      : design_(design), grouped_(grouped), rows_(design, x, contexts, grouped), sums_(design, rows_) {}

  // stretches refer to the rows of this block
  RowBlock(const RowBlock&) = delete;
  RowBlock& operator=(const RowBlock&) = delete;

  void load(Index block) { rows_.load(block); }

  Index first() const { return rows_.first(); }
  Index count() const { return rows_.count(); }

  /// out = Z theta, theta given by its raw coefficients.
  void linear_predictor(const VectorXd& raw, double* out) {
    std::fill(out, out + count(), 0.0);
    for (std::size_t g = 0; g < grouped_.groups().size(); ++g) {
      const RowGroup& group = grouped_.groups()[g];
      if (group.effects().empty()) continue;
      rows_.sort_for(g);
      row_values_.assign(at(rows_.n_places()), 0.0);
      for_each_stretch(
          group, group.n_effect_monomials(), [&](LocalSums& local) { local.effects_from_raw(raw, local_); },
          [&](const Stretch& s) {
            sums_.raise_monomials(group.monomials(), group.n_effect_monomials(), s);
            for (const RowGroup::Cluster& cluster : group.effect_clusters()) {
              sums_.take_predictors(cluster.factors);
              sums_.combine(cluster, design_.n_predictors(), s, local_.data(), row_values_.data());
            }
          },
          [](LocalSums&) {});
      rows_.add_in_order(row_values_.data(), out);
    }
  }

  /// raw += raw form of Z'v.
  void add_gradient(const double* v, VectorXd& raw) {
    for (std::size_t g = 0; g < grouped_.groups().size(); ++g) {
      const RowGroup& group = grouped_.groups()[g];
      if (group.effects().empty()) continue;
      const std::size_t size = at(group.n_effect_monomials() * design_.n_predictors());
      rows_.sort_for(g);
      weights_.resize(at(rows_.n_places()));
      rows_.sort(v, weights_.data());
      for_each_stretch(
          group, group.n_effect_monomials(), [&](LocalSums&) { local_.assign(size, 0.0); },
          [&](const Stretch& s) {
            sums_.raise_monomials(group.monomials(), group.n_effect_monomials(), s, weights_.data() + s.from);
            for (const RowGroup::Cluster& cluster : group.effect_clusters()) {
              sums_.take_predictors(cluster.factors);
              sums_.sum(cluster, design_.n_predictors(), s, local_.data());
            }
          },
          [&](LocalSums& local) { local.effects_to_raw(local_, raw); });
    }
  }

  /// Column k of raw += raw form of Z' diag(w_k) Z, for the columns w_k of `weights`.
  template <class Weights>
  void add_grams(const Weights& weights, Eigen::Ref<MatrixXd> raw) {
    for (std::size_t g = 0; g < grouped_.groups().size(); ++g) {
      const RowGroup& group = grouped_.groups()[g];
      if (group.pairs().empty()) continue;
      rows_.sort_for(g);
      const Index n_places = rows_.n_places(), size = group.monomials().size() * design_.product_stride();
      weights_.resize(at(n_places * weights.cols()));
      for (Index k = 0; k < weights.cols(); ++k) {
        rows_.sort(weights.col(k).data(), weights_.data() + k * n_places);
      }
      for_each_stretch(
          group, group.monomials().size(), [&](LocalSums&) { local_.assign(at(size * weights.cols()), 0.0); },
          [&](const Stretch& s) {
            for (Index k = 0; k < weights.cols(); ++k) {
              sums_.raise_monomials(group.monomials(), group.monomials().size(), s,
                                    weights_.data() + k * n_places + s.from);
              for (const RowGroup::Cluster& cluster : group.gram_clusters()) {
                sums_.take_products(cluster.factors, s);
                sums_.sum(cluster, design_.product_stride(), s, local_.data() + k * size);
              }
            }
          },
          [&](LocalSums& local) {
            for (Index k = 0; k < weights.cols(); ++k) {
              local.products_to_raw(local_.data() + k * size, raw.col(k).data());
            }
          });
    }
  }

  /// out = z_i' V z_i, V given by KhatriRaoDesign::raw_quadratic.
  void quadratic_form(const VectorXd& raw, double* out) {
    std::fill(out, out + count(), 0.0);
    for (std::size_t g = 0; g < grouped_.groups().size(); ++g) {
      const RowGroup& group = grouped_.groups()[g];
      if (group.pairs().empty()) continue;
      rows_.sort_for(g);
      row_values_.assign(at(rows_.n_places()), 0.0);
      for_each_stretch(
          group, group.monomials().size(),
          [&](LocalSums& local) { local.products_from_raw(raw.data(), local_); },
          [&](const Stretch& s) {
            sums_.raise_monomials(group.monomials(), group.monomials().size(), s);
            for (const RowGroup::Cluster& cluster : group.gram_clusters()) {
              sums_.take_products(cluster.factors, s);
              sums_.combine(cluster, design_.product_stride(), s, local_.data(), row_values_.data());
            }
          },
          [](LocalSums&) {});
      rows_.add_in_order(row_values_.data(), out);
    }
  }

  /// The rows of Z in natural coordinates, formed: for checks and for sums over few rows.
  void natural_rows(Eigen::Ref<MatrixXd> z) {
    z.setZero();
    std::vector<double> numbers(at(count()));
    std::iota(numbers.begin(), numbers.end(), 1.0);
    for (std::size_t g = 0; g < grouped_.groups().size(); ++g) {
      const RowGroup& group = grouped_.groups()[g];
      rows_.sort_for(g);
      std::vector<double> row_at(at(rows_.n_places()));  // zero in the padding
      rows_.sort(numbers.data(), row_at.data());
      for_each_stretch(
          group, group.n_effect_monomials(), [](LocalSums&) {},
          [&](const Stretch& s) {
            sums_.raise_monomials(group.monomials(), group.n_effect_monomials(), s);
            for (const RowGroup::Effect& effect : group.effects()) {
              add_natural_columns(group, effect, s, row_at, z);
            }
          },
          [](LocalSums&) {});
    }
  }

 private:
  static std::size_t at(Index i) { return static_cast<std::size_t>(i); }

  /// before(local) and after(local) for every run of a group, visit(stretch) for its rows in stretches that
  /// fit the innermost cache, with the columns of each stretch at hand.
  template <class Before, class Visit, class After>
  void for_each_stretch(const RowGroup& group, Index n_monomials, const Before& before, const Visit& visit,
                        const After& after) {
    const Index longest = sums_.prepare(n_monomials);
    for (const Run& run : rows_.order().runs) {
      LocalSums local(design_, group, run, scratch_);
      before(local);
      for (Index done = 0; done < run.padded(); done += longest) {
        const Stretch s{&run, run.start + done, std::min(longest, run.padded() - done)};
        sums_.take(s);
        visit(s);
      }
      after(local);
    }
  }

  void add_natural_columns(const RowGroup& group, const RowGroup::Effect& effect, const Stretch& s,
                           const std::vector<double>& row_at, Eigen::Ref<MatrixXd> z) const {
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
        const Index row = static_cast<Index>(row_at[at(s.from + i)]) - 1;
        if (row < 0) continue;
        const double x = sums_.predictor(block.predictor)[i];
        for (std::size_t m = 0; m < effect.monomials.size(); ++m) {
          const double value = x * sums_.monomial(effect.monomials[m])[i];
          z.row(row).segment(block.start, polynomials.cols()) +=
              value * polynomials.row(static_cast<Index>(m));
        }
      }
    }
  }

  const KhatriRaoDesign& design_;
  const GroupedRows& grouped_;
  SortedRows rows_;
  StretchSums sums_;
  LocalSums::Scratch scratch_;
  std::vector<double> row_values_;  // [place]
  std::vector<double> weights_;     // [weights][place]
  std::vector<double> local_;       // [monomial][factor] of a run
};

}  // namespace contextstats
