import assert from 'node:assert/strict'
import { test } from 'node:test'
import { controlSamsa } from '../../cluster/controlled-samsa.ts'
import { clients } from '../../drivers/clients.ts'
import { Stage } from '../stage.ts'
import { rows } from './index.ts'

test('rows have names of their own, and every role is played by the clients they name', () => {
  assert.equal(new Set(rows.map(({ id }) => id)).size, rows.length)
  for (const { id, load, target } of rows) {
    assert.ok(load.length > 0, id)
    for (const { role, client } of load) {
      if (client) assert.ok(clients[client].roles.includes(role), `${id}: ${client}`)
      assert.equal(role === 'copy', role === 'copy' && target !== undefined, id)
    }
  }
})

test('a positive control says what it has to find', () => {
  const controls = rows.filter(({ id }) => id.startsWith('control-'))
  assert.equal(controls.length, 5)
  for (const { id, mustFind } of controls) assert.ok(mustFind?.includes(id.slice(8) as 'L1'), id)
})

test('faults are drawn from the seed, told when they begin and end, and stop in time', async () => {
  const cluster = await controlSamsa()
  try {
    await cluster.createTopic('t', { partitions: 2 })
    const told: string[] = []
    const stage = new Stage({
      cluster,
      proxies: [],
      topic: 't',
      groups: [],
      durationMs: 1_500,
      seed: 3,
      signal: new AbortController().signal,
      note: (f, text) => told.push(`${f} ${text.split(':')[0]}`),
    })
    assert.deepEqual(stage.scaled([20_000, 40_000]), [250, 500])
    const again = new Stage({ ...stage, groups: [], signal: stage.signal, note: () => {} })
    assert.deepEqual(stage.shuffled([1, 2, 3, 4, 5, 6]), again.shuffled([1, 2, 3, 4, 5, 6]))
    await stage.schedule({ kinds: ['kill'], everyMs: 300, holdMs: 100, noneShare: 0 })
    assert.ok(stage.isOver)
    const faults = told.filter((line) => line === 'fault kill').length
    assert.ok(faults >= 1, told.join('\n'))
    assert.equal(told.filter((line) => line === 'heal kill').length, faults)
    assert.equal(told.at(-1), 'heal all')
  } finally {
    await cluster.stop()
  }
})
