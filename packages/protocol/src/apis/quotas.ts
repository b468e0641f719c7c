import { api, array, boolean, float64, int8, int16, int32, string } from '../schema/schema.ts'

/** Quotas that match a filter (KIP-546). */
export const DescribeClientQuotas = api(
  48,
  'DescribeClientQuotas',
  { versions: [0, 1], flexible: 1 },
  {
    components: array({
      entityType: string,
      matchType: int8,
      match: string.orNull(),
    }),
    strict: boolean,
  },
  {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: string.orNull(),
    entries: array({
      entity: array({
        entityType: string,
        entityName: string.orNull(),
      }),
      values: array({
        key: string,
        value: float64,
      }),
    }).orNull(),
  },
)

/** Changes quotas (KIP-546). */
export const AlterClientQuotas = api(
  49,
  'AlterClientQuotas',
  { versions: [0, 1], flexible: 1 },
  {
    entries: array({
      entity: array({
        entityType: string,
        entityName: string.orNull(),
      }),
      ops: array({
        key: string,
        value: float64,
        remove: boolean,
      }),
    }),
    validateOnly: boolean,
  },
  {
    throttleTimeMs: int32.default(0),
    entries: array({
      errorCode: int16,
      errorMessage: string.orNull(),
      entity: array({
        entityType: string,
        entityName: string.orNull(),
      }),
    }),
  },
)
