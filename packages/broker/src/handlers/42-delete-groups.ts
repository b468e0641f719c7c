/** DeleteGroups: only groups without members can go; their offsets go with them. */
import { DeleteGroups } from '@samsa/protocol'
import type { RequestContext } from './handler.ts'
import { code, handler } from './handler.ts'

export const deleteGroupsHandler = handler(DeleteGroups, async ({ groupsNames }, context) => {
  const results = []
  for (const groupId of groupsNames)
    results.push({ groupId, errorCode: code(await deleted(groupId, context)) })
  return { results }
})

async function deleted(group: string, { state, node }: RequestContext): Promise<string> {
  if (state.coordinatorOf(group)?.id !== node) return 'NOT_COORDINATOR'
  const known = state.groups.get(group)
  if (!known && state.offsets.of(group).next().done) return 'GROUP_ID_NOT_FOUND'
  if (known && !known.isEmpty) return 'NON_EMPTY_GROUP'
  state.groups.delete(group)
  return state.removeOffsets(group)
}
