#!/bin/sh
# Makes the virtual environment: make-venv.sh PYTHON FOLDER. On Debian, python3 comes without what venv needs.
set -eu
python=$1
folder=$2

fail() {
    printf '%s\n' "$@" >&2
    exit 1
}

command -v "$python" >/dev/null 2>&1 || fail "There is no $python. Install Python 3.11 or newer (Debian: apt-get install python3)."
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "Holdfast needs Python 3.11 or newer, and $python is $("$python" -c 'import platform; print(platform.python_version())')." \
        "Name another one: make PYTHON=python3.12 …"

if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
        fail "$python cannot make a virtual environment: the package $package is missing." \
            "Install it (apt-get install $package, as root) and run the same command again."
    fi
    echo "Installing $package …"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends "$package" >/dev/null
fi

echo "Making the virtual environment $folder …"
"$python" -m venv --clear "$folder"
