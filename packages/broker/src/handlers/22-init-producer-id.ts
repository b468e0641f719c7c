/** InitProducerId. Ids for idempotent producers; transactions are not there yet and are refused by name. */
import { InitProducerId } from '@samsa/protocol'
import type { Handler } from './handler.ts'
import { code, handler } from './handler.ts'

const initProducerId = handler(InitProducerId, (body, { state }) => {
  const { transactionalId, producerId, producerEpoch } = body
  const refused = (error: string) => ({ errorCode: code(error), producerId: -1n, producerEpoch: -1 })
  if (transactionalId === '') return refused('INVALID_REQUEST')
  if (producerId < 0n !== producerEpoch < 0) return refused('INVALID_REQUEST')
  if (transactionalId !== null) return refused('TRANSACTIONAL_ID_AUTHORIZATION_FAILED')
  return { errorCode: 0, producerId: state.topics.newProducerId(), producerEpoch: 0 }
})

/** Version 6 is not stable in Kafka 4.3, which does not offer it either. */
export const initProducerIdHandler: Handler = { ...initProducerId, maxVersion: 5 }
