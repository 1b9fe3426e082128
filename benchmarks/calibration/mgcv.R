# The same model with mgcv: one line of figures for each data set in a file.
# Rscript mgcv.R data=... truth=... family=... k=10 out=...

suppressPackageStartupMessages(library(mgcv))

arguments <- strsplit(commandArgs(trailingOnly = TRUE), "=", fixed = TRUE)
job <- setNames(lapply(arguments, `[`, 2), vapply(arguments, `[`, "", 1))
k <- as.integer(job$k)
data <- read.csv(job$data)
truth <- read.csv(job$truth)
family <- list(gaussian = gaussian(), logit = binomial(), poisson = poisson(), gamma = Gamma("log"))[[job$family]]
xs <- paste0("x", 2:5)

# A point constraint (pc) for smooths that multiply a predictor: without one, two contexts are rank deficient.
smooths <- c(sprintf("s(%s, bs = 'ps', k = %d)", c("c1", "c2"), k),
             outer(c("c1", "c2"), xs, function(context, x)
               sprintf("s(%s, by = %s, bs = 'ps', k = %d, pc = 0.5)", context, x, k)))
formula <- reformulate(c(xs, smooths), "y")

at_zero <- transform(truth[c("c1", "c2")], x2 = 0, x3 = 0, x4 = 0, x5 = 0)
effect_rows <- function(fit, j) {
  base <- predict(fit, at_zero, type = "lpmatrix")
  if (j == 1) return(base)
  predict(fit, replace(at_zero, xs[j - 1], 1), type = "lpmatrix") - base
}

figures <- function(rows) {
  fit <- gam(formula, data = rows, family = family, method = "REML")
  out <- list(seed = rows$seed[1], edf = sum(fit$edf))
  for (j in 1:5) {
    term <- c("Intercept", xs)[j]
    X <- effect_rows(fit, j)
    error <- drop(X %*% coef(fit)) - truth[[term]]
    for (kind in c("Vp", "Vc")) {
      se <- sqrt(pmax(rowSums((X %*% fit[[kind]]) * X), 0))
      out[[paste(kind, "pointwise", term)]] <- mean(abs(error) <= qnorm(0.975) * se)
    }
    out[[paste("mse", term)]] <- mean(error^2)
  }
  table <- summary(fit)
  smooth <- setNames(table$s.table[, "p-value"], rownames(table$s.table))
  for (name in names(smooth)) {
    parts <- strsplit(name, ":", fixed = TRUE)[[1]]
    out[[paste("wald", if (length(parts) == 2) parts[2] else "Intercept", parts[1])]] <- smooth[[name]]
  }
  for (x in xs) out[[paste("parametric", x)]] <- table$p.table[x, 4]
  out
}

done <- if (file.exists(job$out)) read.csv(job$out)$seed else integer()
for (rows in split(data, data$seed)) {
  if (rows$seed[1] %in% done) next
  line <- as.data.frame(figures(rows), check.names = FALSE)
  write.table(line, job$out, sep = ",", row.names = FALSE, col.names = !file.exists(job$out), append = file.exists(job$out))
}
