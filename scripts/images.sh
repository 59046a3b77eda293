#!/bin/sh
# Writes the three operators' images as OCI archives, without a container engine: images.sh PROFILE OUTDIR
# Each is one static program on an empty root, run by an unprivileged user.
set -eu
profile=$1 out=$2
target=${CARGO_TARGET_DIR:-target}/x86_64-unknown-linux-gnu
operators="evercert-issuer evercert-cert-utils evercert-reloader"

# The writer comes from the dev build, with the features of the whole workspace, so that nothing is compiled twice.
cargo build --workspace --bin evercert-cluster
writer=$target/debug/evercert-cluster
if [ "$profile" = dev ]; then
    folder=debug
    cargo build --workspace --bins
else
    # What is delivered is built with its own features only.
    folder=$profile
    cargo build --profile "$profile" $(printf -- '-p %s ' $operators)
fi
mkdir -p "$out"
stripped=$(mktemp -d)
trap 'rm -rf "$stripped"' EXIT
for name in $operators; do
    strip -o "$stripped/$name" "$target/$folder/$name"
    "$writer" oci --name "localhost/$name:1" --entrypoint "/$name" \
        --out "$out/$name.tar.partial" "$stripped/$name:/$name"
    mv "$out/$name.tar.partial" "$out/$name.tar"
    echo "    $out/$name.tar $(du -h "$out/$name.tar" | cut -f1)"
done
