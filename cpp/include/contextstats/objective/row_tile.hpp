#pragma once

#include <algorithm>
#include <type_traits>
#include <vector>

#include "contextstats/objective/khatri_rao_design.hpp"

namespace contextstats {

/// A few hundred rows of the design, held in cache as predictors (row by row) and local basis values, and the
/// four sums that models are made of. Every method costs what the non-zeros of the rows cost.
class RowTile {
 public:
  explicit RowTile(const KhatriRaoDesign& design) : design_(design) {
    const Index n_products = static_cast<Index>(design.products().size());
    capacity_ = std::clamp<Index>(Index{1 << 15} / std::max<Index>(n_products, 1), 16, 256);
    stride_x_ = design.n_predictors();
    stride_xx_ = (n_products + 3) / 4 * 4;
    x_rows_.resize(at(capacity_ * stride_x_));
    xx_rows_.assign(at(capacity_ * stride_xx_), 0.0);
    for (const auto& basis : design.bases()) {
      cells_.emplace_back(at(capacity_));
      values_.emplace_back(at(capacity_ * basis->width()));
      const Index k = static_cast<Index>(coefficient_starts_.size());
      const Index n_users = static_cast<Index>(design.users(k).size());
      coefficient_starts_.emplace_back();
      for (Index cell = 0; cell < basis->n_cells(); ++cell) {
        for (Index l = 0; l < basis->width(); ++l) {
          coefficient_starts_.back().push_back(design.raw_offset(k) + basis->column(cell, l) * n_users);
        }
      }
    }
  }

  Index capacity() const { return capacity_; }
  Index count() const { return count_; }

  void load(ConstMatrix x, ConstMatrix contexts, Index first, Index count) {
    count_ = count;
    for (Index j = 0; j < stride_x_; ++j) {
      const double* column = x.col(j).data() + first;
      for (Index r = 0; r < count; ++r) x_rows_[at(r * stride_x_ + j)] = column[r];
    }
    for (std::size_t k = 0; k < cells_.size(); ++k) {
      design_.bases()[k]->evaluate(contexts, first, count, cells_[k].data(), values_[k].data());
    }
  }

  /// out = Z theta, theta given by its raw coefficients.
  void linear_predictor(const VectorXd& raw, double* out) const {
    std::fill(out, out + count_, 0.0);
    for (std::size_t k = 0; k < cells_.size(); ++k) {
      for_each_value(
          k, [&](Index r, double value, Index start, const double* x, const Index* users, Index n_users) {
            const double* row = raw.data() + start;
            double sum = 0.0;
            if (users == nullptr) {
              for (Index u = 0; u < n_users; ++u) sum += row[u] * x[u];
            } else {
              for (Index u = 0; u < n_users; ++u) sum += row[u] * x[users[u]];
            }
            out[r] += value * sum;
          });
    }
  }

  /// raw += raw form of Z'v.
  void add_gradient(const double* v, VectorXd& raw) const {
    for (std::size_t k = 0; k < cells_.size(); ++k) {
      for_each_value(
          k, [&](Index r, double value, Index start, const double* x, const Index* users, Index n_users) {
            double* row = raw.data() + start;
            const double scale = value * v[r];
            if (users == nullptr) {
              for (Index u = 0; u < n_users; ++u) row[u] += scale * x[u];
            } else {
              for (Index u = 0; u < n_users; ++u) row[u] += scale * x[users[u]];
            }
          });
    }
  }

  /// raw += raw form of Z' diag(w) Z.
  void add_gram(const double* w, Eigen::Ref<VectorXd> raw) {
    multiply_predictors(w);
    for (const BasisPair& pair : design_.pairs()) add_pair(pair, raw);
  }

  /// out = z_i' V z_i, V given by KhatriRaoDesign::raw_quadratic.
  void quadratic_form(const VectorXd& raw, double* out) {
    multiply_predictors(nullptr);
    std::fill(out, out + count_, 0.0);
    for (const BasisPair& pair : design_.pairs()) {
      visit_pair(pair, [&](auto stride, Index r, const double* xx, const LocalPair& local) {
        out[r] += local.template contract<stride()>(raw.data(), xx);
      });
    }
  }

  /// The rows of Z in natural coordinates, formed: for small problems and for checks.
  void natural_rows(Eigen::Ref<MatrixXd> z) const {
    for (const Block& block : design_.blocks()) {
      const ContextBasis& basis = *design_.bases()[at(block.basis)];
      const Index m = block.transform.cols();
      z.middleCols(block.start, m).setZero();
      for (Index r = 0; r < count_; ++r) {
        const double x = x_rows_[at(r * stride_x_ + block.predictor)];
        for (Index l = 0; l < basis.width(); ++l) {
          const double value = x * values_[at(block.basis)][at(l * count_ + r)];
          const Index column = basis.column(cells_[at(block.basis)][at(r)], l);
          z.row(r).segment(block.start, m) += value * block.transform.row(column);
        }
      }
    }
  }

 private:
  static std::size_t at(Index i) { return static_cast<std::size_t>(i); }

  /// visit(row, value, start of the raw coefficients it multiplies, predictors of the row, users, number of
  /// users) for every non-zero of a basis; users is null where the basis is used by all predictors in order.
  template <class Visit>
  void for_each_value(std::size_t k, const Visit& visit) const {
    const Index width = design_.bases()[k]->width();
    const std::vector<Index>& users = design_.users(static_cast<Index>(k));
    const Index n_users = static_cast<Index>(users.size());
    const Index* listed = n_users == stride_x_ ? nullptr : users.data();
    for (Index l = 0; l < width; ++l) {
      const double* value = values_[k].data() + l * count_;
      const Index* starts = coefficient_starts_[k].data() + l;
      for (Index r = 0; r < count_; ++r) {
        visit(r, value[r], starts[cells_[k][at(r)] * width], x_rows_.data() + r * stride_x_, listed, n_users);
      }
    }
  }

  /// Row by row, every distinct product of two predictors, times the row's weight.
  void multiply_predictors(const double* w) {
    const auto& products = design_.products();
    const std::size_t n_products = products.size();
    for (std::size_t q = 0; q < n_products; ++q) {
      const double* left = x_rows_.data() + products[q].first;
      const double* right = x_rows_.data() + products[q].second;
      double* out = xx_rows_.data() + q;
      if (w == nullptr) {
        for (Index r = 0; r < count_; ++r) out[r * stride_xx_] = left[r * stride_x_] * right[r * stride_x_];
      } else {
        for (Index r = 0; r < count_; ++r)
          out[r * stride_xx_] = w[r] * left[r * stride_x_] * right[r * stride_x_];
      }
    }
  }

  void add_pair(const BasisPair& pair, Eigen::Ref<VectorXd> raw) {
    const ContextBasis& first = *design_.bases()[at(pair.first)];
    if (pair.symmetric() && first.n_cells() == 1 && first.width() >= 3 && uses_all_products(pair)) {
      return add_dense_pair(pair, first, raw);
    }
    visit_pair(pair, [&](auto stride, Index, const double* xx, const LocalPair& local) {
      local.template spread<stride()>(xx, raw.data());
    });
  }

  /// One row's non-zero products of two bases: value left[a] right[b], whose sums over rows start at
  /// row_start[a] + column_start[b]. Stride is the number of predictor products, 0 if not known when
  /// compiled.
  struct LocalPair {
    Index n_left, n_right, n_products;
    bool symmetric;
    const double* left;
    const double* right;
    const Index* row_start;
    const Index* column_start;

    template <int Stride>
    using Products = Eigen::Array<double, Stride == 0 ? Eigen::Dynamic : Stride, 1>;

    template <int Stride>
    void spread(const double* xx, double* sums) const {
      const Eigen::Map<const Products<Stride>> products(xx, n_products);
      for (Index a = 0; a < n_left; ++a) {
        double* row = sums + row_start[a];
        for (Index b = symmetric ? a : 0; b < n_right; ++b) {
          Eigen::Map<Products<Stride>>(row + column_start[b], n_products) += left[a] * right[b] * products;
        }
      }
    }

    template <int Stride>
    double contract(const double* v, const double* xx) const {
      Products<Stride> sum = Products<Stride>::Zero(n_products);
      for (Index a = 0; a < n_left; ++a) {
        const double* row = v + row_start[a];
        for (Index b = symmetric ? a : 0; b < n_right; ++b) {
          sum += left[a] * right[b] * Eigen::Map<const Products<Stride>>(row + column_start[b], n_products);
        }
      }
      return (sum * Eigen::Map<const Products<Stride>>(xx, n_products)).sum();
    }
  };

  /// A basis that is non-zero everywhere: one matrix product of (predictor products) x (basis products) a
  /// tile.
  void add_dense_pair(const BasisPair& pair, const ContextBasis& basis, Eigen::Ref<VectorXd> raw) {
    const Index width = basis.width();
    const double* values = values_[at(pair.first)].data();
    basis_products_.resize(count_, width * (width + 1) / 2);
    Index column = 0;
    for (Index a = 0; a < width; ++a) {
      const Eigen::Map<const Eigen::ArrayXd> va(values + a * count_, count_);
      for (Index b = a; b < width; ++b, ++column) {
        basis_products_.col(column).array() =
            va * Eigen::Map<const Eigen::ArrayXd>(values + b * count_, count_);
      }
    }
    const Eigen::Map<const MatrixXd> xx(xx_rows_.data(), stride_xx_, count_);
    Eigen::Map<MatrixXd> sums(raw.data() + pair.offset, pair.stride, column);
    sums.noalias() += xx * basis_products_;
  }

  bool uses_all_products(const BasisPair& pair) const {
    return pair.products.size() == design_.products().size();
  }

  /// visit(stride, row, products of predictors, LocalPair) for every row of the tile.
  template <class Visit>
  void visit_pair(const BasisPair& pair, const Visit& visit) {
    switch (pair.stride) {
      case 4:
        return visit_rows(pair, std::integral_constant<int, 4>(), visit);
      case 8:
        return visit_rows(pair, std::integral_constant<int, 8>(), visit);
      case 12:
        return visit_rows(pair, std::integral_constant<int, 12>(), visit);
      case 16:
        return visit_rows(pair, std::integral_constant<int, 16>(), visit);
      default:
        return visit_rows(pair, std::integral_constant<int, 0>(), visit);
    }
  }

  template <class Stride, class Visit>
  void visit_rows(const BasisPair& pair, Stride stride, const Visit& visit) {
    const ContextBasis& first = *design_.bases()[at(pair.first)];
    const ContextBasis& second = *design_.bases()[at(pair.second)];
    const Index w1 = first.width();
    const Index w2 = second.width();
    const double* v1 = values_[at(pair.first)].data();
    const double* v2 = values_[at(pair.second)].data();
    const bool all = uses_all_products(pair);
    place_columns(pair, first, second);
    std::vector<double> left(at(w1)), right(at(w2)), gathered(at(pair.stride), 0.0);
    for (Index r = 0; r < count_; ++r) {
      const double* xx = xx_rows_.data() + r * stride_xx_;
      if (!all) {
        for (std::size_t q = 0; q < pair.products.size(); ++q) gathered[q] = xx[pair.products[q]];
        xx = gathered.data();
      }
      for (Index l = 0; l < w1; ++l) left[at(l)] = v1[l * count_ + r];
      for (Index l = 0; l < w2; ++l) right[at(l)] = v2[l * count_ + r];
      const LocalPair local{w1,
                            w2,
                            pair.stride,
                            pair.symmetric(),
                            left.data(),
                            right.data(),
                            row_starts_.data() + cells_[at(pair.first)][at(r)] * w1,
                            column_starts_.data() + cells_[at(pair.second)][at(r)] * w2};
      visit(stride, r, xx, local);
    }
  }

  /// Where the sums of each local column of each cell start: position(c1, c2) = row_start(c1) + c2 * stride.
  void place_columns(const BasisPair& pair, const ContextBasis& first, const ContextBasis& second) {
    row_starts_.resize(at(first.n_cells() * first.width()));
    column_starts_.resize(at(second.n_cells() * second.width()));
    for (Index cell = 0; cell < first.n_cells(); ++cell) {
      for (Index l = 0; l < first.width(); ++l) {
        row_starts_[at(cell * first.width() + l)] = pair.position(first.column(cell, l), 0);
      }
    }
    for (Index cell = 0; cell < second.n_cells(); ++cell) {
      for (Index l = 0; l < second.width(); ++l) {
        column_starts_[at(cell * second.width() + l)] = second.column(cell, l) * pair.stride;
      }
    }
  }

  const KhatriRaoDesign& design_;
  Index capacity_ = 0;
  Index count_ = 0;
  Index stride_x_ = 0;
  Index stride_xx_ = 0;
  std::vector<double> x_rows_;                          // [row][predictor]
  std::vector<double> xx_rows_;                         // [row][product]
  std::vector<std::vector<Index>> cells_;               // [basis][row]
  std::vector<std::vector<double>> values_;             // [basis][local][row]
  std::vector<std::vector<Index>> coefficient_starts_;  // [basis][cell][local]
  std::vector<Index> row_starts_;                       // [cell][local] of the pair at hand
  std::vector<Index> column_starts_;
  MatrixXd basis_products_;
};

}  // namespace contextstats
