# Networks for ggplot2, igraph and knitr, registered when those are loaded, and for files.

autoplot.context_network <- function(object, what = NULL, newdata = NULL, along = NULL, edges = NULL, most = 6, level = 0.95,
                                     q.max = 0.05, ...) {
  call <- sys.call(-1)
  what <- choice(what %||% default_picture(object), PICTURES, "what", call)
  if (what == "edges") return(curves_ggplot(object, along_of(object, along, call), edges, most, level, call))
  found <- network_panels(object, newdata, along, call)
  table <- edge_table(object, found)
  labels <- panel_labels(found$contexts[object$context_variables])
  table$panel <- factor(labels[table$row], labels)
  table$there <- table$estimate != 0 & (is.na(table$q.value) | table$q.value <= q.max)
  (if (what == "network") graph_ggplot else heatmap_ggplot)(object, table) + ggplot2::facet_wrap("panel")
}

curves_ggplot <- function(object, name, edges, most, level, call) {
  table <- edge_curves(object, name, edges, most, level, call)
  table$term <- factor(table$term, unique(table$term))
  .data <- ggplot2::.data
  mapping <- ggplot2::aes(.data[[name]], .data$estimate, ymin = .data$conf.low, ymax = .data$conf.high)
  marks <- if (is.numeric(table[[name]])) {
    list(ggplot2::geom_ribbon(fill = BLUE, alpha = 0.2), ggplot2::geom_line(colour = BLUE))
  } else {
    ggplot2::geom_pointrange(colour = BLUE)
  }
  ggplot2::ggplot(table, mapping) + ggplot2::geom_hline(yintercept = 0, colour = "grey75") + marks +
    ggplot2::facet_wrap("term") + ggplot2::labs(x = name, y = object$edge)
}

heatmap_ggplot <- function(object, table) {
  if (!object$directed) {
    turned <- table
    turned[c("source", "target")] <- table[c("target", "source")]
    table <- rbind(table, turned)
  }
  table$source <- factor(table$source, rev(object$variables))
  table$target <- factor(table$target, object$variables)
  reach <- c(-1, 1) * max(abs(table$estimate), 1e-12)
  .data <- ggplot2::.data
  ggplot2::ggplot(table, ggplot2::aes(.data$target, .data$source, fill = .data$estimate)) + ggplot2::geom_tile() +
    ggplot2::geom_point(data = table[table$there, ], size = 0.6, show.legend = FALSE) +
    ggplot2::scale_fill_gradient2(low = ORANGE, high = BLUE, limits = reach) + ggplot2::coord_equal() +
    ggplot2::labs(x = NULL, y = NULL, fill = object$edge) +
    ggplot2::theme(axis.text.x = ggplot2::element_text(angle = 90, hjust = 1, vjust = 0.5), panel.grid = ggplot2::element_blank())
}

graph_ggplot <- function(object, table) {
  angle <- pi / 2 - 2 * pi * (seq_along(object$variables) - 1) / length(object$variables)
  nodes <- data.frame(name = object$variables, x = cos(angle), y = sin(angle))
  nodes$label <- short_names(nodes$name)
  wide <- 1.2 + 0.09 * max(nchar(nodes$label))
  nodes$side <- ifelse(abs(nodes$x) < 0.2, 0.5, ifelse(nodes$x > 0, 0, 1))
  ends <- cbind(nodes[match(table$source, nodes$name), c("x", "y")], nodes[match(table$target, nodes$name), c("x", "y")])
  table[c("x", "y", "xend", "yend")] <- ends
  table[c("xend", "yend")] <- table[c("x", "y")] + 0.9 * (table[c("xend", "yend")] - table[c("x", "y")])
  if (!object$directed) table[c("xend", "yend")] <- ends[3:4]
  table$sign <- ifelse(table$estimate > 0, "positive", "negative")
  .data <- ggplot2::.data
  mapping <- ggplot2::aes(.data$x, .data$y, xend = .data$xend, yend = .data$yend, colour = .data$sign, linetype = .data$sign,
                          linewidth = abs(.data$estimate))
  arrow <- if (object$directed) ggplot2::arrow(length = ggplot2::unit(0.08, "inches"), type = "closed")
  ggplot2::ggplot() + ggplot2::geom_segment(mapping, table[table$there, ], alpha = 0.8, arrow = arrow) +
    ggplot2::geom_point(ggplot2::aes(.data$x, .data$y), nodes, colour = "grey25", size = 2) +
    ggplot2::geom_text(ggplot2::aes(1.15 * .data$x, 1.18 * .data$y, label = .data$label, hjust = .data$side), nodes, size = 3) +
    ggplot2::scale_colour_manual(values = c(positive = BLUE, negative = ORANGE)) +
    ggplot2::scale_linetype_manual(values = c(positive = 1, negative = 2)) +
    ggplot2::scale_linewidth(range = c(0.3, 2), limits = c(0, NA), breaks = function(range) setdiff(pretty(range, 4), 0)) +
    ggplot2::coord_equal(xlim = c(-wide, wide), ylim = c(-1.2, 1.3), clip = "off") +
    ggplot2::labs(colour = NULL, linetype = NULL, linewidth = object$edge) + ggplot2::theme_void() +
    ggplot2::theme(
      plot.background = ggplot2::element_rect(fill = "white", colour = NA), plot.margin = ggplot2::margin(5, 5, 5, 5),
      strip.text = ggplot2::element_text(margin = ggplot2::margin(b = 5)), panel.spacing = ggplot2::unit(1, "lines")
    )
}

# The edges of one context that are not zero, and whose q-value is not above q.max.
chosen_edges <- function(object, newdata, q.max, call) {
  found <- edges_at(object, newdata, call)
  if (nrow(found$value) != 1) {
    stop_user(call, "a graph is drawn for one context, but 'newdata' has ", nrow(found$value), " rows: take them one by one")
  }
  table <- edge_table(object, found)
  table[table$estimate != 0 & (is.null(q.max) | table$q.value <= q.max), ]
}

# igraph: an edge has its estimate as weight, and the columns of tidy().
as.igraph.context_network <- function(x, newdata = NULL, q.max = NULL, ...) {
  table <- chosen_edges(x, newdata, q.max, sys.call(-1))
  columns <- c("estimate", "std.error", "p.value", "q.value", "conf.low", "conf.high")
  edges <- cbind(table[c("source", "target")], weight = table$estimate, table[columns])
  igraph::graph_from_data_frame(edges, directed = x$directed, vertices = data.frame(name = x$variables))
}

#' Networks for other programs
#'
#' `write_graphml()` writes the network at one context to a file for Cytoscape, Gephi and other programs.
#' `igraph::as.igraph()` makes it a graph of the package igraph: `as.igraph(fit, newdata, q.max)`.
#'
#' @param object A fit of [context_network()].
#' @param file The file to write.
#' @param newdata A data frame of one row with the context; the typical one if it is missing.
#' @param q.max Leave edges out whose q-value is above it; all edges if it is missing.
#' @return The name of the file, invisibly.
#' @examplesIf contextstats::contextstats_available()
#' fit <- context_network(~ gdp + consumption + money, context = ~ s(year), data = us_macro)
#' write_graphml(fit, tempfile(fileext = ".graphml"), data.frame(year = 2000))
#' @export
write_graphml <- function(object, file, newdata = NULL, q.max = NULL) {
  call <- match.call()
  if (!inherits(object, "context_network")) stop_user(call, "'object' must be a fit of context_network()")
  if (is.null(newdata)) newdata <- object$typical$contexts
  frame <- network_contexts(object, newdata, call)
  if (nrow(frame) != 1) {
    stop_user(call, "a file holds the network at one context, but 'newdata' has ", nrow(frame), " rows: take them one by one")
  }
  request <- c(contexts_request(object, frame, call), list(file = path.expand(file), q_max = q.max))
  python_call("network_graphml", request, call)
  invisible(file)
}

knit_print.context_network <- function(x, ...) knit_print.summary.context_network(summary(x), ...)

knit_print.summary.context_network <- function(x, digits = 3, ...) {
  line <- sprintf("*%s; n = %s; edf %.1f; log-likelihood %.2f; AIC %.2f*", network_kind(x), format(x$nobs), x$edf, x$loglik, x$AIC)
  names <- c("Estimate", "Std. error", "z", "p-value", "q-value", colnames(x$coefficients)[6:7])
  shown <- c(
    edge_kable(x$coefficients, names, paste0(capital(x$edge), "s", where_typical(x)), digits), "", line,
    if (!is.null(x$varying)) {
      varying <- edge_kable(x$varying, colnames(x$varying), variation_title(x$varying), digits)
      c("", "", varying, "", paste0("*", sub("\n", " ", variation_note(x)), "*"))
    }
  )
  knitr::asis_output(paste0("\n\n", paste(shown, collapse = "\n"), "\n\n"))
}

edge_kable <- function(values, names, caption, digits) {
  table <- as.data.frame(formatC(values, digits = digits, format = "f"), check.names = FALSE)
  names(table) <- names
  for (column in which(names %in% c("p-value", "q-value"))) {
    table[[column]] <- gsub(" ", "", format.pval(values[, column], digits = 2, eps = 1e-3))
  }
  knitr::kable(table, caption = caption, align = rep("r", ncol(table)))
}
