library(testthat)
library(contextstats)

test_check("contextstats")
