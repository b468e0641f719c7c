import assert from 'node:assert/strict'
import test from 'node:test'
import type { Plan } from './plan.ts'
import { planOf, restricted } from './plan.ts'
import { fewest, shrink } from './shrink.ts'

test('a list is reduced to what fails together, and to nothing when everything fails', async () => {
  const list = Array.from({ length: 23 }, (_, index) => index)
  for (const culprits of [[], [7], [0, 22], [3, 4, 15], list]) {
    const found = await fewest(list, async (some) => culprits.every((each) => some.includes(each)))
    assert.deepEqual(found, culprits)
  }
})

/** A seed whose plan has some of everything. */
const plan: Plan = planOf(1, 'crashes')

test('a plan shrinks to the faults, clients and bursts that it takes', async () => {
  const { name } = plan.clients[0] as { name: string }
  let asked = 0
  const found = await shrink(
    plan,
    async (restriction) => {
      asked++
      const { faults, clients, bursts } = restricted(plan, restriction)
      return (
        faults.includes(plan.faults[2] as never) && clients.some((each) => each.name === name) && bursts >= 30
      )
    },
    1000,
  )
  assert.deepEqual(found, { faults: [2], clients: [name], bursts: 32 })
  assert.ok(asked < 100, `${asked}`)
})

test('it says nothing about what it cannot do without, and asks no more often than it may', async () => {
  let asked = 0
  const found = await shrink(plan, async () => ++asked < 0, 5)
  assert.deepEqual(found, {})
  assert.equal(asked, 5)
})
