#!/usr/bin/env bash
# Install what a build (`run`), the tests (`test`) or the tests with R (`r`) need from Debian, if anything is missing
# and we may.
#
#   tools/system_packages.sh run|test|r PYTHON
#
# What is missing and cannot be installed stops this with a message.
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

# The R package talks to a Python inside R's own process, which takes libpython as a shared library.
python_is_shared() { "$python" -c 'import ctypes, sysconfig as s; s.get_config_var("Py_ENABLE_SHARED") or exit(1); ctypes.CDLL(s.get_config_var("INSTSONAME"))'; }
python_version() { "$python" -c 'import sys; print("{}.{}".format(*sys.version_info))' 2>/dev/null; }

R_PACKAGES=(broom car codetools emmeans generics ggplot2 huge igraph jsonlite knitr lmtest MASS mgcv pkgload reticulate rmarkdown roxygen2 sandwich statmod testthat tibble)
need_r_packages() {
  local name
  while read -r name; do
    missing+=("r-cran-${name,,}")
  done < <(
    if command -v Rscript >/dev/null; then
      Rscript -e 'for (p in commandArgs(TRUE)) if (!nzchar(system.file(package = p))) writeLines(p)' "${R_PACKAGES[@]}"
    else
      printf '%s\n' "${R_PACKAGES[@]}"
    fi
  )
}

case $purpose in
  run | test)
    need g++ command -v c++
    need python3 command -v "$python"
    need python3-venv "$python" -c 'import ensurepip, venv'
    need python3-dev python_has_headers
    if [ "$purpose" = test ]; then need doctest-dev has_doctest; fi
    ;;
  r)
    need r-base-core command -v R
    need r-base-dev command -v gfortran
    need libtirpc-dev test -d /usr/include/tirpc
    need pandoc command -v pandoc
    need "libpython$(python_version)" python_is_shared
    need_r_packages
    ;;
esac
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  echo "Installing from Debian: ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
  exit 0
fi
echo "Missing: ${missing[*]} (names of Debian's packages). Install them, for example with: sudo apt-get install ${missing[*]}" >&2
if [ "$purpose" = r ]; then
  echo "Without R, 'make lint cpp-test pytest' runs the rest." >&2
fi
exit 1
