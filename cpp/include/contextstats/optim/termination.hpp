#pragma once

namespace contextstats {

/// Every way an optimizer can stop.
enum class Termination {
  not_run,
  gradient_small,       // scaled max |gradient| <= gradient_tolerance
  objective_flat,       // relative decrease <= objective_tolerance, or none left above rounding error
  iteration_limit,      // stopped before either test passed
  interrupted,          // the caller asked to stop
  line_search_failed,   // no step gave a sufficient decrease
  objective_not_finite  // value or gradient is NaN or infinite at the start
};

inline const char* to_string(Termination termination) {
  switch (termination) {
    case Termination::not_run:
      return "not_run";
    case Termination::gradient_small:
      return "gradient_small";
    case Termination::objective_flat:
      return "objective_flat";
    case Termination::iteration_limit:
      return "iteration_limit";
    case Termination::interrupted:
      return "interrupted";
    case Termination::line_search_failed:
      return "line_search_failed";
    case Termination::objective_not_finite:
      return "objective_not_finite";
  }
  return "unknown";
}

}  // namespace contextstats
