#!/usr/bin/env bash
# @signalk/nmea0183-signalk 3.20.1 (npm).
#
# A receiver at 10 Hz sends the position of 12:00:00.90 as GGA and as RMC, both with 120000.90 in them. In Signal K the RMC
# position bears 12:00:00.900Z, the GGA, GLL and GNS positions of the same instant 12:00:00.000Z: the fraction is cut off.
# A stream of GGA has ten different places for every second, and one of both kinds goes back and forth in time. Signal K
# asks for RFC 3339 time stamps of the moment of the measurement and allows fractions; the readme names no difference.
#
# In the field: speed from position and time is wrong or infinite, and a depth is put up to a second's drive away.
#
# Seen: stamps .000 .500 .900 from RMC, and .000 three times from each of GGA, GLL and GNS.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --no-package-lock --ignore-scripts @signalk/nmea0183-signalk@3.20.1
cat > stamps.cjs <<'JS'
const assert = require('assert')
const Parser = require('@signalk/nmea0183-signalk')
const parser = new Parser()
const sentence = (body) => {
  let sum = 0
  for (const sign of body) sum ^= sign.charCodeAt(0)
  return `$${body}*${sum.toString(16).toUpperCase().padStart(2, '0')}`
}
const place = '4448.1234567,N,01652.1234567,E'
const bodies = {
  RMC: (time) => `GNRMC,${time},A,${place},0.400,0.0,301126,,,R,V`,
  GGA: (time) => `GNGGA,${time},${place},4,20,0.7,150.123,M,45.6,M,1.2,0001`,
  GLL: (time) => `GNGLL,${place},${time},A,R`,
  GNS: (time) => `GNGNS,${time},${place},RRNN,20,0.7,150.1,45.6,1.2,0001,V`,
}
for (const [kind, body] of Object.entries(bodies)) {
  const stamps = ['120000.00', '120000.50', '120000.90'].map(
    (time) => parser.parse(sentence(body(time))).updates[0].timestamp.slice(-13))
  console.log(kind, ...stamps)
  const fractions = kind === 'RMC' ? ['000', '500', '900'] : ['000', '000', '000']
  assert.deepStrictEqual(stamps, fractions.map((part) => `12:00:00.${part}Z`))
}
JS
node stamps.cjs
