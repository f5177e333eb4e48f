#!/usr/bin/env bash
# Runs the whole demo from a clean clone; python3 (3.11 or newer) is all it needs.
#   ./run_all.sh [options]   ./run_all.sh test [pytest arguments]   ./run_all.sh bench [NAME ...]   (--help tells more)
[ -n "${BASH_VERSION-}" ] || exec bash "$0" "$@" # `sh run_all.sh`, zsh
set +efC -uo pipefail +o posix
shopt -u failglob nullglob nocasematch
export -n SHELLOPTS BASHOPTS # they are for us alone: python3 may be a script of bash's (pyenv's, asdf's)
trap '' PIPE # a reader that went away costs words, not the show
{ true >&1; } 2>/dev/null || exec >/dev/null
{ true >&2; } 2>/dev/null || exec 2>/dev/null
[[ ! -d /dev/stdin ]] || exec </dev/null # no Python starts on a directory

say() { echo "gopherpizza: $*" >&2 || true; }
die() { say "$*"; exit 1; }

# Settings for other Pythons than ours: their home, their modules, their output, where their packages go. And
# some (PYTHONHASHSEED, PYTHONMALLOC …) end every Python where their value is none of theirs.
for name in ${!PYTHON@}; do
  case $name=${!name} in
    PYTHON=* | PYTHONUTF8=[01] | PYTHONCOERCECLOCALE=* | PYTHONWARNINGS=* | PYTHONUNBUFFERED=*) ;;
    PYTHONDONTWRITEBYTECODE=* | PYTHONPYCACHEPREFIX=* | PYTHONFAULTHANDLER=* | PYTHONDEVMODE=*) ;;
    PYTHONASYNCIODEBUG=* | PYTHONPROFILEIMPORTTIME=*) ;;
    *) unset "$name" ;;
  esac
done
# And what says what to install, and where to: that is ours. From where, and how, stays (index, proxy, cache …).
unset PIP_TARGET PIP_PREFIX PIP_ROOT PIP_PYTHON PIP_PLATFORM PIP_PYTHON_VERSION PIP_IMPLEMENTATION PIP_ABI
unset PIP_DRY_RUN PIP_NO_DEPS PIP_NO_DEPENDENCIES PIP_EDITABLE PIP_REQUIREMENT PIP_REQUIRE_HASHES
unset PIP_NO_BUILD_ISOLATION PIP_USE_PEP517 PIP_IGNORE_INSTALLED
unset UV_REQUIRE_HASHES UV_NO_BUILD_ISOLATION UV_WORKING_DIR UV_PYTHON_PREFERENCE
unset TOKIO_WORKER_THREADS # Temporal's SDK panics where it is no number
export PIP_USER=0
export GOPHERPIZZA_CALLER="$PWD" # relative paths are the caller's, and this is done in our directory
for name in TEMPORAL_CONFIG_FILE ${!TEMPORAL_TLS_@} KUBECONFIG TMPDIR PIP_CERT PIP_CONFIG_FILE PIP_CONSTRAINT; do
  case $name=${!name-} in
    *= | *=[/~]* | *://*) ;;
    TEMPORAL_TLS_*_PATH=* | [!_]*_CONFIG_FILE=* | KUBECONFIG=* | TMPDIR=* | PIP_CERT=* | PIP_CONSTRAINT=*)
      export "$name=$PWD/${!name}" ;;
  esac
done
here=${BASH_SOURCE[0]}
while [[ -L $here ]]; do # a link to this file is as good as the file
  link=$(readlink "$here"); [[ $link == /* ]] || link=$(dirname "$here")/$link; here=$link
done
CDPATH='' cd -P -- "$(dirname "$here")" || die "$(dirname "$here") cannot be entered"

. api_stub/stack/install.sh || die "$PWD/api_stub/stack/install.sh cannot be read"

case ${1:-} in
# Three at a time: most tests wait for real processes. A file stays together; -n 0 turns it off.
test) install test; shift; exec .venv/bin/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder "$@" ;;
bench) install test; shift; exec .venv/bin/python -m tests.bench "$@" ;;
rounds) install run; shift; exec .venv/bin/python -m api_stub.kiosk.export "$@" ;;
bundle) install run; shift; exec .venv/bin/python -m api_stub.stack.bundle "$@" ;;
*) install run; exec .venv/bin/python -m api_stub.stack "$@" ;;
esac
