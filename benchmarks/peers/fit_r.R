# Child process: one model with mgcv (bam, gam) or R's glm. It does what measure.py does for the children in Python.

suppressPackageStartupMessages(library(mgcv))

arguments <- strsplit(commandArgs(trailingOnly = TRUE), "=", fixed = TRUE)
job <- setNames(lapply(arguments, `[`, 2), vapply(arguments, `[`, "", 1))
threads <- as.integer(job$threads)
if (threads == 0) threads <- parallel::detectCores()

files <- list.files(job$data, pattern = "[.]f64$", full.names = TRUE)
columns <- lapply(files, function(f) readBin(f, "double", file.size(f) / 8))
names(columns) <- sub("[.]f64$", "", basename(files))
is_grid <- startsWith(names(columns), "grid_")
grid <- columns[is_grid]
wanted <- !is_grid & (!startsWith(names(columns), "y_") | names(columns) == paste0("y_", job$response))
frame <- as.data.frame(columns[wanted])
names(frame)[startsWith(names(frame), "y_")] <- "y"
rm(columns)

family <- list(gaussian = gaussian(), logit = binomial(), poisson = poisson(), gamma = Gamma(link = "log"),
               negative_binomial = nb())[[job$response]]

# A point constraint (pc) for smooths that multiply a predictor: without one, two contexts are rank deficient.
by_terms <- outer(c("c1", "c2"), paste0("x", 2:5), function(context, x)
  sprintf("s(%s, by = %s, bs = 'ps', k = 10, pc = 0.5)", context, x))
varying <- reformulate(c(paste0("x", 2:5), "s(c1, bs = 'ps', k = 10)", "s(c2, bs = 'ps', k = 10)", by_terms), "y")
plain <- reformulate(grep("^x", names(frame), value = TRUE), "y")

fit_rows <- function(rows) {
  data <- if (is.null(rows)) frame else frame[rows, ]
  fit <- switch(job$method,
    bam = bam(varying, data = data, family = family, method = "fREML", discrete = TRUE, nthreads = threads),
    gam = gam(varying, data = data, family = family, method = "REML"),
    glm = glm(plain, data = data, family = family))
  errors <- sqrt(diag(vcov(fit)))
  stopifnot(all(is.finite(errors)))
  fit
}

memory_mb <- function(field) {
  line <- grep(paste0("^", field, ":"), tryCatch(readLines("/proc/self/status"), error = function(e) ""), value = TRUE)
  if (length(line) == 0) NaN else as.numeric(gsub("[^0-9]", "", line)) / 1024
}
reset_peak <- function() try(cat("5", file = "/proc/self/clear_refs"), silent = TRUE)

invisible(gc())
reset_peak()
before <- memory_mb("VmRSS")
invisible(fit_rows(1:1000))
wall <- cpu <- numeric()
while (length(wall) < 5 && sum(wall) < 2) {
  fit <- NULL
  invisible(gc())
  times <- system.time(fit <- fit_rows(NULL), gcFirst = FALSE)
  wall <- c(wall, times[["elapsed"]])
  cpu <- c(cpu, times[["user.self"]] + times[["sys.self"]])
  if (length(wall) == 1) peak <- memory_mb("VmHWM")
}

if (job$model == "varying") {
  # beta_1(c) is the linear predictor where all predictors are 0; beta_j(c) is what the value 1 of predictor j adds.
  covariance <- if (is.null(fit$Vc)) fit$Vp else fit$Vc
  rows_at <- function(j) {
    new <- data.frame(c1 = grid$grid_c1, c2 = grid$grid_c2, x2 = 0, x3 = 0, x4 = 0, x5 = 0)
    if (j > 1) new[[paste0("x", j)]] <- 1
    if (job$method == "bam") predict(fit, new, type = "lpmatrix", discrete = FALSE)
    else predict(fit, new, type = "lpmatrix")
  }
  rows <- lapply(1:5, rows_at)
  for (j in 2:5) rows[[j]] <- rows[[j]] - rows[[1]]
  estimates <- vapply(rows, function(z) as.vector(z %*% coef(fit)), numeric(length(grid$grid_c1)))
  errors <- vapply(rows, function(z) sqrt(rowSums((z %*% covariance) * z)), numeric(length(grid$grid_c1)))
  writeBin(c(as.vector(estimates), as.vector(errors)), job$out)
}

figures <- c(cpu = median(cpu), cpu_min = min(cpu), wall = median(wall), memory = peak - before, repeats = length(wall),
             deviance = deviance(fit), edf = if (is.null(fit$edf)) length(coef(fit)) else sum(fit$edf),
             converged = as.numeric(isTRUE(fit$converged)))
cat(sprintf("%s=%.10g\n", names(figures), figures), sep = "")
