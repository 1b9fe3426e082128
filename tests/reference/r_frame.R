# Writes r_frame.rds: one column of each kind that contextstats.integrations.r reads. Run with:
# Rscript tests/reference/r_frame.R
latin <- iconv("caf\u00e9", "UTF-8", "latin1")
frame <- data.frame(
  flag = c(TRUE, NA, FALSE),
  whole_flag = c(TRUE, FALSE, TRUE),
  count = c(1L, NA, -3L),
  whole_count = c(7L, 8L, 9L),
  real = c(1.5, NA, Inf),
  text = c("na\u00efve", NA, latin),
  kind = factor(c("u", NA, "v"), levels = c("v", "u", "unused")),
  grade = factor(c("low", "high", NA), levels = c("low", "high"), ordered = TRUE),
  missing_is_a_level = addNA(factor(c("a", NA, "b"))),
  day = as.Date(c("2020-02-29", NA, "1899-12-31")),
  instant = as.POSIXct(c("2020-07-01 12:00:00.25", NA, "1950-01-01 00:00:00"), tz = "Europe/Paris"),
  local = as.POSIXct(c(0, NA, 1e9), origin = "1970-01-01", tz = "UTC"),
  wait = as.difftime(c(1.5, NA, -3), units = "mins"),
  row.names = c("first", "second", "third")
)
attr(frame$local, "tzone") <- NULL
# bit64 keeps an integer of 64 bits in the bits of a double; these are 2^40 + 1, NA and -1.
con <- rawConnection(as.raw(c(1, 0, 0, 0, 0, 1, 0, 0, rep(0, 7), 128, rep(255, 8))))
frame$big <- structure(readBin(con, "double", 3), class = "integer64")
close(con)
saveRDS(frame, "tests/reference/r_frame.rds", version = 3)
