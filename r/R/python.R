# The only file that calls reticulate. What crosses is text, numbers, lists and the bytes of arrays: these arrive
# unchanged with every version of reticulate, numpy and pandas. Missing values never cross.

bridge <- new.env(parent = emptyenv())

#' Is the Python package there?
#'
#' `contextstats_available()` says whether Python and its package contextstats can be used; it starts Python to find
#' out. `install_contextstats()` installs the package into a Python environment of its own.
#'
#' Which Python is used is up to reticulate: the variable `RETICULATE_PYTHON`, or `reticulate::use_virtualenv()`
#' before the first fit, chooses one. Only fitting and predictions for new data need it. Fits print, plot and tidy
#' without, in another session too.
#'
#' @section Parallel sessions:
#' Fits are plain values and can be sent to the workers of `parallel::makePSOCKcluster()`, which can fit and predict
#' themselves. Do not use forked workers (`parallel::mclapply()`) once Python has started in the session: a forked copy of
#' Python with running threads may hang.
#'
#' @param envname,method,... As in [reticulate::py_install()].
#' @param package What to install: a name and version for pip, or the path of a checkout or a wheel.
#' @return `TRUE` or `FALSE`; `install_contextstats()` returns nothing of interest.
#' @examples
#' contextstats_available()
#' @export
contextstats_available <- function() {
  tryCatch({
    python_module()
    TRUE
  }, error = function(cnd) FALSE)
}

#' @rdname contextstats_available
#' @export
install_contextstats <- function(package = "contextstats", envname = "r-contextstats", method = "auto", ...) {
  reticulate::py_install(package, envname = envname, method = method, pip = TRUE, ...)
  message("Restart R; then reticulate::use_virtualenv(\"", envname, "\") selects the environment.")
  invisible()
}

declare_python_requirement <- function() {
  if ("py_require" %in% getNamespaceExports("reticulate")) {
    getExportedValue("reticulate", "py_require")("contextstats")
  }
}

python_module <- function() {
  if (is.null(bridge$module)) {
    if (!reticulate::py_available(initialize = TRUE)) stop("Python was not found.")
    bridge$module <- reticulate::import("contextstats.integrations.reticulate")
  }
  bridge$module
}

# Ask Python; its warnings and errors become R's, with the call of the user.
python_call <- function(action, request, call, muffle = NULL) {
  module <- tryCatch(python_module(), error = function(cnd) stop_without_python(conditionMessage(cnd), call))
  sent <- reticulate::r_to_py(request, convert = TRUE)
  Sys.sleep(0) # a Ctrl-C that came meanwhile stops here: Python would not know of it
  answer <- module$call(action, sent)
  if (isTRUE(answer$interrupted)) interrupt_here()
  for (one in answer$warnings) {
    if (is.null(muffle) || !grepl(muffle, one$message)) warn_as(one$type, in_r_words(one$message), call)
  }
  if (!is.null(answer$error)) {
    stop_as(unlist(answer$error$bases), in_r_words(answer$error$message), call)
  }
  answer$value
}

# The Ctrl-C that Python received, as R would have received it.
interrupt_here <- function() {
  if (.Platform$OS.type == "unix") {
    tools::pskill(Sys.getpid(), tools::SIGINT)
    Sys.sleep(1)
  }
  signalCondition(structure(list(message = "", call = NULL), class = c("interrupt", "condition")))
  invokeRestart("abort")
}

stop_without_python <- function(reason, call) {
  stop_as("no_python", paste0(
    "the Python package contextstats is needed for this but cannot be used (", first_line(reason), "). Install it ",
    "with install_contextstats(), or choose a Python that has it with RETICULATE_PYTHON, and restart R."
  ), call)
}

first_line <- function(text) {
  lines <- trimws(strsplit(text, "\n", fixed = TRUE)[[1]])
  sub("[.]$", "", lines[nzchar(lines)][1])
}

# ---- arrays ----------------------------------------------------------------------------------------------------------

packed <- function(x) {
  type <- if (is.integer(x)) "integer" else "double"
  shape <- if (is.null(dim(x))) length(x) else dim(x)
  attributes(x) <- NULL
  if (type == "double" && !is.double(x)) x <- as.double(x)
  list(bytes = writeBin(x, raw(), endian = "little"), shape = as.list(shape), type = type)
}

unpacked <- function(sent) {
  shape <- unlist(sent$shape)
  size <- if (sent$type == "integer") 4L else 8L
  x <- readBin(sent$bytes, sent$type, n = length(sent$bytes) / size, size = size, endian = "little")
  if (length(shape) > 1) dim(x) <- shape
  x
}

is_packed <- function(x) is.list(x) && !is.null(x$bytes)

unpacked_table <- function(columns) {
  columns <- lapply(columns, function(column) if (is_packed(column)) unpacked(column) else as.character(column))
  names(columns) <- gsub("_", ".", names(columns), fixed = TRUE)
  as.data.frame(columns, stringsAsFactors = FALSE)
}

# Row names as text, numbers, or nothing where they are 1 to n: messages about data name rows by them.
packed_labels <- function(frame) {
  if (.row_names_info(frame) < 0) return(list(text = NULL))
  names <- attr(frame, "row.names")
  if (is.character(names)) {
    list(text = charToRaw(enc2utf8(paste(names, collapse = "\x1f"))))
  } else if (identical(as.vector(names), seq_along(names))) {
    list(text = NULL)
  } else {
    list(numbers = packed(as.integer(names)))
  }
}

# What Python calls between iterations; R's own progress bars cannot know the end, this shows how far it is.
progress_line <- function(delay = 1, words = "iteration %d, criterion %.8g, gradient %.2g") {
  began <- proc.time()[["elapsed"]]
  function(...) {
    if (proc.time()[["elapsed"]] - began >= delay) cat("\r", sprintf(words, ...), "   ", sep = "", file = stderr())
    invisible()
  }
}
