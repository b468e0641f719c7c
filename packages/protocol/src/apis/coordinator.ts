import { api, array, int8, int16, int32, string } from '../schema/schema.ts'

/** Which broker looks after a group, a transactional id or a share partition. */
export const FindCoordinator = api(
  10,
  'FindCoordinator',
  { versions: [0, 6], flexible: 3 },
  {
    key: string.until(3),
    keyType: int8.since(1).default(0),
    coordinatorKeys: array(string).since(4),
  },
  {
    throttleTimeMs: int32.since(1).default(0).ignorable(),
    errorCode: int16.until(3),
    errorMessage: string.orNull().since(1).until(3).ignorable(),
    nodeId: int32.until(3),
    host: string.until(3),
    port: int32.until(3),
    coordinators: array({
      key: string,
      nodeId: int32,
      host: string,
      port: int32,
      errorCode: int16,
      errorMessage: string.orNull().ignorable(),
    }).since(4),
  },
)
