#!/usr/bin/env bash
# node-mavlink 2.3.0 on Node.js, heard by pymavlink 2.4.50.
#
# A signature's time stamp has steps of 10 us, and every frame of a stream must have a higher one than the frame before.
# `sendSigned` and `MavLinkProtocolV2.sign` take it from Date.now(), a millisecond, and keep no count. Two frames signed
# in one millisecond bear the same stamp, and a receiver that checks as MAVLink asks refuses the second as a replay:
# a heartbeat and a command sent one right after the other reach the vehicle as the heartbeat alone. A millisecond or
# more between two frames avoids it.
#
# Seen: of 20 frames signed one after the other fewer than 20 stamps differ, and pymavlink takes as many as differ;
# of 20 frames with 3 ms between them it takes 20.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --no-package-lock --ignore-scripts node-mavlink@2.3.0
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pymavlink==2.4.50
cat > sign.mjs <<'JS'
import { createRequire } from 'node:module'
const { MavLinkProtocolV2, MavLinkPacketSignature, minimal } = createRequire(import.meta.url)('node-mavlink')
const key = MavLinkPacketSignature.key('a passphrase')
const pause = Number(process.argv[2])
const signed = []
for (let number = 0; number < 20; number++) {
  const protocol = new MavLinkProtocolV2(255, 190, MavLinkProtocolV2.IFLAG_SIGNED)
  signed.push(protocol.sign(protocol.serialize(new minimal.Heartbeat(), number), 1, key))
  if (pause) await new Promise((done) => setTimeout(done, pause))
}
for (const frame of signed) console.log(frame.toString('hex'))
JS
cat > hear.py <<'PY'
import hashlib
import sys

from pymavlink.dialects.v20 import common

frames = [bytes.fromhex(line) for line in sys.stdin.read().split()]
link = common.MAVLink(None)
link.robust_parsing = True
link.signing.secret_key = hashlib.sha256(b"a passphrase").digest()
link.signing.timestamp = int.from_bytes(frames[0][-12:-6], "little") - 1
taken = 0
for frame in frames:
    heard = link.parse_buffer(frame) or []
    taken += sum(one.get_type() == "HEARTBEAT" for one in heard)
print(len({frame[-12:-6] for frame in frames}), taken)
PY
read -r stamps taken < <(node sign.mjs 0 | venv/bin/python hear.py)
read -r slow_stamps slow_taken < <(node sign.mjs 3 | venv/bin/python hear.py)
echo "20 frames at once: $stamps different stamps, $taken taken; with 3 ms between them: $slow_stamps and $slow_taken"
[ "$stamps" -lt 20 ] && [ "$taken" -eq "$stamps" ] && [ "$slow_stamps" -eq 20 ] && [ "$slow_taken" -eq 20 ]
