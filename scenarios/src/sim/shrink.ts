import type { Plan, Restriction } from './plan.ts'

/** Least bursts of each producer that are tried. */
const LEAST_BURSTS = 2

/**
 * The least of a plan that still fails: first without as many faults as possible, then without clients, then with less
 * to do.
 * @param fails whether what is left of the plan fails in the same way
 * @param tries how often that may be asked
 */
export async function shrink(
  plan: Plan,
  fails: (restriction: Restriction) => Promise<boolean>,
  tries: number,
): Promise<Restriction> {
  let left = tries
  const attempt = async (restriction: Restriction) => left-- > 0 && (await fails(restriction))
  const all = plan.faults.map((_, index) => index)
  const faults = await fewest(all, (some) => attempt({ faults: some }))
  const names = plan.clients.map(({ name }) => name)
  const clients = await fewest(names, (some) => attempt({ faults, clients: some }))
  const bursts = await leastBursts((count) => attempt({ faults, clients, bursts: count }))
  return {
    ...(faults.length < all.length ? { faults } : {}),
    ...(clients.length < names.length ? { clients } : {}),
    ...(bursts === undefined ? {} : { bursts }),
  }
}

/**
 * A part of a list that fails and of which no half, quarter, ... and at last no single element can be left out. Source:
 * the idea of delta debugging (Zeller, 2002).
 * @param fails whether a part fails; the whole list does
 */
export async function fewest<T>(
  list: readonly T[],
  fails: (some: readonly T[]) => Promise<boolean>,
): Promise<readonly T[]> {
  let kept = list
  for (let size = Math.ceil(kept.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < kept.length; ) {
      const without = [...kept.slice(0, at), ...kept.slice(at + size)]
      if (await fails(without)) kept = without
      else at += size
    }
  }
  return kept
}

/** Half as many, again and again, as long as that fails; undefined when it never does. */
async function leastBursts(fails: (bursts: number) => Promise<boolean>): Promise<number | undefined> {
  let least: number | undefined
  for (let bursts = 128; bursts >= LEAST_BURSTS; bursts = Math.floor(bursts / 2)) {
    if (await fails(bursts)) least = bursts
    else if (least !== undefined) break
  }
  return least
}
