# The sources where testthat::test_local() loaded them, "" where the package is installed.
package_source <- function() {
  loaded <- isNamespaceLoaded("pkgload") && pkgload::is_dev_package("contextstats")
  if (loaded) normalizePath(pkgload::pkg_path()) else ""
}

# Run code in a fresh R with the package attached; the lines it wrote, or its error.
run_r <- function(code, python) {
  script <- tempfile(fileext = ".R")
  path <- package_source()
  loading <- if (nzchar(path)) sprintf("pkgload::load_all(%s, quiet = TRUE)", shQuote(path)) else "library(contextstats)"
  writeLines(c(loading, code), script)
  variables <- if (python) character() else "RETICULATE_PYTHON=/nonexistent/python"
  libraries <- paste0("R_LIBS=", shQuote(paste(.libPaths(), collapse = .Platform$path.sep)))
  found <- suppressWarnings(system2(file.path(R.home("bin"), "Rscript"), c("--vanilla", script), stdout = TRUE,
                                    stderr = TRUE, env = c(variables, libraries)))
  if (!is.null(attr(found, "status"))) stop(paste(found, collapse = "\n"))
  found
}
