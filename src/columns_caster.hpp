#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <vector>

#include "contextstats/columns.hpp"

/// Columns from Python: an array of two dimensions whose columns have no gaps, or an object with `parts`,
/// arrays of one dimension, and `n`, their length; all float64. Nothing is copied.
namespace pybind11::detail {

template <>
struct type_caster<contextstats::Columns> {
  PYBIND11_TYPE_CASTER(contextstats::Columns, const_name("Columns"));

  bool load(handle source, bool) {
    if (isinstance<array>(source)) return load_matrix(source);
    return hasattr(source, "parts") && load_parts(source.attr("parts"), source.attr("n").cast<ssize_t>());
  }

 private:
  using Floats = array_t<double>;
  static constexpr ssize_t kBytes = sizeof(double);

  static bool without_gaps(const Floats& values) {
    return values.size() == 0 || values.shape(0) == 1 || values.strides(0) == kBytes;
  }

  bool load_matrix(handle source) {
    if (!Floats::check_(source)) return false;
    const auto matrix = reinterpret_borrow<Floats>(source);
    if (matrix.ndim() != 2 || !without_gaps(matrix)) return false;
    std::vector<const double*> columns;
    for (ssize_t k = 0; k < matrix.shape(1); ++k)
      columns.push_back(matrix.data(0, 0) + k * matrix.strides(1) / kBytes);
    value = contextstats::Columns(std::move(columns), matrix.shape(0));
    return true;
  }

  bool load_parts(const tuple& parts, ssize_t rows) {
    std::vector<const double*> columns;
    for (const handle item : parts) {
      if (!Floats::check_(item)) return false;
      const auto column = reinterpret_borrow<Floats>(item);
      if (column.ndim() != 1 || column.shape(0) != rows || !without_gaps(column)) return false;
      columns.push_back(column.data());
    }
    value = contextstats::Columns(std::move(columns), rows);
    return true;
  }
};

}  // namespace pybind11::detail
