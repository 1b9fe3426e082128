#!/usr/bin/env bash
# Run make targets one after the other, all of them even if one fails, and close with a table.
set -uo pipefail
: "${MAKE:=make}"

names=()
results=()
failed=0
for step in "$@"; do
  printf '\n==== %s\n' "$step"
  start=$SECONDS
  if $MAKE --no-print-directory "$step"; then
    outcome=passed
  else
    outcome=FAILED
    failed=$((failed + 1))
  fi
  names+=("$step")
  results+=("$outcome in $((SECONDS - start)) s")
done

printf '\n'
for i in "${!names[@]}"; do
  printf '%-14s %s\n' "${names[$i]}" "${results[$i]}"
done
printf 'steps: %d passed, %d failed\n' $((${#names[@]} - failed)) "$failed"
[ "$failed" -eq 0 ]
