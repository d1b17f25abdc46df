# What deploy/quickstart and tests/run have in common. Sourced, by sh or bash, with ROOT set to the checkout.
#
# Each function can be called again and does only what is missing. Nothing is changed before we know that all can be done.

say() { printf '%s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# --- Debian packages ---------------------------------------------------------------------------------------------------------

# The packages (column 2) or services (column 3) of the named sections.
listed() {
  column=$1; shift
  for section; do awk -v s="$section" -v c="$column" '$1 == s && $c != "-" { print $c }' "$ROOT/deploy/packages"; done
}

installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

missing_packages() { for package in $(listed 2 "$@"); do installed "$package" || printf '%s ' "$package"; done; }

# The sections asked for, and `python` where no fitting Python is found; for the tests `node` where no fitting Node.js is.
sections_needed() {
  find_python >/dev/null || printf 'python '
  case " $* " in *" tests "*) find_node || printf 'node ' ;; esac
  printf '%s ' "$@"
}

# need_packages COMMAND SECTION...: installs what is missing; without root says the one line to run, and ends.
need_packages() {
  again=$1; shift
  if ! command -v dpkg-query >/dev/null; then
    find_python >/dev/null || die "Outgate needs Python 3.11 to 3.14 with venv. Please install it, then run this again."
    say "This is not Debian or Ubuntu: please see to it yourself that these are there: $(listed 2 "$@" | tr '\n' ' ')"
    return 0
  fi
  # shellcheck disable=SC2046  # words are wanted
  set -- $(sections_needed "$@")
  packages=$(missing_packages "$@")
  [ -n "$packages" ] || return 0
  if [ "$(id -u)" -eq 0 ]; then
    install_packages "$@"
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    sudo -n "$again" --packages
  else
    say "These Debian packages are missing: $packages"
    say "Nothing has been changed. Please run this one line, then run this again:"
    die "  sudo $again --packages"
  fi
}

# A server is installed but never started, neither now nor at the next boot, and gets no configuration of ours.
install_packages() {
  packages=$(missing_packages "$@")
  [ -n "$packages" ] || return 0
  say "Installing Debian packages: $packages"
  new_services=$(for package in $packages; do awk -v p="$package" '$2 == p && $3 != "-" { print $3 }' "$ROOT/deploy/packages"; done)
  trap 'allow_starts' EXIT
  trap 'exit 130' INT TERM HUP
  forbid_starts
  case " $packages" in
    *" postfix "*) echo "postfix postfix/main_mailer_type select No configuration" | debconf-set-selections ;;
  esac
  apt_get update
  # shellcheck disable=SC2086  # words are wanted
  apt_get install --yes --no-install-recommends $packages
  if command -v systemctl >/dev/null; then
    for service in $new_services; do systemctl disable --quiet "$service" 2>/dev/null || say "Please see to it that $service does not start at boot."; done
  fi
  allow_starts
  trap - EXIT INT TERM HUP
}

apt_get() { DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get -qq -o DPkg::Lock::Timeout=300 "$@" >/dev/null </dev/null; }

# Debian asks policy-rc.d before a package may start its server; 101 forbids it. A policy of the machine's own comes back afterwards.
POLICY=/usr/sbin/policy-rc.d

forbid_starts() {
  [ ! -e "$POLICY.before-outgate" ] || allow_starts
  if [ -e "$POLICY" ]; then mv "$POLICY" "$POLICY.before-outgate"; fi
  printf '#!/bin/sh\n# outgate: for the time of one installation\nexit 101\n' >"$POLICY"
  chmod 755 "$POLICY"
}

allow_starts() {
  if grep -qs '^# outgate:' "$POLICY"; then rm -f "$POLICY"; fi
  if [ -e "$POLICY.before-outgate" ]; then mv "$POLICY.before-outgate" "$POLICY"; fi
}

# --- Python ------------------------------------------------------------------------------------------------------------------

# Prints the first Python that can run the gateway and make an environment; PYTHON=... is asked first.
find_python() {
  for candidate in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11; do
    [ -n "$candidate" ] || continue
    "$candidate" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null || continue
    "$candidate" -c 'import sys; print(sys.executable)'
    return 0
  done
  return 1
}

# Node.js from 18 on, and its npm, are there.
find_node() { command -v npm >/dev/null && node -e 'process.exit(process.versions.node.split(".")[0] < 18 ? 1 : 0)' 2>/dev/null; }

# need_environment run|dev: .venv in the checkout, with what the lock names and nothing that it does not vouch for.
# `dev` holds all of `run`. A stamp tells which lock is installed; it is written last, so a half-made environment is made again.
need_environment() {
  wanted=$1
  case $wanted in run) lock=requirements.lock ;; dev) lock=requirements-dev.lock ;; esac
  cd "$ROOT" || exit 1
  if environment_is "$wanted" || { [ "$wanted" = run ] && environment_is dev; }; then return 0; fi
  python=$(find_python) || die "No Python 3.11 to 3.14 with venv found."
  if ! .venv/bin/python -c 'import pip' 2>/dev/null; then
    say "Making .venv with $python"
    rm -rf .venv
    "$python" -m venv .venv
  fi
  say "Installing from $lock (hashes checked); this takes a minute or two ..."
  rm -f .venv/installed-run .venv/installed-dev
  pip_install --require-hashes --only-binary :all: -r requirements-build.lock
  # Built here, without fetching builders that no hash vouches for.
  pip_install --require-hashes --no-build-isolation --use-pep517 -r "$lock"
  pip_install --no-deps --no-build-isolation --editable .
  environment_mark "$wanted" >".venv/installed-$wanted"
}

pip_install() { .venv/bin/python -m pip install --quiet --disable-pip-version-check "$@"; }

environment_is() { [ -x .venv/bin/python ] && [ "$(cat ".venv/installed-$1" 2>/dev/null)" = "$(environment_mark "$1")" ]; }

environment_mark() {
  case $1 in run) files=requirements.lock ;; dev) files=requirements-dev.lock ;; esac
  # The place too: an environment does not survive being moved.
  { pwd; .venv/bin/python -V; cat pyproject.toml requirements-build.lock "$files"; } 2>&1 | sha256sum | cut -d' ' -f1
}
