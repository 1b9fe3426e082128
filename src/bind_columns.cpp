// Columns of data on their way into a design.

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "contextstats/objective/column_passes.hpp"
#include "hooks.hpp"

namespace py = pybind11;
using namespace contextstats;

namespace {

using Floats = py::array_t<double>;

Column column_of(const Floats& array, Index n) {
  if (array.ndim() != 1 || (array.shape(0) != n && array.shape(0) != 1)) {
    throw std::invalid_argument("A column must have one value for each row, or one for all of them.");
  }
  const auto bytes = static_cast<Index>(sizeof(double));
  if (array.strides(0) % bytes != 0)
    throw std::invalid_argument("A column must be a row of doubles in memory.");
  return {array.data(), array.shape(0) == n ? array.strides(0) / bytes : 0};
}

}  // namespace

void bind_columns(py::module_& m) {
  m.def(
      "lay_out",
      [](const std::vector<Floats>& columns, Index n, int threads) {
        py::array_t<double, py::array::f_style> out({n, static_cast<Index>(columns.size())});
        std::vector<Column> from;
        for (const Floats& column : columns) from.push_back(column_of(column, n));
        double* to = out.mutable_data();
        without_gil([&] {
          lay_out(from, n, to, {threads, nullptr});
          return 0;
        });
        return out;
      },
      py::arg("columns"), py::arg("n"), py::arg("threads"),
      "A matrix of columns, each of n values or of one that stands for all rows.");
  m.def(
      "column_range",
      [](const Floats& values, int threads) {
        const Column column = column_of(values, values.size());
        const Range range = without_gil([&] { return range_of(column, values.size(), {threads, nullptr}); });
        return py::make_tuple(range.low, range.high);
      },
      py::arg("values").noconvert(), py::arg("threads"),
      "The lowest and the highest value; NaN if any value is.");
}
