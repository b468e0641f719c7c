/** JoinGroup. v1 rebalance timeout, v4 member ids first (KIP-394), v5 static members, v7 protocol type, v9 skipping (KIP-814). */
import { formatUuid, JoinGroup } from '@samsa/protocol'
import { code, handler } from './handler.ts'

export const joinGroupHandler = handler(JoinGroup, async (body, context) => {
  const { state, node, version, clientId, clientHost, gone } = context
  const refused = refusal(body.groupId, state.coordinatorOf(body.groupId)?.id === node)
  if (refused) {
    const errorCode = code(refused)
    return {
      errorCode,
      generationId: -1,
      protocolType: null,
      protocolName: version >= 7 ? null : '',
      leader: '',
      memberId: body.memberId,
      members: [],
    }
  }
  const unique = uuidText(formatUuid(state.runtime.randomBytes(16)))
  const reply = await state.groups.join(
    body.groupId,
    {
      memberId: body.memberId,
      newMemberId: `${body.groupInstanceId ?? clientId}-${unique}`,
      groupInstanceId: body.groupInstanceId,
      clientId,
      clientHost,
      protocolType: body.protocolType,
      protocols: body.protocols.map(({ name, metadata }) => ({ name, metadata: Uint8Array.from(metadata) })),
      sessionTimeoutMs: body.sessionTimeoutMs,
      rebalanceTimeoutMs: version >= 1 ? body.rebalanceTimeoutMs : body.sessionTimeoutMs,
      requiresKnownMemberId: version >= 4,
      supportsSkippingAssignment: version >= 9,
    },
    gone,
  )
  const { error, protocolName, ...rest } = reply
  return { ...rest, errorCode: code(error), protocolName: protocolName ?? (version >= 7 ? null : '') }
})

/** Why a request about a group is not for this node; undefined when it is. */
export function refusal(groupId: string, isCoordinator: boolean): string | undefined {
  if (groupId === '') return 'INVALID_GROUP_ID'
  return isCoordinator ? undefined : 'NOT_COORDINATOR'
}

/** The usual form of 8-4-4-4-12 digits. */
function uuidText(base64url: string): string {
  const hex = Buffer.from(base64url, 'base64url').toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
