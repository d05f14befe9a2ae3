#!/usr/bin/env bash
# nmea-simple 3.3.0 and gps 0.9.0 (npm).
#
# A receiver with two antennas that has lost its heading sends $GNHDT,,T: in NMEA 0183 an empty field is "no value".
# nmea-simple gives `heading: 0`, north, with the checksum right and nothing else in the packet that differs from a true
# north. An empty age of the corrections becomes `differentialAge: 0`, as fresh as can be, and an empty course `trackTrue:
# 0`. The types say `number`, so no compiler asks either. The library gps gives null or NaN for each of them. The readme of
# nmea-simple does not speak of empty fields.
#
# In the field: a machine that has lost its heading is steered as if it pointed north, on corrections that seem new.
#
# Seen: heading, age of corrections and course are 0 in nmea-simple and null or NaN in gps.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --no-package-lock --ignore-scripts nmea-simple@3.3.0 gps@0.9.0
cat > read.cjs <<'JS'
const assert = require('assert')
const GPS = require('gps')
const { parseNmeaSentence } = require('nmea-simple')
const sentence = (body) => {
  let sum = 0
  for (const sign of body) sum ^= sign.charCodeAt(0)
  return `$${body}*${sum.toString(16).toUpperCase().padStart(2, '0')}`
}
const place = '4448.1234567,N,01652.1234567,E'
for (const [body, simple, other] of [
  ['GNHDT,,T', 'heading', 'heading'],
  [`GNGGA,120000.00,${place},1,20,0.7,150.123,M,45.6,M,,`, 'differentialAge', 'age'],
  [`GNRMC,120000.00,A,${place},0.004,,301126,,,A,V`, 'trackTrue', 'track'],
]) {
  const line = sentence(body)
  const read = [parseNmeaSentence(line)[simple], (GPS.default ?? GPS).Parse(line)[other]]
  console.log(line, `nmea-simple: ${simple} ${read[0]};`, `gps: ${other} ${read[1]}`)
  assert(read[0] === 0 && !Number.isFinite(read[1]))
}
JS
node read.cjs
