# How run_all.sh installs the project into .venv; it is sourced there, in the checkout's directory.
#   install run|test     what a start needs, or what the tests need too; quick where nothing has changed
# shellcheck shell=bash

# A stop while it installs is a clean stop; the stamp is not written, so the next start installs again.
child=
trap '[[ -z $child ]] || { kill -- "-$child"; wait "$child"; } 2>/dev/null; exit 0' INT TERM HUP QUIT
slowly() { # run a command to its end, or until we are told to stop: then all that it has started ends, too
  local status
  set -m; "$@" </dev/null & child=$!; set +m # a group of its own
  wait "$child"; status=$?; child=
  return "$status"
}

one_at_a_time() { # wait until nobody else installs here; the lock is ours until descriptor 9 is closed
  local python lock="import fcntl; fcntl.flock(9, fcntl.LOCK_EX"
  python=$(find_python) || exit 1
  exec 9<run_all.sh
  "$python" -c "$lock | fcntl.LOCK_NB)" 2>/dev/null && return
  say "another start installs into .venv; waiting for it"
  slowly "$python" -c "$lock)" 2>/dev/null || true # a file system without locks: as if we were alone
}

find_python() { # the first python that is new enough, by its path: to uv, python3 is any Python 3
  local candidate found tell='import sys; sys.version_info < (3, 11) or print(sys.executable or sys.argv[1])'
  [[ ${PYTHON:-} != [!/]*/* ]] || PYTHON=$GOPHERPIZZA_CALLER/$PYTHON
  for candidate in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11; do
    found=; [[ -z $candidate ]] || found=$("$candidate" -c "$tell" "$candidate" 2>/dev/null)
    [[ -z $found ]] || { echo "$found"; return; }
  done
  die "python3 3.11 or newer is needed; found $(python3 --version 2>&1 || echo none). Set PYTHON to one."
}

venv_state() { # line 1: where .venv was made, and by which python; line 2: from what; then what is in it
  echo "$PWD python $(.venv/bin/python -c 'import sys; print(sys.version.split()[0])' || echo none)"
  cksum <pyproject.toml
  find .venv/bin .venv/lib/python*/site-packages -maxdepth 1 ! -name __pycache__ | sort
} 2>/dev/null

install() { # install run|test: the project into .venv, editable, with what pyproject.toml asks for
  if needs_install "$1"; then
    one_at_a_time
    ! needs_install "$1" || make_and_install "$1" # another start may have done it meanwhile
    exec 9<&-
  fi
}

needs_install() { # needs_install run|test: whether .venv is not what the last install left; sets made, missing
  local now
  stamp=.venv/installed-$1 now=$(venv_state); made=${now%%$'\n'*}
  missing=$(grep -vxF "$now" "$stamp" 2>/dev/null) # other lines than then are no harm: somebody added something
  [[ ! -s $stamp || -d $stamp || -n $missing ]] # an empty one is what a full disk, or a power cut, left
}

working_uv() { # uv, where there is one that runs: pyenv's and asdf's stand-ins may lead to none
  ! uv --version </dev/null >/dev/null 2>&1 || echo uv
}

cannot_make_venv() { # cannot_make_venv PYTHON: die, with the likely reason
  if [[ -L .venv ]]; then die "$PWD/.venv is a link ($(readlink .venv)); remove it"
  elif [[ -e .venv && ! -d .venv ]]; then die "$PWD/.venv is no directory; remove it"
  elif ! "$1" -c 'import ensurepip' 2>/dev/null; then
    die "python3 cannot make a venv (on Debian: apt install python3-venv)"
  fi
  die "$PWD/.venv cannot be made with $1 ($(df -Pk . | awk 'END { print int($4 / 1024) }') MB are free on its disk)"
}

make_and_install() {
  local log=.venv/install.log temporary=$PWD/.venv-tmp what=. uv pip python status
  [[ $1 == run ]] || what=".[$1]"
  # What a stop leaves unfinished lies here, not in everybody's directory of temporary files.
  trap 'rm -rf "$PWD/.venv-tmp" 2>/dev/null' EXIT
  rm -rf "$temporary"; mkdir -p "$temporary" || [[ -e $stamp ]] ||
    die "$PWD cannot be written, and .venv is made in it"
  uv=$(working_uv)
  if ! grep -qsxF "$made" .venv/installed-*; then # none yet, or another python's, or made elsewhere
    # --clear empties what a link leads to: it may be another checkout's, which is in use.
    [[ ! -L .venv || ! -e .venv/pyvenv.cfg ]] ||
      die "$PWD/.venv is a link to a venv that was not made here ($(readlink .venv)); remove the link"
    python=$(find_python) || exit 1
    say "making .venv"
    # uv may be told to take other Pythons only, or to keep its cache where it cannot.
    [[ -z $uv ]] || TMPDIR=$temporary slowly uv venv -q --clear --python "$python" .venv >&2 || uv=
    [[ -n $uv ]] || TMPDIR=$temporary slowly "$python" -m venv --clear .venv >&2 || cannot_make_venv "$python"
  fi
  # A venv of uv's has no pip, and uv may be gone, or not on this PATH.
  [[ -n $uv ]] || .venv/bin/python -c 'import pip' 2>/dev/null ||
    TMPDIR=$temporary slowly .venv/bin/python -m ensurepip >/dev/null 2>&1
  pip=(.venv/bin/python -m pip install --disable-pip-version-check)
  # Where something is installed already, a network that is not there is not waited for.
  [[ ! -e $stamp ]] || pip+=(--retries 1 --timeout 5)
  [[ -z $uv ]] || pip=(uv pip install --python .venv/bin/python)
  [[ $missing != *.venv/* ]] || pip+=(--force-reinstall) # what is gone may still be listed as installed
  say "installing into .venv with ${pip[0]##*/} (some seconds to half a minute)"
  TMPDIR=$temporary slowly "${pip[@]}" --editable "$what" >>"$log" 2>&1; status=$?
  rm -rf "$temporary"
  if [[ $status == 0 ]]; then
    [[ $1 == run ]] || venv_state >.venv/installed-run
    # pip compiles what it installs; of ours every start would compile all where Python is told to write nothing.
    slowly .venv/bin/python -m compileall -q api_stub worker game >>"$log" 2>&1
    [[ ! -d $stamp ]] || rm -rf "$stamp"
    { venv_state >.venv/stamp.new && mv -f .venv/stamp.new "$stamp"; } 2>/dev/null ||
      say "$PWD/$stamp cannot be written: the next start installs again"
    say "installed"
  elif [[ -e $stamp ]]; then
    say "what pyproject.toml asks for cannot be installed now (see $PWD/$log); starting what is there"
  else
    tail -n 3 "$log" >&2; die "installing failed; see $PWD/$log"
  fi
}
