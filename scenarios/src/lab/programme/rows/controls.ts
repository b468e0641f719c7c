import type { SeenFrame } from '../../proxy/fault.ts'
import type { Row } from '../row.ts'

/** Rows that have to find something on a real Kafka: a judge that stays silent here is blind. */

const reader = { role: 'consume', options: { group: 'one', handed: true } } as const

/** A leader is elected that lacks what was acknowledged by one. */
const controlL1: Row = {
  id: 'control-L1',
  title: 'acks=1 and an unclean election: acknowledged records are lost',
  clusters: ['kafka'],
  topic: {
    partitions: 1,
    configs: { 'unclean.leader.election.enable': 'true', 'min.insync.replicas': '1' },
  },
  load: [{ role: 'produce', options: { rate: 200, acks: '1', idempotence: false, inFlight: 1 } }, reader],
  // What is asked is what acks=all promises.
  mode: { acks: 'all' },
  mustFind: ['L1', 'L2', 'S1', 'S6'],
  faults: async (stage) => {
    while (!stage.isOver) {
      stage.fault('unclean election')
      const { endBefore, endAfter } = await stage.cluster.electUnclean(stage.topic, 0, () =>
        stage.sleep(3_000),
      )
      stage.heal(`unclean election: the end went from ${endBefore} to ${endAfter}`)
      await stage.sleep(5_000)
    }
  },
}

/** Answers are lost, and what is sent again is stored again. */
const controlS2: Row = {
  id: 'control-S2',
  title: 'no idempotence and lost answers: records are stored twice',
  topic: { partitions: 4 },
  load: [{ role: 'produce', options: { rate: 200, idempotence: false, requestTimeoutMs: 3_000 } }, reader],
  isProxied: true,
  // What is asked is what idempotence promises.
  mode: { idempotent: true },
  mustFind: ['S2'],
  faults: async (stage) => {
    while (!stage.isOver) {
      const end = stage.inject(
        { api: 'Produce', action: 'drop', next: 'reset' },
        'an answer to Produce is lost',
      )
      await stage.sleep(4_000)
      end()
    }
  },
}

/** A reader that is held to read_committed reads everything. */
const controlL3: Row = {
  id: 'control-L3',
  title: 'read_uncommitted where read_committed is asked for: aborted records are read',
  clusters: ['kafka'],
  topic: { partitions: 4 },
  target: { partitions: 4 },
  load: [
    { role: 'produce', options: { rate: 300 } },
    {
      role: 'copy',
      client: 'java',
      options: { group: 'copiers', transactionalId: 'copier', abortOneIn: 3, batch: 20 },
    },
    { role: 'consume', isOfTarget: true, options: { group: 'one', isolation: 'read_uncommitted' } },
  ],
  mode: { isolation: 'read_committed', expectedFaults: 0 },
  mustFind: ['L3', 'T2'],
  faults: (stage) => stage.sleep(stage.durationMs),
}

/** A handler that goes on with what it has although its partitions were taken. */
const controlC6: Row = {
  id: 'control-C6',
  title: 'a handler that ignores revocation: records are handed over after their partition was revoked',
  topic: { partitions: 12 },
  load: [
    { role: 'produce', options: { rate: 400 } },
    { role: 'consume', options: { group: 'one', handed: true, ignoreRevocations: true } },
    { role: 'churn', options: { group: 'one', members: 4 } },
  ],
  mode: { expectedFaults: 0 },
  mustFind: ['C5', 'C6'],
  faults: (stage) => stage.sleep(stage.durationMs),
}

/**
 * Before KIP-890 nothing told a producer's transactions apart, nor did leaders ask whether one is under way. A commit that
 * the client has sent again, as Java's does, and that comes late, ends the transaction that follows (KAFKA-17754): what
 * that writes then is committed by nobody, although its own commit is answered with success, and goes with the next abort.
 */
const controlT4: Row = {
  id: 'control-T4',
  title: 'an EndTxn that comes late under the old protocol of transactions: a commit is lost',
  clusters: ['kafka'],
  features: { 'transaction.version': 1 },
  overrides: { 'transaction.partition.verification.enable': 'false' },
  topic: { partitions: 1 },
  target: { partitions: 1 },
  load: [
    { role: 'produce', options: { rate: 300 } },
    {
      role: 'copy',
      client: 'java',
      options: {
        group: 'copiers',
        transactionalId: 'copier',
        abortOneIn: 2,
        batch: 50,
        requestTimeoutMs: 2_000,
      },
    },
  ],
  isProxied: true,
  mustFind: ['T3', 'T4'],
  faults: async (stage) => {
    // Between the transaction's beginning and its records there is time for the late one.
    const slow = stage.inject(
      { api: 'Produce', direction: 'request', action: 'delay', ms: 200, times: Number.POSITIVE_INFINITY },
      'requests to produce take longer',
    )
    const isCommit = ({ body }: SeenFrame) => (body as { committed?: boolean }).committed === true
    while (!stage.isOver) {
      const end = stage.inject(
        { api: 'EndTxn', where: isCommit, action: 'late', ms: [200, 1_000] },
        'a commit comes late',
      )
      await stage.sleep(4_000)
      end()
    }
    slow()
  },
}

export const controls: readonly Row[] = [controlL1, controlS2, controlL3, controlC6, controlT4]
