# The same images as `make images`, for those who build with a container engine:
#   docker build --build-arg OPERATOR=evercert-issuer -t localhost/evercert-issuer:1 .
# OPERATOR: evercert-issuer, evercert-cert-utils or evercert-reloader.
FROM docker.io/library/rust:1.95-bookworm AS build
ARG OPERATOR
WORKDIR /src
RUN apt-get update && apt-get install -y --no-install-recommends cmake && rm -rf /var/lib/apt/lists/*
# The repository's .cargo/config.toml makes the binary static.
COPY . .
RUN cargo build --locked --profile dist -p "$OPERATOR" \
    && mkdir -p /image/tmp && chmod 1777 /image/tmp \
    && cp "target/x86_64-unknown-linux-gnu/dist/$OPERATOR" /image/operator

FROM scratch
COPY --from=build /image /
USER 65532:65532
ENTRYPOINT ["/operator"]
