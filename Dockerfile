FROM node:24-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY rolldown.config.ts openapi.json LICENSE ./
COPY deploy/runtime-packages.mjs deploy/
COPY src src
COPY page page
RUN npm run build
# The bundle holds all but these two packages and what they need (rolldown.config.ts).
RUN mkdir /app && cp -r --parents package.json LICENSE dist page $(node deploy/runtime-packages.mjs pino pino-pretty) /app

FROM node:24-slim
WORKDIR /app
COPY --from=build /app ./
# Owns none of these files, and the program writes none: the root file system can be read-only.
USER 65532:65532
EXPOSE 8080
STOPSIGNAL SIGTERM
# For HTTP at ICE_PORT; with TLS, or with the port set in a file, give the container another one.
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["node", "-e", "fetch('http://127.0.0.1:' + (parseInt(process.env.ICE_PORT) || 8080) + '/healthz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/dist/main.js"]
CMD ["serve"]
