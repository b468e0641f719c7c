/** InitProducerId. Ids for idempotent producers; transactions are not there yet and are refused by name. */
import { InitProducerId } from '@samsa/protocol'
import { code, handler } from './handler.ts'

export const initProducerIdHandler = handler(InitProducerId, ({ transactionalId }, { state }) => {
  const refused = (error: string) => ({ errorCode: code(error), producerId: -1n, producerEpoch: -1 })
  if (transactionalId === '') return refused('INVALID_REQUEST')
  if (transactionalId !== null) return refused('TRANSACTIONAL_ID_AUTHORIZATION_FAILED')
  return { errorCode: 0, producerId: state.topics.newProducerId(), producerEpoch: 0 }
})
