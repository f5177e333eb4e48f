#!/usr/bin/env bash
# Runs the whole demo from a clean clone; python3 (3.11 or newer) is all it needs.
#   ./run_all.sh [options]   ./run_all.sh test [pytest arguments]   ./run_all.sh bench [NAME …]   (--help tells more)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

say() { echo "gopherpizza: $*" >&2; }
die() { say "$*"; exit 1; }

# A stop while it installs is a clean stop; the stamp is not written, so the next start installs again.
child=
trap '[[ -z $child ]] || kill "$child" 2>/dev/null; exit 0' INT TERM HUP
slowly() { # run a command to its end, or until we are told to stop
  "$@" >&2 & child=$!
  wait "$child" && child=
}

find_python() { # the first python that is new enough
  local candidate
  for candidate in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11; do
    if [[ -n $candidate ]] && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      echo "$candidate"; return
    fi
  done
  die "python3 3.11 or newer is needed; found $(python3 --version 2>&1 || echo none). Set PYTHON to one."
}

install() { # the project into .venv, editable, with whatever pyproject.toml asks for
  local stamp=.venv/installed python
  [[ -e $stamp && ! pyproject.toml -nt $stamp && -x .venv/bin/python ]] && return
  python=$(find_python)
  if command -v uv >/dev/null; then
    say "installing into .venv with uv (once, some seconds)"
    [[ -x .venv/bin/python ]] || slowly uv venv --python "$python" .venv
    slowly uv pip install --python .venv/bin/python --editable . || die "installing failed; see above"
  else
    if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
      say "making .venv"
      slowly "$python" -m venv --clear .venv || die "python3 cannot make a venv (on Debian: apt install python3-venv)"
    fi
    say "installing into .venv with pip (once, about 20 s)"
    slowly .venv/bin/python -m pip install --disable-pip-version-check --editable . || die "installing failed; see above"
  fi
  touch "$stamp"
  say "installed"
}

install
case ${1:-} in
# Three at a time: most tests wait for real processes. A file stays together; -n 0 turns it off.
test) shift; exec .venv/bin/python -m pytest -n 3 --dist loadfile "$@" ;;
bench) shift; exec .venv/bin/python -m tests.bench "$@" ;;
*) exec .venv/bin/python -m api_stub.stack "$@" ;;
esac
