#!/bin/sh
# Runs one stage of a make target: says its name, and how long it took: stage.sh NAME COMMAND...
set -eu
name=$1
shift
printf '\n==> %s\n' "$name"
begun=$(date +%s)
status=0
"$@" || status=$?
taken=$(($(date +%s) - begun))
if [ "$status" = 0 ]; then verdict="done"; else verdict="FAILED (status $status)"; fi
printf '==> %s: %s in %d min %02d s\n' "$name" "$verdict" $((taken / 60)) $((taken % 60))
exit "$status"
