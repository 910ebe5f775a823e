# The release workflow pins this by digest: node:24-slim@sha256:…
ARG NODE_IMAGE=node:24-slim

# On the builder's own platform: what it makes runs on all of them, because none of it is native code.
FROM --platform=${BUILDPLATFORM} ${NODE_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY rolldown.config.ts openapi.json LICENSE ./
COPY deploy/*.mjs deploy/
COPY src src
COPY page page
RUN npm run build && rm dist/*.map
RUN node deploy/third-party-notices.mjs > THIRD_PARTY_NOTICES && node deploy/sbom.mjs > sbom.cdx.json
# The bundle holds all but these two packages and what they need (rolldown.config.ts).
RUN mkdir -p /image/app /image/usr/local/bin && cp -r --parents package.json LICENSE THIRD_PARTY_NOTICES sbom.cdx.json dist page $(node deploy/runtime-packages.mjs pino pino-pretty) /image/app && ln -s /app/dist/main.js /image/usr/local/bin/ice-service && chmod -R a+rX /image

FROM ${NODE_IMAGE}
WORKDIR /app
COPY --from=build /image /
# Owns none of these files, and the program writes none: the root file system can be read-only.
USER 65532:65532
EXPOSE 8080
STOPSIGNAL SIGTERM
# For HTTP at ICE_PORT; with TLS, or with the port set in a file, give the container another one.
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["node", "-e", "fetch('http://127.0.0.1:' + (parseInt(process.env.ICE_PORT) || 8080) + '/healthz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["ice-service"]
CMD ["serve"]
