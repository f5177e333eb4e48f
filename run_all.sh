#!/usr/bin/env bash
# Runs the whole demo from a clean clone; python3 (3.11 or newer) is all it needs.
#   ./run_all.sh [options]   ./run_all.sh test [pytest arguments]   ./run_all.sh bench [NAME …]   (--help tells more)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

say() { echo "gopherpizza: $*" >&2; }
die() { say "$*"; exit 1; }

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
    [[ -x .venv/bin/python ]] || uv venv --python "$python" .venv >&2
    uv pip install --python .venv/bin/python --editable . >&2 || die "installing failed; see above"
  else
    if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
      say "making .venv"
      "$python" -m venv --clear .venv >&2 || die "python3 cannot make a venv (on Debian: apt install python3-venv)"
    fi
    say "installing into .venv with pip (once, about 20 s)"
    .venv/bin/python -m pip install --disable-pip-version-check --editable . >&2 || die "installing failed; see above"
  fi
  touch "$stamp"
  say "installed"
}

install
case ${1:-} in
test) shift; exec .venv/bin/python -m pytest "$@" ;;
bench) shift; exec .venv/bin/python -m tests.bench "$@" ;;
*) exec .venv/bin/python -m api_stub.stack "$@" ;;
esac
