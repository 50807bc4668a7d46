#!/bin/sh
# Builds console/dist, which the server embeds, if anything that it is made of is newer; nothing else.
set -eu
cd "$(dirname "$0")/.."
if [ ! -e console/package.json ]; then
  echo "No console in this tree: the server is built without it."
  exit 0
fi
cd console

node_major=$(node --version | sed 's/^v\([0-9]*\)\..*/\1/')
stamp=node_modules/.installed-by-curfew
want="node $node_major $(cksum <package-lock.json)"
if [ ! -e "$stamp" ] || [ "$(cat "$stamp")" != "$want" ]; then
  echo "Installing the console's packages"
  npm ci --no-audit --no-fund --loglevel=error
  printf '%s\n' "$want" >"$stamp"
fi

# What the build reads.
inputs="package-lock.json"
for input in package.json index.html vite.config.ts tsconfig.json src public scripts; do
  [ ! -e "$input" ] || inputs="$inputs $input"
done
if [ -e dist/index.html ] && [ -z "$(find $inputs -newer dist/index.html -print | head -n 1)" ]; then
  exit 0
fi
echo "Building the console"
npm run --silent build
# A build that leaves an unchanged file untouched would be repeated each time.
touch dist/index.html
