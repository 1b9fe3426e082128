#' Plot the coefficients as functions of context
#'
#' One panel for each varying coefficient and context, the other contexts at their medians or most frequent levels. The
#' dashed line is the average effect, ticks mark the data. Tensor products are drawn as surfaces, white where no data are
#' near.
#'
#' @param x A fit of [context_glm()].
#' @param select Which panels, by number; all by default.
#' @param level Coverage of the pointwise bands.
#' @param rug Mark the contexts of the rows.
#' @param ask Wait before a new page.
#' @param ... Further graphical parameters for [graphics::plot()]. For a fit without varying coefficients, arguments of
#'   the plots of `glm()`.
#' @return The curves, invisibly. `ggplot2::autoplot()` draws them with ggplot2.
#' @examplesIf contextstats::contextstats_available()
#' plot(context_glm(mpg ~ wt, context = ~ s(hp, k = 5), data = mtcars))
#' @export
plot.context_glm <- function(x, select = NULL, level = 0.95, rug = TRUE,
                             ask = grDevices::dev.interactive() && prod(graphics::par("mfcol")) < length(panels(x)), ...) {
  if (is_plain(x)) return(NextMethod())
  require_varying(x, sys.call(-1))
  shown <- panels(x)
  shown <- shown[select %||% seq_along(shown)]
  if (ask) {
    before <- grDevices::devAskNewPage(TRUE)
    on.exit(grDevices::devAskNewPage(before), add = TRUE)
  }
  pages <- if (ask) 1 else length(shown)
  with_panels(pages, c(3.6, 4.6, 1.5, 0.8), 1.3, for (one in shown) {
    if (is.null(one$contexts)) draw_curve(x, one, level, rug, ...) else draw_surface(x, one, rug, ...)
  })
  invisible(curve_table(x, level))
}

panels <- function(x) c(x$curves, x$surfaces)

draw_surface <- function(x, surface, rug, ...) {
  data <- x$model[surface$contexts]
  grid <- expand.grid(surface$first, surface$second)
  far <- mgcv::exclude.too.far(grid[[1]], grid[[2]], as.double(data[[1]]), as.double(data[[2]]), 0.1)
  values <- surface$estimate
  values[far] <- NA
  average <- x$average_effects$estimate[x$average_effects$term == surface$predictor]
  reach <- max(abs(values - average), na.rm = TRUE)
  defaults <- list(
    x = surface$first, y = surface$second, z = values, zlim = average + c(-1, 1) * reach, las = 1,
    col = grDevices::hcl.colors(25, "Purple-Green"), xlab = surface$contexts[1], ylab = surface$contexts[2],
    main = effect_label(surface$predictor), font.main = 1, cex.main = 1
  )
  do.call(graphics::image, utils::modifyList(defaults, list(...)))
  graphics::contour(surface$first, surface$second, values, add = TRUE, col = "grey20", labcex = 0.7)
  if (rug) {
    few <- unique(round(seq(1, nrow(data), length.out = min(500, nrow(data)))))
    graphics::points(as.double(data[[1]])[few], as.double(data[[2]])[few], pch = ".", col = "grey20")
  }
}

draw_curve <- function(x, curve, level, rug, ...) {
  band <- curve_band(x, curve, level)
  at <- if (is.character(curve$at)) seq_along(curve$at) else curve$at
  defaults <- list(
    x = at, y = band$estimate, type = "n", ylim = range(band$conf.low, band$conf.high), xlab = curve$context,
    ylab = "", bty = "l", las = 1
  )
  if (is.character(curve$at)) defaults <- c(defaults, list(xaxt = "n", xlim = range(at) + c(-0.4, 0.4)))
  do.call(graphics::plot, utils::modifyList(defaults, list(...)))
  if (is.null(list(...)$ylab)) graphics::title(ylab = effect_label(curve$predictor), line = min(3.4, graphics::par("mar")[2] - 1.1))
  average <- x$average_effects$estimate[x$average_effects$term == curve$predictor]
  if (is.character(curve$at)) {
    graphics::axis(1, at, curve$at)
    graphics::abline(h = average, lty = 2, col = "grey40")
    graphics::arrows(at, band$conf.low, at, band$conf.high, angle = 90, code = 3, length = 0.05, col = "#1f5f8b")
    graphics::points(at, band$estimate, pch = 19, col = "#1f5f8b")
  } else {
    graphics::polygon(c(at, rev(at)), c(band$conf.low, rev(band$conf.high)), col = "#1f5f8b33", border = NA)
    graphics::abline(h = average, lty = 2, col = "grey40")
    graphics::lines(at, band$estimate, lwd = 2, col = "#1f5f8b")
    if (rug) graphics::rug(thinned(x$model[[curve$context]]), ticksize = 0.02, col = "grey30", quiet = TRUE)
  }
}

effect_label <- function(predictor) {
  if (predictor == "(Intercept)") "Intercept" else paste("effect of", predictor)
}

# At most 1000 ticks, evenly over the sorted values.
thinned <- function(values) {
  values <- sort(as.double(values))
  values[unique(round(seq(1, length(values), length.out = min(1000, length(values)))))]
}

curve_band <- function(x, curve, level) {
  half <- stats::qt(0.5 + level / 2, inference_df(x)) * curve$std_error
  list(estimate = curve$estimate, conf.low = curve$estimate - half, conf.high = curve$estimate + half)
}

# All curves in one data frame; `at` is NA for factors and `level` for numbers.
curve_table <- function(x, level) {
  tables <- lapply(x$curves, function(curve) {
    factor <- is.character(curve$at)
    data.frame(
      predictor = curve$predictor, context = curve$context, at = if (factor) NA_real_ else curve$at,
      level = if (factor) curve$at else NA_character_, curve_band(x, curve, level)
    )
  })
  do.call(rbind, tables)
}

# ggplot2's autoplot(), registered when ggplot2 is loaded.
autoplot.context_glm <- function(object, level = 0.95, ...) {
  require_varying(object, sys.call(-1))
  if (!length(object$curves)) stop_user(sys.call(-1), "autoplot() draws no surfaces: use plot()")
  table <- curve_table(object, level)
  panel <- sprintf("%s by %s", table$predictor, table$context)
  table$panel <- factor(panel, unique(panel))
  table$average <- object$average_effects$estimate[match(table$predictor, object$average_effects$term)]
  averages <- unique(table[c("panel", "average")])
  .data <- ggplot2::.data
  layers <- lapply(split(table, table$panel), function(one) {
    if (anyNA(one$at)) {
      mapping <- ggplot2::aes(.data$level, .data$estimate, ymin = .data$conf.low, ymax = .data$conf.high)
      return(ggplot2::geom_pointrange(mapping, one, colour = "#1f5f8b"))
    }
    list(
      ggplot2::geom_ribbon(ggplot2::aes(.data$at, ymin = .data$conf.low, ymax = .data$conf.high), one,
                           fill = "#1f5f8b", alpha = 0.2),
      ggplot2::geom_line(ggplot2::aes(.data$at, .data$estimate), one, colour = "#1f5f8b")
    )
  })
  mixed <- anyNA(table$at) && !all(is.na(table$at))
  if (mixed) stop_user(sys.call(-1), "autoplot() cannot draw numbers and factors on one page: use plot()")
  ggplot2::ggplot() +
    ggplot2::geom_hline(ggplot2::aes(yintercept = .data$average), averages, linetype = 2, colour = "grey40") +
    unname(layers) + ggplot2::facet_wrap("panel", scales = "free") +
    ggplot2::labs(x = if (length(contexts <- unique(table$context)) == 1) contexts, y = paste("effect on the scale of the", object$family$link, "link"))
}
