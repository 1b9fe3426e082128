#!/usr/bin/env bash
# Build and check the R package in r/.
#
#   tools/r_check.sh PYTHON FOLDER   with the Python of an environment that has contextstats: every test must run
#   tools/r_check.sh none FOLDER     without Python: tests and examples that need it are skipped, the rest must pass
#
# Passes if R CMD check ends with "Status: OK" and the tests ran (or, for none, were skipped).
set -euo pipefail
python=$1
folder=$2
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mkdir -p "$folder"

export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
if [ "$python" = none ]; then
  export RETICULATE_PYTHON=/nonexistent/python
else
  export RETICULATE_PYTHON=$python
  rm -rf "$folder/roxygen"
  cp -r r "$folder/roxygen"
  Rscript -e 'suppressMessages(roxygen2::roxygenise(commandArgs(TRUE)))' "$folder/roxygen" >/dev/null
  diff -r r/man "$folder/roxygen/man" && diff r/NAMESPACE "$folder/roxygen/NAMESPACE" ||
    { echo "The man pages or NAMESPACE are older than the R code: run roxygen2::roxygenise('r')."; exit 1; }
fi

source=$PWD/r
cd "$folder"
rm -rf contextstats_*.tar.gz contextstats.Rcheck
R CMD build "$source"
R CMD check --no-manual contextstats_*.tar.gz || { cat contextstats.Rcheck/tests/*.fail 2>/dev/null; exit 1; }

log=contextstats.Rcheck/00check.log
tests=$(cat contextstats.Rcheck/tests/testthat.Rout* | grep -E '^\[ FAIL [0-9]+ ' | tail -1)
echo "R tests: $tests"
grep -qx 'Status: OK' "$log" || { echo "R CMD check must end with Status: OK."; exit 1; }
if [ "$python" = none ]; then
  grep -Eq 'SKIP [1-9]' <<<"$tests" || { echo "Without Python some tests must have been skipped."; exit 1; }
else
  grep -Eq 'FAIL 0 .* SKIP 0 .* PASS [1-9]' <<<"$tests" || { echo "Every R test must run and pass."; exit 1; }
fi
