#!/usr/bin/env bash
# Install what a build (`run`) or the tests (`test`) need from Debian, if anything is missing and we may.
#
#   tools/system_packages.sh run|test PYTHON
#
# A compiler and Python's headers are needed; without them this stops with a message. R with mgcv only serves the R code
# in the docs: without it those blocks are left out.
set -euo pipefail
purpose=$1
python=$2

missing=()
need() { # need PACKAGE COMMAND...: the package is missing if the command fails
  local package=$1
  shift
  "$@" >/dev/null 2>&1 || missing+=("$package")
}
python_has_headers() { "$python" -c 'import os, sysconfig as s; raise SystemExit(not os.path.exists(os.path.join(s.get_paths()["include"], "Python.h")))'; }
has_doctest() { echo '#include <doctest/doctest.h>' | c++ -E -x c++ -o /dev/null -; }
has_mgcv() { Rscript -e 'quit(status = !requireNamespace("mgcv", quietly = TRUE))'; }

need g++ command -v c++
need python3 command -v "$python"
need python3-venv "$python" -c 'import ensurepip, venv'
need python3-dev python_has_headers
if [ "$purpose" = test ]; then
  need doctest-dev has_doctest
  need r-cran-mgcv has_mgcv
fi
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  echo "Installing from Debian: ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
  exit 0
fi
for package in "${missing[@]}"; do
  if [ "$package" != r-cran-mgcv ]; then
    echo "Missing: ${missing[*]} (names of Debian's packages). Install them, for example with: sudo apt-get install ${missing[*]}" >&2
    exit 1
  fi
done
echo "R with mgcv was not found: the R code in the docs will not be run."
