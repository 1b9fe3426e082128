# What a fit costs from R beyond the same fit from Python: 1e6 rows, ten columns.
#
#     RETICULATE_PYTHON=.venv/bin/python Rscript benchmarks/r_overhead.R
#
# Writes benchmarks/results/r_overhead.txt. Both run in one process, in turn, on the same numbers. Python fits arrays
# that it holds already; R begins with a data frame and ends with an object that has everything glm() returns. With a
# context, Python's time includes the tables of its summary, which R's object holds too. CPU seconds count what both
# cores did and hardly change with what else the machine does; elapsed ones are for a quiet machine.
suppressMessages(library(contextstats))
repetitions <- 5
n <- 1e6

set.seed(20260701)
d <- as.data.frame(matrix(rnorm(9 * n), n))
d$age <- runif(n, 20, 80)
d$y <- rbinom(n, 1, plogis(0.5 * d$V1 - 0.2 * d$V2 + 0.01 * (d$age - 50) * d$V3))
formula <- reformulate(paste0("V", 1:9), "y")

main <- reticulate::py_run_string("
import time
import numpy as np
import contextstats as cs

def hold(x, y, age, n):
    global X, Y, AGE
    X = np.frombuffer(x).reshape(n, -1, order='F')
    Y, AGE = np.frombuffer(y), np.frombuffer(age)

def timed(work):
    elapsed, cpu = time.perf_counter(), time.process_time()
    work()
    return [time.perf_counter() - elapsed, time.process_time() - cpu]

def plain():
    return timed(lambda: cs.ContextualGLM(Y, X, family='binomial').fit())

def varying():
    return timed(lambda: cs.ContextualGLM(Y, X, AGE, family='binomial').fit().summary())
")
bytes_of <- function(x) writeBin(as.vector(x, "double"), raw())
main$hold(bytes_of(cbind(1, as.matrix(d[1:9]))), bytes_of(d$y), bytes_of(d$age), as.integer(n))

seconds <- function(expr) {
  gc()
  time <- system.time(expr, gcFirst = FALSE)
  c(time[["elapsed"]], time[["user.self"]] + time[["sys.self"]])
}
cases <- list(
  plain = list(r = function() context_glm(formula, data = d, family = binomial), python = main$plain),
  varying = list(r = function() context_glm(formula, ~ s(age), d, binomial), python = main$varying)
)
row <- "%-10s %9s %9s %9s %9s %9s %9s"
lines <- c(
  sprintf("R %s, reticulate %s, %d rows, %d columns; seconds, best of %d", getRversion(),
          packageVersion("reticulate"), as.integer(n), 10L, repetitions),
  "",
  sprintf(row, "", "elapsed", "", "", "CPU", "", ""),
  sprintf(row, "model", "R", "Python", "more", "R", "Python", "more")
)
for (name in names(cases)) {
  times <- replicate(repetitions, c(seconds(cases[[name]]$r()), cases[[name]]$python()))
  best <- apply(times, 1, min)[c(1, 3, 2, 4)]
  more <- c(best[1] - best[2], best[3] - best[4])
  numbers <- sprintf("%.2f", c(best[1:2], more[1], best[3:4], more[2]))
  lines <- c(lines, do.call(sprintf, as.list(c(row, name, numbers))))
}
reference <- apply(replicate(3, seconds(glm(formula, binomial, d))), 1, min)
lines <- c(lines, "", sprintf("stats::glm, the plain model: %.2f elapsed, %.2f CPU", reference[1], reference[2]))
writeLines(lines)
writeLines(lines, "benchmarks/results/r_overhead.txt")
