#pragma once

#include <pybind11/pybind11.h>

#include <chrono>

#include "contextstats/interrupt.hpp"

namespace contextstats {

namespace py = pybind11;

/// Asks Python for pending signals (Ctrl-C) at most twenty times a second.
class SignalWatch {
 public:
  bool operator()() {
    const auto now = std::chrono::steady_clock::now();
    if (now - last_ < std::chrono::milliseconds(50)) return false;
    last_ = now;
    const py::gil_scoped_acquire gil;
    return PyErr_CheckSignals() != 0;
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

inline Hooks make_hooks(const py::object& progress) {
  Hooks hooks;
  hooks.stop_requested = SignalWatch();
  if (!progress.is_none()) {
    hooks.progress = [progress](int iteration, double objective, double gradient) {
      const py::gil_scoped_acquire gil;
      progress(iteration, objective, gradient);
    };
  }
  return hooks;
}

/// Runs work without the GIL; an interrupted fit raises what the signal handler raised.
template <class Work>
auto without_gil(const Work& work) {
  try {
    const py::gil_scoped_release release;
    return work();
  } catch (const Interrupted&) {
    throw py::error_already_set();
  }
}

}  // namespace contextstats
