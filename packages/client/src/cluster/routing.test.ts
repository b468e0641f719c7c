import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import * as protocol from '@samsa/protocol'
import type { RoutedApi } from './cluster.ts'
import { routeOf, routing } from './routing.ts'

const SOURCES = new URL('../../src/', import.meta.url).pathname

test('requests go where they belong, on connections that do not block one another', () => {
  assert.deepEqual(routeOf('Produce'), { to: 'node', lane: 'main' })
  assert.deepEqual(routeOf('Fetch'), { to: 'node', lane: 'fetch' })
  assert.deepEqual(routeOf('ListOffsets'), { to: 'leader', lane: 'main' })
  assert.deepEqual(routeOf('JoinGroup'), { to: 'group', lane: 'join' })
  assert.deepEqual(routeOf('LeaveGroup'), { to: 'group', lane: 'main' })
  assert.deepEqual(routeOf('CreateTopics'), { to: 'controller', lane: 'main' })
})

test('a request that the table does not name has no way, and does not compile', () => {
  // @ts-expect-error: no client asks for it yet.
  const wrong: RoutedApi = protocol.DescribeQuorum
  assert.throws(() => routeOf(wrong.name), /routing\.ts does not say where DescribeQuorum goes/)
  assert.throws(() => routeOf('toString'), /does not say/)
})

test('the table names APIs of Kafka, and every API that the client asks for', () => {
  const apis = new Set(
    Object.values(protocol as Record<string, unknown>).flatMap((value) =>
      typeof value === 'object' && value !== null && 'request' in value ? [(value as protocol.Api).name] : [],
    ),
  )
  for (const name of Object.keys(routing)) assert.ok(apis.has(name), name)
  const files = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.includes('.test'),
  )
  const asked = files.flatMap((file) =>
    [...readFileSync(join(SOURCES, file), 'utf8').matchAll(/\.request\(\s*(\w+),/g)].map(([, name]) => name),
  )
  const named = asked.filter((name) => name !== undefined && apis.has(name))
  assert.ok(named.length >= 8, String(named))
  for (const name of named) assert.doesNotThrow(() => routeOf(name as string))
})
