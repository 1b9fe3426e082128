# Rows with smooth, categorical and constant edges, missing values, and a known order: a acts on b and d, b on d.
network_data <- function(n = 300, missing = TRUE) {
  set.seed(20261121)
  d <- data.frame(age = runif(n, 20, 80), site = factor(sample(c("x", "y"), n, TRUE)))
  d$a <- rnorm(n)
  d$b <- sin(d$age / 20) * d$a + rnorm(n)
  d$c <- 2 + 3 * rnorm(n)
  d$d <- 0.8 * d$b - 0.5 * (d$site == "y") * d$a + rnorm(n)
  if (missing) {
    d$b[5] <- NA
    d$age[9] <- NA
  }
  d
}

NETWORK_CONTEXTS <- data.frame(age = c(30, 51.5, 70), site = factor(c("x", "y", "y")))

# The same network through Python's public names alone: the data cross in a file, the numbers as JSON.
python_network <- function(d, class, variables, contexts, arguments = "", options = "", matrices = character(), code = "{}") {
  path <- tempfile(fileext = ".json")
  columns <- function(frame) lapply(frame, function(one) if (is.numeric(one)) sprintf("%.17g", one) else as.character(one))
  jsonlite::write_json(list(d = columns(d), new = columns(NETWORK_CONTEXTS)), path)
  script <- sprintf("
import json, numpy as np, pandas as pd, contextstats as cs
sent = json.load(open(%s))
def frame(columns):
    return pd.DataFrame({k: v if k == 'site' else np.array(v, float) for k, v in columns.items()})
d, contexts = frame(sent['d']), %s
at = frame(sent['new'])[contexts] if contexts else pd.DataFrame({'row': [0.0]})
model = cs.%s(d[%s], d[contexts] if contexts else None%s)
res = model.fit(%s)
def rows(table):
    numbers = table.select_dtypes('number').drop(columns='row', errors='ignore')
    return dict(names=table.select_dtypes(exclude='number').astype(str).to_dict('list'),
                numbers=[[None if np.isnan(x) else float(x) for x in row] for row in numbers.to_numpy(float)])
def plain(x):
    return np.asarray(x).tolist()
out = json.dumps(dict(
    llf=res.llf, edf=res.edf, aic=res.aic, bic=res.bic, typical=rows(res.edges()), edges=rows(res.edges(at, level=0.9)),
    adjacency=plain(res.adjacency(at)), loglike=plain(res.loglike(d.head(20), d[contexts].head(20) if contexts else None)),
    matrices={name: plain(getattr(res, name)(at)) for name in %s}, extra=%s))
", encodeString(path, quote = "\""), listed(contexts), class, listed(variables), arguments, options, listed(matrices), code)
  jsonlite::fromJSON(reticulate::py_run_string(script)$out)
}

listed <- function(names) paste0("[", paste0("'", names, "'", recycle0 = TRUE, collapse = ", "), "]")

# Likelihood, edges, matrices and densities of a fit against Python's.
network_agrees <- function(fit, python, d, tolerance = 1e-12) {
  expect_close(c(logLik(fit), attr(logLik(fit), "df"), AIC(fit), BIC(fit)), unlist(python[c("llf", "edf", "aic", "bic")]), tolerance)
  columns <- c("estimate", "std.error", "statistic", "p.value", "q.value", "conf.low", "conf.high")
  at <- if (length(fit$context_variables)) NETWORK_CONTEXTS
  for (pair in list(list(tidy(fit, conf.int = TRUE), python$typical),
                    list(tidy(fit, at, conf.int = TRUE, conf.level = 0.9), python$edges))) {
    expect_identical(pair[[1]]$source, as.character(unlist(pair[[2]]$names$source)))
    expect_identical(pair[[1]]$target, as.character(unlist(pair[[2]]$names$target)))
    expect_close(as.matrix(pair[[1]][columns]), pair[[2]]$numbers, tolerance)
  }
  there <- predict(fit, at %||% d[1, ], type = "weights")
  expect_close(aperm(there, c(3, 1, 2)), python$adjacency, tolerance)
  expect_close(predict(fit, head(d, 20), type = "log_density"), python$loglike, tolerance)
  kinds <- c(correlations = "correlation", partial_correlations = "partial", precisions = "precision",
             covariances = "covariance")
  for (name in intersect(names(kinds), names(python$matrices))) {
    found <- predict(fit, at %||% d[1, ], type = kinds[[name]])
    expect_close(aperm(found, c(3, 1, 2)), python$matrices[[name]], tolerance)
  }
  if (!is.null(python$matrices$means)) expect_close(predict(fit, at %||% d[1, ], type = "mean"), python$matrices$means, tolerance)
}

`%||%` <- function(x, y) if (is.null(x)) y else x
