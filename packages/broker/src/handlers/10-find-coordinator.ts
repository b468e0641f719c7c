/** FindCoordinator. v0 to v3 one key, v4 several; types: 0 group, 1 transaction, 2 share. */
import { FindCoordinator } from '@samsa/protocol'
import type { RequestContext } from './handler.ts'
import { code, handler } from './handler.ts'

const GROUP = 0

export const findCoordinatorHandler = handler(FindCoordinator, (body, context) => {
  const { version } = context
  if (version >= 4) {
    return {
      coordinators: body.coordinatorKeys.map((key) => ({ key, ...located(key, body.keyType, context) })),
    }
  }
  return located(body.key, body.keyType, context)
})

function located(key: string, keyType: number, { state }: RequestContext) {
  const nowhere = { nodeId: -1, host: '', port: -1 }
  if (keyType !== GROUP) {
    return {
      ...nowhere,
      errorCode: code('INVALID_REQUEST'),
      errorMessage: 'This broker only coordinates groups.',
    }
  }
  const node = state.coordinatorOf(key)
  if (!node) return { ...nowhere, errorCode: code('COORDINATOR_NOT_AVAILABLE'), errorMessage: null }
  return { errorCode: 0, errorMessage: null, nodeId: node.id, host: node.host, port: node.port }
}
