#!/usr/bin/env bash
# Installs what building and testing weir needs: Debian packages, pinned to LLVM 22.1, and a Python
# environment in build/venv. When it may not install, it prints what it would run and fails.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(clang-22 libclang-rt-22-dev clang-format-22 clang-tidy-22 lld-22 llvm-22-dev llvm-22-tools libmlir-22-dev mlir-22-tools
  cmake ninja-build ccache libdlpack-dev libgtest-dev libffi-dev zlib1g-dev libzstd-dev python3-venv)
llvm_version='1:22.1.*'

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done

# Any version of OpenMP's runtime serves libraries compiled with --threads=omp, so one that is there is kept.
/sbin/ldconfig -p | grep -q 'libomp\.so\.5 ' || missing+=(libomp5-14)

pinned=()
for package in "${missing[@]}"; do
  case "$package" in
    *-22 | *-22-*) pinned+=("$package=$llvm_version") ;;
    *) pinned+=("$package") ;;
  esac
done

if [ ${#missing[@]} -gt 0 ]; then
  as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
      as_root=(sudo)
    else
      echo "weir: these packages are missing and I may not install them. As root, run:" >&2
      echo "  apt-get update && apt-get install -y --no-install-recommends ${pinned[*]@Q}" >&2
      exit 1
    fi
  fi
  echo "weir: installing ${missing[*]}"
  "${as_root[@]}" apt-get update -q
  DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -q --no-install-recommends "${pinned[@]}"
fi

python=/usr/bin/python3
"$python" -c 'import ensurepip' 2>/dev/null || python=python3
stamp=build/venv/.requirements
if ! cmp -s requirements.txt "$stamp"; then
  echo "weir: installing Python packages into build/venv"
  mkdir -p build
  "$python" -m venv build/venv
  build/venv/bin/pip install -q --disable-pip-version-check -r requirements.txt
  cp requirements.txt "$stamp"
fi
