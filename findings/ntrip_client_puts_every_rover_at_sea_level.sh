#!/usr/bin/env bash
# ntrip-client 1.1.1 (npm).
#
# A network of reference stations makes corrections for the place that the rover sends to it as a GGA sentence: a virtual
# station stands there, or the troposphere is modelled for that height. ntrip-client asks for the place as ECEF
# coordinates `xyz`, which hold the height, turns them into latitude, longitude and height, and drops the height: every
# sentence says 0 m, with no satellites and an HDOP of 0. The readme shows `xyz` and says nothing of it.
#
# In the field: a machine at 650 m gets corrections for a place 650 m below it; nothing on either side says so.
#
# Seen: a caster on this computer hears the right latitude and longitude to a hundredth of a second, and altitude 0.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --no-package-lock --ignore-scripts ntrip-client@1.1.1
cat > caster.cjs <<'JS'
const assert = require('assert')
const net = require('net')
const { NtripClient } = require('ntrip-client')
// 44.802057 N, 16.868705 E, 650 m above the ellipsoid
const xyz = [1000 * 4338.50982193, 1000 * 1315.55205578, 1000 * 4472.22510755]
const caster = net.createServer((rover) => {
  let heard = ''
  rover.on('error', () => {})
  rover.on('data', (bytes) => {
    heard += bytes
    if (heard.includes('\r\n\r\n') && !heard.includes('GGA')) rover.write('ICY 200 OK\r\n\r\n')
    const line = /\$GPGGA,[^*]*\*[0-9A-F]{2}/.exec(heard)?.[0]
    if (line === undefined) return
    const words = line.split(',')
    console.log(line)
    assert.deepStrictEqual(words.slice(2, 6), ['4448.123420', 'N', '01652.122300', 'E'])
    assert.deepStrictEqual(words.slice(7, 12), ['00', '0.000', '0', 'M', '0'])
    process.exit(0)
  })
})
caster.listen(0, '127.0.0.1', () => {
  const place = { host: '127.0.0.1', port: caster.address().port, mountpoint: 'VRS', username: 'a', password: 'b' }
  const client = new NtripClient({ ...place, xyz, interval: 200 })
  client.on('error', (error) => console.log(String(error)))
  client.run()
})
setTimeout(() => process.exit(1), 20000)
JS
node caster.cjs
