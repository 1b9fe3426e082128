#pragma once

#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "contextstats/types.hpp"

namespace contextstats {

/// A basis b(c) of functions of context that is local: in each row only `width()` of its `n_columns()`
/// functions can differ from zero, and which ones they are depends on the row's cell alone.
///
/// `evaluate` writes for rows first .. first + count the cell of each row and, column by column with leading
/// dimension `count`, the `width()` values; local value l of a row in cell z belongs to raw column `column(z,
/// l)`.
class ContextBasis {
 public:
  virtual ~ContextBasis() = default;
  virtual Index n_columns() const = 0;
  virtual Index width() const = 0;
  virtual Index n_cells() const = 0;
  virtual Index column(Index cell, Index local) const = 0;
  virtual void evaluate(ConstMatrix contexts, Index first, Index count, Index* cells,
                        double* values) const = 0;
};

/// [1,] (c_1 - center_1) / scale_1, ...: every function is non-zero everywhere; one cell.
class DenseBasis final : public ContextBasis {
 public:
  DenseBasis(bool intercept, std::vector<Index> columns, VectorXd centers, VectorXd scales)
      : intercept_(intercept),
        columns_(std::move(columns)),
        centers_(std::move(centers)),
        scales_(std::move(scales)) {
    const Index d = static_cast<Index>(columns_.size());
    if (centers_.size() != d || scales_.size() != d) {
      throw std::invalid_argument("A dense basis needs one center and one scale for each of its contexts.");
    }
  }

  Index n_columns() const override { return static_cast<Index>(columns_.size()) + (intercept_ ? 1 : 0); }
  Index width() const override { return n_columns(); }
  Index n_cells() const override { return 1; }
  Index column(Index, Index local) const override { return local; }

  void evaluate(ConstMatrix contexts, Index first, Index count, Index* cells, double* values) const override {
    std::fill(cells, cells + count, Index{0});
    if (intercept_) {
      std::fill(values, values + count, 1.0);
      values += count;
    }
    for (std::size_t k = 0; k < columns_.size(); ++k, values += count) {
      const double* c = contexts.col(columns_[k]).data() + first;
      const double center = centers_[static_cast<Index>(k)];
      const double scale = 1.0 / scales_[static_cast<Index>(k)];
      for (Index i = 0; i < count; ++i) values[i] = (c[i] - center) * scale;
    }
  }

 private:
  bool intercept_;
  std::vector<Index> columns_;
  VectorXd centers_;
  VectorXd scales_;
};

/// Indicators of the levels 0 .. n_levels - 1 of a coded factor. A code outside gives a row of zeros.
class FactorBasis final : public ContextBasis {
 public:
  FactorBasis(Index column, Index n_levels) : context_(column), n_levels_(n_levels) {}

  Index n_columns() const override { return n_levels_; }
  Index width() const override { return 1; }
  Index n_cells() const override { return n_levels_; }
  Index column(Index cell, Index) const override { return cell; }

  void evaluate(ConstMatrix contexts, Index first, Index count, Index* cells, double* values) const override {
    const double* codes = contexts.col(context_).data() + first;
    for (Index i = 0; i < count; ++i) {
      const bool known = codes[i] >= 0.0 && codes[i] < static_cast<double>(n_levels_);
      cells[i] = known ? static_cast<Index>(codes[i]) : 0;
      values[i] = known ? 1.0 : 0.0;
    }
  }

 private:
  Index context_;
  Index n_levels_;
};

/// Products of the functions of two bases; raw column i * n_b + j is a_i(c) b_j(c).
class TensorBasis final : public ContextBasis {
 public:
  TensorBasis(std::shared_ptr<const ContextBasis> a, std::shared_ptr<const ContextBasis> b)
      : a_(std::move(a)), b_(std::move(b)) {}

  Index n_columns() const override { return a_->n_columns() * b_->n_columns(); }
  Index width() const override { return a_->width() * b_->width(); }
  Index n_cells() const override { return a_->n_cells() * b_->n_cells(); }

  Index column(Index cell, Index local) const override {
    const Index in_a = a_->column(cell / b_->n_cells(), local / b_->width());
    const Index in_b = b_->column(cell % b_->n_cells(), local % b_->width());
    return in_a * b_->n_columns() + in_b;
  }

  void evaluate(ConstMatrix contexts, Index first, Index count, Index* cells, double* values) const override {
    std::vector<Index> cells_b(static_cast<std::size_t>(count));
    std::vector<double> values_a(static_cast<std::size_t>(count * a_->width()));
    std::vector<double> values_b(static_cast<std::size_t>(count * b_->width()));
    a_->evaluate(contexts, first, count, cells, values_a.data());
    b_->evaluate(contexts, first, count, cells_b.data(), values_b.data());
    for (Index i = 0; i < count; ++i)
      cells[i] = cells[i] * b_->n_cells() + cells_b[static_cast<std::size_t>(i)];
    for (Index la = 0; la < a_->width(); ++la) {
      for (Index lb = 0; lb < b_->width(); ++lb, values += count) {
        const double* va = values_a.data() + la * count;
        const double* vb = values_b.data() + lb * count;
        for (Index i = 0; i < count; ++i) values[i] = va[i] * vb[i];
      }
    }
  }

 private:
  std::shared_ptr<const ContextBasis> a_;
  std::shared_ptr<const ContextBasis> b_;
};

}  // namespace contextstats
