// A node-mavlink program as its users write one: MavEsp8266, the generated command classes, RcChannelsOverride.
// Arguments: PORT to send to on loopback, MODULES folder, [SECRET to sign with, LAG file]: its clock runs by the milliseconds
// of that file behind, as that of the vehicle does on a busy machine.
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { join } from 'node:path'

const [port, modules, secret, lag] = process.argv.slice(2)
if (lag) {
  const real = Date.now
  let last = 0
  Date.now = () => (last = Math.max(last + 1, real() - Number(readFileSync(lag, 'utf8'))))
}
const { MavEsp8266, MavLinkPacketSignature, minimal, common, ardupilotmega } = createRequire(join(modules, 'x.js'))('node-mavlink')
const REGISTRY = { ...minimal.REGISTRY, ...common.REGISTRY, ...ardupilotmega.REGISTRY }
const PATIENCE_MS = 60_000
const key = secret ? MavLinkPacketSignature.key(secret) : null
const link = new MavEsp8266()
const waiting = []
const heard = {}

link.on('data', (packet) => {
  const known = REGISTRY[packet.header.msgid]
  if (!known) return
  const data = packet.protocol.data(packet.payload, known)
  heard[known.MSG_NAME] = data
  for (const one of [...waiting]) {
    if (one.names.includes(known.MSG_NAME) && one.fits(data)) {
      waiting.splice(waiting.indexOf(one), 1)
      one.resolve({ name: known.MSG_NAME, data })
    }
  }
})

function hear(names, fits = () => true) {
  return new Promise((resolve, reject) => {
    waiting.push({ names, fits, resolve })
    setTimeout(() => reject(new Error(`no ${names} within ${PATIENCE_MS} ms`)), PATIENCE_MS).unref()
  })
}

// a signature's time has 10 us steps, the library fills it from a clock of 1 ms: two frames of one millisecond carry the
// same one, and the second is a replay to whoever checks; so one frame a millisecond
let lastSent = Promise.resolve()
function send(message) {
  if (!key) return link.send(message, 255, 190)
  lastSent = lastSent.then(() => new Promise((done) => setTimeout(done, 3))).then(() => link.sendSigned(message, key, 1, 255, 190))
  return lastSent
}

async function command(message) {
  message.targetSystem = message.targetComponent = 1
  const answer = hear(['COMMAND_ACK'], (data) => data.command === message.command)
  await send(message)
  const { data } = await answer
  if (data.result !== 0) throw new Error(`command ${data.command}: result ${data.result}`)
}

function armDisarm(arm) {
  const message = new common.ComponentArmDisarmCommand()
  message.confirmation = 1 // as every example of the library does
  message.arm = arm
  return command(message)
}

async function hold() {
  const message = new common.DoSetModeCommand()
  message.mode = 1
  message.customMode = 4
  await command(message)
}

async function upload() {
  const request = new common.MissionRequestList()
  request.targetSystem = request.targetComponent = 1
  const count = hear(['MISSION_COUNT'])
  await send(request)
  const items = []
  for (let seq = 0, total = (await count).data.count; seq < total; seq++) {
    const ask = new common.MissionRequestInt()
    ask.targetSystem = ask.targetComponent = 1
    ask.seq = seq
    const item = hear(['MISSION_ITEM_INT'], (data) => data.seq === seq)
    await send(ask)
    items.push((await item).data)
  }
  const announce = new common.MissionCount()
  announce.targetSystem = announce.targetComponent = 1
  announce.count = items.length
  let next = hear(['MISSION_REQUEST', 'MISSION_REQUEST_INT', 'MISSION_ACK'])
  await send(announce)
  for (;;) {
    const { name, data } = await next
    if (name === 'MISSION_ACK') {
      if (data.type !== 0) throw new Error(`MISSION_ACK ${data.type}`)
      return items.length
    }
    const item = items[data.seq]
    item.targetSystem = item.targetComponent = 1
    next = hear(['MISSION_REQUEST', 'MISSION_REQUEST_INT', 'MISSION_ACK'])
    await send(item)
  }
}

const hand = { throttle: 1500, button: 1000, count: 0 }
function sticks() {
  const message = new common.RcChannelsOverride()
  message.targetSystem = message.targetComponent = 1
  hand.count += 1
  message.chan1Raw = 1500 + (hand.count % 2)
  message.chan3Raw = hand.throttle - (hand.count % 2)
  message.chan8Raw = hand.button
  send(message)
}

function heartbeat() {
  const message = new minimal.Heartbeat()
  message.type = 6
  message.autopilot = 8
  message.systemStatus = 4
  message.mavlinkVersion = 3
  send(message)
}

const steps = {
  connect: async () => (heard.HEARTBEAT ?? (await hear(['HEARTBEAT'])).data).type,
  upload,
  arm: () => armDisarm(1),
  disarm: () => armDisarm(0),
  stop: hold,
  neutral: async () => { hand.throttle = 1500; hand.button = 1000 },
  button: async () => { hand.button = 1900 },
  push: async () => { hand.throttle = 1900 },
}

await link.start(0, Number(port), '127.0.0.1')
setInterval(heartbeat, 1000)
setInterval(sticks, 100)
for await (const line of createInterface({ input: process.stdin })) {
  let value
  try {
    value = (await steps[line]()) ?? 'ok'
  } catch (refusal) {
    value = `${refusal.name}: ${refusal.message}`
  }
  process.stdout.write(JSON.stringify({ step: line, value }) + '\n')
}
process.exit(0)
