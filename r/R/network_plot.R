#' Plot a network
#'
#' @param x A fit of [context_network()].
#' @param what `"edges"`: edges along a context, with pointwise confidence bands. `"network"`: the network drawn as a graph
#'   at some contexts, blue edges positive, orange dashed ones negative, the stronger the wider. `"heatmap"`: the matrix
#'   of edges at some contexts, with dots where the q-value is not above `q.max`.
#' @param newdata For networks and heatmaps: contexts, one panel each. By default three quantiles of a context, or each of
#'   its levels.
#' @param along Name of the context to go along; the first by default. The others are at their typical values.
#' @param edges For `"edges"`: pairs of variables, a list of `c("gdp", "money")` or a matrix or data frame of two columns. By
#'   default the `most` edges that move most.
#' @param most Number of edges.
#' @param level Coverage of the bands.
#' @param q.max Largest q-value of an edge that is drawn as there; 1 for all.
#' @param rug Mark the contexts of the data.
#' @param ... Further graphical parameters for [graphics::plot()], of networks for [graphics::title()].
#' @return The table of what is drawn, invisibly; `ggplot2::autoplot()` returns a plot.
#' @examplesIf contextstats::contextstats_available()
#' fit <- context_network(~ gdp + consumption + money, context = ~ s(year), data = us_macro)
#' plot(fit)
#' plot(fit, "network")
#' plot(fit, "heatmap")
#' @export
plot.context_network <- function(x, what = NULL, newdata = NULL, along = NULL, edges = NULL, most = 6, level = 0.95,
                                 q.max = 0.05, rug = TRUE, ...) {
  call <- sys.call(-1)
  what <- choice(what %||% default_picture(x), PICTURES, "what", call)
  if (what == "edges") {
    table <- edge_curves(x, along, edges, most, level, call)
    shown <- split(table, table$edge)[as.character(unique(table$edge))]
    name <- along_of(x, along, call)
    with_panels(length(shown), c(3.8, 4, 2, 0.6), 1.3, for (one in shown) draw_edge_curve(x, one, name, rug, ...))
    return(invisible(without(table, c("row", "edge"))))
  }
  found <- network_panels(x, newdata, along, call)
  table <- edge_table(x, found)
  strongest <- max(abs(table$estimate), 0)
  labels <- panel_labels(found$contexts[x$context_variables])
  names <- 0.45 * min(max(nchar(x$variables)), NAME) + 0.6
  margins <- if (what == "network") c(0.3, 0.3, 1.8, 0.3) else c(names, names, 1.8, 0.3)
  draw <- if (what == "network") draw_graph else draw_heatmap
  with_panels(length(labels), margins, 1, for (i in seq_along(labels)) {
    draw(x, table[table$row == i, ], strongest, q.max, labels[i], ...)
  }, single = TRUE)
  invisible(without(table, "edge"))
}

NAME <- 14 # letters of a name in a picture

short_names <- function(names) unname(abbreviate(names, NAME))

PICTURES <- c("edges", "network", "heatmap")

default_picture <- function(x) {
  if (length(x$context_variables) && length(edges_there(x, x$along[[1]]$curve))) "edges" else "network"
}

without <- function(table, columns) table[setdiff(names(table), columns)]

# Draw so many panels on one page, unless the user has laid out the page. Curves of a single panel keep the margins, so
# that lines can be added to them.
with_panels <- function(count, margins, shape, draw, single = FALSE) {
  if ((count > 1 || single) && prod(graphics::par("mfcol")) == 1) {
    old <- graphics::par(mfrow = panel_grid(count, shape), mar = margins, mgp = c(2.4, 0.7, 0))
    on.exit(graphics::par(old))
  }
  force(draw)
}

# Rows and columns in which panels of a shape (width over height) are largest.
panel_grid <- function(count, shape) {
  columns <- seq_len(count)
  rows <- ceiling(count / columns)
  size <- pmin(graphics::par("din")[1] / columns, shape * graphics::par("din")[2] / rows)
  best <- which.max(size)
  c(rows[best], columns[best])
}

along_of <- function(x, along, call) {
  if (!length(x$context_variables)) stop_user(call, "this network has no context to go along: give context_network() one")
  choice(along %||% x$context_variables[1], x$context_variables, "along", call)
}

network_panels <- function(x, newdata, along, call) {
  if (!is.null(newdata)) return(edges_at(x, newdata, call))
  if (!length(x$context_variables)) return(x$typical)
  x$along[[match(along_of(x, along, call), x$context_variables)]]$panels
}

# The values of the contexts that differ between panels, with as many digits as tell them apart.
panel_labels <- function(contexts) {
  if (!length(contexts)) return("")
  differs <- vapply(contexts, function(one) length(unique(one)) > 1, TRUE)
  contexts <- contexts[if (any(differs)) differs else 1L]
  texts <- lapply(names(contexts), function(name) {
    values <- contexts[[name]]
    if (is.numeric(values)) {
      spread <- diff(range(values))
      values <- if (spread > 0) formatC(values, digits = max(0, 1 - floor(log10(spread))), format = "f")
      else format(values, digits = 4)
    }
    paste(name, "=", values)
  })
  do.call(paste, c(texts, sep = ", "))
}

# ---- edges along a context -------------------------------------------------------------------------------------------

edge_curves <- function(x, along, edges, most, level, call) {
  name <- along_of(x, along, call)
  found <- x$along[[match(name, x$context_variables)]]$curve
  table <- edge_table(x, found, level)
  chosen <- if (is.null(edges)) moving_edges(table, most) else named_edges(x, table, edges, call)
  if (!length(chosen)) stop_user(call, "a curve is drawn for each edge, but this network has none")
  table <- table[table$edge %in% chosen, ]
  table[order(match(table$edge, chosen), table$row), ]
}

moving_edges <- function(table, most) {
  spread <- tapply(table$estimate, factor(table$edge, unique(table$edge)), stats::sd)
  utils::head(as.integer(names(sort(-spread))), most)
}

named_edges <- function(x, table, edges, call) {
  if (is.character(edges) && is.null(dim(edges)) && length(edges) == 2) edges <- list(edges)
  if (!is.null(dim(edges))) edges <- lapply(seq_len(nrow(edges)), function(i) as.character(unlist(edges[i, ])))
  vapply(edges, function(pair) {
    hit <- which(x$variables[x$source] == pair[1] & x$variables[x$target] == pair[2])
    if (!length(hit) && !x$directed) hit <- which(x$variables[x$source] == pair[2] & x$variables[x$target] == pair[1])
    if (!length(hit) || !hit %in% table$edge) {
      stop_user(call, "'edges' must name pairs of variables that have an edge (", paste(x$variables, collapse = ", "), "), but ",
                deparse1(pair), " is none")
    }
    hit
  }, 0L)
}

draw_edge_curve <- function(x, table, name, rug, ...) {
  at <- table[[name]]
  levels <- if (!is.numeric(at)) as.character(at)
  if (!is.null(levels)) at <- seq_along(levels)
  low <- ifelse(is.na(table$conf.low), table$estimate, table$conf.low)
  high <- ifelse(is.na(table$conf.high), table$estimate, table$conf.high)
  defaults <- list(
    x = at, y = table$estimate, type = "n", ylim = range(low, high), xlab = name, ylab = x$edge, bty = "l", las = 1,
    main = table$term[1], font.main = 1, cex.main = 1
  )
  if (!is.null(levels)) defaults <- c(defaults, list(xaxt = "n", xlim = range(at) + c(-0.4, 0.4)))
  do.call(graphics::plot, utils::modifyList(defaults, list(...)))
  graphics::abline(h = 0, col = "grey75")
  if (!is.null(levels)) {
    graphics::axis(1, at, levels)
    suppressWarnings(graphics::arrows(at, low, at, high, angle = 90, code = 3, length = 0.05, col = BLUE))
    graphics::points(at, table$estimate, pch = 19, col = BLUE)
    return(invisible())
  }
  graphics::polygon(c(at, rev(at)), c(low, rev(high)), col = paste0(BLUE, "33"), border = NA)
  graphics::lines(at, table$estimate, lwd = 2, col = BLUE)
  if (rug) graphics::rug(thinned(x$model[[name]]), ticksize = 0.02, col = "grey30", quiet = TRUE)
}

BLUE <- "#1f5f8b"
ORANGE <- "#c4560a"

# ---- graphs and heatmaps ---------------------------------------------------------------------------------------------

draw_graph <- function(x, table, strongest, q.max, label, ...) {
  p <- length(x$variables)
  angle <- pi / 2 - 2 * pi * (seq_len(p) - 1) / p
  across <- cos(angle)
  up <- sin(angle)
  names <- short_names(x$variables)
  size <- if (p <= 20) 0.9 else 0.6
  open_graph_panel(names, size, across)
  do.call(graphics::title, utils::modifyList(list(main = label, font.main = 1, cex.main = 1), list(...)))
  shown <- table[table$estimate != 0 & (is.na(table$q.value) | table$q.value <= q.max), ]
  for (i in order(abs(shown$estimate))) {
    from <- match(shown$source[i], x$variables)
    to <- match(shown$target[i], x$variables)
    draw_graph_edge(across[c(from, to)], up[c(from, to)], shown$estimate[i], strongest, x$directed)
  }
  graphics::points(across, up, pch = 21, bg = "grey25", col = "white", cex = 1.6)
  side <- ifelse(abs(across) < 0.2, 0.5, ifelse(across > 0, 0, 1))
  for (j in seq_len(p)) {
    place <- c(side[j], if (up[j] > 0.8) 0 else if (up[j] < -0.8) 1 else 0.5)
    graphics::text(1.1 * across[j], 1.1 * up[j], names[j], adj = place, cex = size, xpd = NA)
  }
}

# A panel in which the circle of nodes is as large as the names around it allow.
open_graph_panel <- function(names, size, across) {
  graphics::plot.new()
  panel <- graphics::par("pin")
  beside <- pmax(panel[1] / 2 - graphics::strwidth(names, units = "inches", cex = size), 0.1) / (1.1 * abs(across))
  line <- graphics::strheight("X", units = "inches", cex = size)
  unit <- min(beside[abs(across) > 0.2], (panel[2] / 2 - line) / 1.15)
  graphics::plot.window(c(-0.5, 0.5) * panel[1] / unit, c(-0.5, 0.5) * panel[2] / unit, xaxs = "i", yaxs = "i")
}

draw_graph_edge <- function(across, up, estimate, strongest, directed) {
  share <- abs(estimate) / strongest
  colour <- grDevices::adjustcolor(if (estimate > 0) BLUE else ORANGE, 0.35 + 0.6 * share)
  line <- list(col = colour, lwd = 0.6 + 4 * share, lty = if (estimate > 0) "solid" else "32", lend = 1)
  if (!directed) return(do.call(graphics::segments, c(list(across[1], up[1], across[2], up[2]), line)))
  apart <- c(across[2] - across[1], up[2] - up[1])
  gap <- 0.09 * apart / sqrt(sum(apart^2))
  do.call(graphics::segments, c(list(across[1], up[1], across[2] - 1.6 * gap[1], up[2] - 1.6 * gap[2]), line))
  normal <- c(-gap[2], gap[1]) * 0.5
  tip <- c(across[2], up[2]) - gap
  base <- tip - gap
  graphics::polygon(c(tip[1], base[1] + normal[1], base[1] - normal[1]), c(tip[2], base[2] + normal[2], base[2] - normal[2]),
                    col = colour, border = NA)
}

draw_heatmap <- function(x, table, strongest, q.max, label, ...) {
  p <- length(x$variables)
  from <- match(table$source, x$variables)
  to <- match(table$target, x$variables)
  matrix <- matrix(NA_real_, p, p)
  matrix[cbind(from, to)] <- table$estimate
  clear <- which(table$q.value <= q.max)
  dots <- cbind(from, to)[clear, , drop = FALSE]
  if (!x$directed) {
    matrix[cbind(to, from)] <- table$estimate
    dots <- rbind(dots, dots[, 2:1])
  }
  colours <- grDevices::colorRampPalette(c(ORANGE, "white", BLUE))(51)
  reach <- max(strongest, 1e-12)
  defaults <- list(x = seq_len(p), y = seq_len(p), z = t(matrix[p:1, ]), zlim = c(-reach, reach), col = colours, axes = FALSE,
                   xlab = "", ylab = "", asp = 1, xlim = c(0.5, 1.28 * p + 0.5), main = label, font.main = 1, cex.main = 1)
  do.call(graphics::image, utils::modifyList(defaults, list(...)))
  graphics::points(dots[, 2], p + 1 - dots[, 1], pch = 19, cex = min(0.8, 6 / p), col = "grey15")
  size <- if (p <= 12) 0.8 else max(0.35, 0.8 * 14 / p)
  names <- short_names(x$variables)
  graphics::text(seq_len(p), 0.4, names, srt = 90, adj = c(1, 0.5), cex = size, xpd = NA)
  graphics::text(0.4, rev(seq_len(p)), names, adj = c(1, 0.5), cex = size, xpd = NA)
  draw_colour_key(p, reach, colours)
}

draw_colour_key <- function(p, reach, colours) {
  left <- 1.04 * p + 0.5
  right <- left + 0.05 * p
  graphics::rasterImage(grDevices::as.raster(matrix(rev(colours))), left, 0.5, right, p + 0.5)
  at <- c(0.5, 0.5 + p / 2, p + 0.5)
  graphics::text(right + 0.01 * p, at, formatC(c(-reach, 0, reach), digits = 2, format = "fg"), adj = c(0, 0.5), cex = 0.7, xpd = NA)
}
