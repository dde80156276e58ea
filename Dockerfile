# Latchkey's server. Build it in the repository's root: docker build -t latchkey .
# The base can be replaced, for example by a mirror's, with the same Node.js and a user for it.
ARG BASE=docker.io/library/node:22-bookworm-slim

FROM ${BASE} AS build
WORKDIR /src
COPY . .
# pnpm's store stays out of the layers of the next stage.
RUN npm run --silent pnpm -- install --frozen-lockfile --prod=false \
  && npm run --silent pnpm -- exec turbo run build --filter=@latchkey/standalone --filter=@latchkey/server \
  && npm run --silent pnpm -- --filter @latchkey/standalone --prod deploy --legacy /app \
  && cp -r apps/dashboard/dist /app/dist/dashboard \
  && node scripts/pruneImage.mjs /app \
  && node scripts/writeSbom.mjs /app

FROM ${BASE}
LABEL org.opencontainers.image.title="Latchkey" \
  org.opencontainers.image.description="API keys for the users of your product" \
  org.opencontainers.image.licenses="MIT"
ENV NODE_ENV=production \
  HOST=0.0.0.0 \
  DATA_DIR=/data
WORKDIR /app
COPY --from=build /app /app
RUN ln -s /app/node_modules/@latchkey/server/dist/cli.js /usr/local/bin/latchkey \
  && chmod 0755 /app/node_modules/@latchkey/server/dist/cli.js \
  && install -d -o 1000 -g 1000 -m 0700 /data
# A number, so that Kubernetes can tell that it is not root.
USER 1000:1000
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 3000}/readyz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/main.js"]
