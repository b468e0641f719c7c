/**
 * The connection that a request travels on: answers come in order, so a long poll or a join that the broker holds back
 * would make everything behind it wait; Kafka's Java client separates the same way.
 */
export type Lane = 'main' | 'fetch' | 'coordinator'
