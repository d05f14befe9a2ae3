#!/usr/bin/env bash
# csv2geojson 5.1.2 (npm).
#
# A spreadsheet in most of Europe writes 44,8020576 for a latitude and parts its columns with semicolons. csv2geojson takes
# the semicolons (`delimiter: ';'`), and it has a list of errors for coordinates that are no numbers. "44,8020576" gets no
# error: what stands before the comma is the latitude. Every point of a field lands on one crossing of whole degrees, many
# kilometres away, and inside the country. The readme does not speak of decimal commas.
#
# In the field: finds of a follow-up team, sent as CSV, are drawn on a web map tens of kilometres from where they lie.
#
# Seen: no error; both of two points 40 m apart are at 16, 44; of an empty latitude there is an error.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --no-package-lock --ignore-scripts csv2geojson@5.1.2
cat > read.cjs <<'JS'
const assert = require('assert')
const { csv2geojson } = require('csv2geojson')
const read = (text) => {
  let found
  csv2geojson(text, { delimiter: ';' }, (errors, made) => { found = { errors, places: made.features.map((one) => one.geometry.coordinates) } })
  return found
}
const commas = read('name;lat;lon\nA;44,8020576;16,8720561\nB;44,8024176;16,8720561\n')
const empty = read('name;lat;lon\nA;;16.8720561\n')
console.log('decimal commas:', JSON.stringify(commas))
console.log('an empty latitude:', empty.errors.length, 'error')
assert.deepStrictEqual(commas, { errors: null, places: [[16, 44], [16, 44]] })
assert(empty.errors.length === 1 && empty.places.length === 0)
JS
node read.cjs
