"""Standard errors, tests, bands and diagnostics: functions of arrays, without data frame or compiled core."""
