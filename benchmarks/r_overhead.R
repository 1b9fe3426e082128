# What a fit costs from R beyond the same fit from Python: 1e6 rows, ten columns.
#
#     RETICULATE_PYTHON=.venv/bin/python Rscript benchmarks/r_overhead.R
#
# Writes benchmarks/results/r_overhead.txt. Both run in one process, in turn, on the same numbers. Python fits arrays
# that it holds already; R begins with a data frame and ends with an object that has everything glm() returns. With a
# context, Python's time includes the tables of its summary, which R's object holds too.
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

def plain():
    start = time.perf_counter()
    res = cs.ContextualGLM(Y, X, family='binomial').fit()
    return time.perf_counter() - start, float(res.params.iloc[1])

def varying():
    start = time.perf_counter()
    res = cs.ContextualGLM(Y, X, AGE, family='binomial').fit()
    res.summary()
    return time.perf_counter() - start, float(res.params.iloc[1])
")
bytes_of <- function(x) writeBin(as.vector(x, "double"), raw())
main$hold(bytes_of(cbind(1, as.matrix(d[1:9]))), bytes_of(d$y), bytes_of(d$age), as.integer(n))

seconds <- function(expr) {
  gc()
  system.time(expr, gcFirst = FALSE)[["elapsed"]]
}
cases <- list(
  plain = list(r = function() context_glm(formula, data = d, family = binomial), python = main$plain),
  varying = list(r = function() context_glm(formula, ~ s(age), d, binomial), python = main$varying)
)
lines <- c(
  sprintf("R %s, reticulate %s, %d rows, %d columns; seconds, best of %d", getRversion(),
          packageVersion("reticulate"), as.integer(n), 10L, repetitions),
  sprintf("%-10s %8s %8s %8s %12s", "model", "R", "Python", "more", "stats::glm")
)
for (name in names(cases)) {
  times <- replicate(repetitions, c(seconds(cases[[name]]$r()), cases[[name]]$python()[[1]]))
  best <- apply(times, 1, min)
  reference <- if (name == "plain") min(replicate(2, seconds(glm(formula, binomial, d)))) else NA
  lines <- c(lines, sprintf("%-10s %8.2f %8.2f %8.2f %12.2f", name, best[1], best[2], best[1] - best[2], reference))
}
writeLines(lines)
writeLines(lines, "benchmarks/results/r_overhead.txt")
