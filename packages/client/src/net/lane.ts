/**
 * The connection that a request travels on: answers come in order, so a long poll or a join that the broker holds back
 * would make everything behind it wait. Kafka's Java client separates all but joins, which have one of their own here:
 * `committed()` must not wait until the whole group has joined.
 */
export const lanes = ['main', 'fetch', 'coordinator', 'join'] as const

export type Lane = (typeof lanes)[number]
