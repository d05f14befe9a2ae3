#!/usr/bin/env bash
# joypad.js 2.3.5, on Node.js in jsdom 29.1.1 with a gamepad of our own.
#
# By the readme `axis_move` comes whenever an axis is moved, and `axisMovementThreshold` makes the movement more rigid. In
# fact it comes on every frame for which the axis is past the threshold, moved or not, and never below it.
# So a stick that is let go, or moved back slowly, sends no event that says so: the last value that a listener has is the
# last one past the threshold. There is no event for the return to the middle.
#
# In the field: a page that drives by the last `axis_move` goes on driving when the operator lets go of the stick.
#
# Seen: events while the stick is at -0.95, none in the frames after it is at 0; the last value is -0.95.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --no-package-lock --ignore-scripts joypad.js@2.3.5 jsdom@29.1.1
cat > release.cjs <<'JS'
const { JSDOM } = require('jsdom')

const { window } = new JSDOM('', { runScripts: 'outside-only', pretendToBeVisual: true })
const stick = (value) => ({
  index: 0, id: 'test', connected: true, mapping: 'standard', timestamp: 0,
  axes: [0, value, 0, 0], buttons: Array.from({ length: 17 }, () => ({ pressed: false, value: 0 })),
})
let pad = stick(0)
window.navigator.getGamepads = () => [pad, null, null, null]
window.eval(require('fs').readFileSync(require.resolve('joypad.js'), 'utf8'))

const heard = []
window.joypad.on('axis_move', (event) => heard.push(event.detail.axisMovementValue))
const connected = new window.Event('gamepadconnected')
connected.gamepad = pad
window.dispatchEvent(connected)

const frames = (count, then) => count ? window.requestAnimationFrame(() => frames(count - 1, then)) : then()
frames(5, () => {
  pad = stick(-0.95)
  frames(20, () => {
    pad = stick(0)
    frames(3, () => {
      const before = heard.length
      frames(60, () => {
        console.log(`${before} events while forward, ${heard.length - before} in 60 frames after the release; last value ${heard.at(-1)}`)
        process.exit(before >= 10 && heard.length === before && heard.at(-1) === -0.95 ? 0 : 1)
      })
    })
  })
})
JS
node release.cjs
