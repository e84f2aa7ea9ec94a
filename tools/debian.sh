#!/bin/bash
# Installs Debian packages, as root or through sudo; without either it says what to install.
set -euo pipefail

if ! command -v apt-get >/dev/null; then
    echo "These are needed and this is not Debian or Ubuntu, so please install them yourself: $*" >&2
    exit 1
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "These packages are needed; please install them as root: apt-get install $*" >&2
        exit 1
    fi
    as_root=(sudo)
fi
# A server that we install is for the tests, which start their own: policy-rc.d keeps the
# package from starting one now on the standard port.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
    "${as_root[@]}" chmod 755 "$policy"
    trap '"${as_root[@]}" rm -f "$policy"' EXIT
fi
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
