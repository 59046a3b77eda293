#!/bin/sh
# Installs what a make target needs, or names it: needs.sh GROUP... with groups build, java, dns, cluster.
# As root with apt-get the Debian packages are installed; otherwise the missing ones are named and the target ends.
set -eu

missing=""
want() { # PROGRAM PACKAGE: the package is wanted where the program is not in PATH
    command -v "$1" >/dev/null 2>&1 || case " $missing " in *" $2 "*) ;; *) missing="$missing $2" ;; esac
}
PATH="$PATH:/usr/sbin:/sbin"

for group in "$@"; do
    case "$group" in
    build) # C and assembler sources of the crypto libraries, and perl for OpenSSL's configuration
        want cc gcc; want make make; want perl perl; want cmake cmake; want strip binutils ;;
    java) # keytool and a JVM judge the keystores; jlink makes the demo's image
        want jlink openjdk-17-jdk-headless; want keytool openjdk-17-jdk-headless ;;
    dns) # an authoritative server for DNS-01, and its tools
        want named bind9; want rndc bind9-utils; want nsupdate bind9-dnsutils; want dig bind9-dnsutils ;;
    cluster)
        want unshare util-linux; want ip iproute2; want iptables iptables; want containerd containerd; want runc runc
        want named bind9; want rndc bind9-utils; want haproxy haproxy; want openssl openssl
        test -x /usr/lib/cni/bridge || missing="$missing containernetworking-plugins"
        # The pause image holds nothing but this program, so it has to be the static one.
        { command -v busybox >/dev/null && ! ldd "$(command -v busybox)" >/dev/null 2>&1; } || missing="$missing busybox-static" ;;
    esac
done
for tool in cargo go; do
    command -v "$tool" >/dev/null 2>&1 || { echo "$tool is missing: Rust 1.95 and Go 1.26 or later are needed (see README.md)" >&2; exit 1; }
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "==> installing Debian packages:$missing"
    export DEBIAN_FRONTEND=noninteractive
    # Installed services must not start here: the cluster runs its own.
    policy=/usr/sbin/policy-rc.d; made=""
    [ -e "$policy" ] || { printf '#!/bin/sh\nexit 101\n' > "$policy"; chmod +x "$policy"; made=yes; }
    trap '[ -z "$made" ] || rm -f "$policy"' EXIT
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing; } >/dev/null
else
    echo "please install these packages (Debian names):$missing" >&2
    exit 1
fi
