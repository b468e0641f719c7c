import { api, array, boolean, int8, int16, int32, string } from '../schema/schema.ts'

/** Settings of topics, brokers and groups. */
export const DescribeConfigs = api(
  32,
  'DescribeConfigs',
  { versions: [1, 4], flexible: 4 },
  {
    resources: array({
      resourceType: int8,
      resourceName: string,
      configurationKeys: array(string).orNull(),
    }),
    includeSynonyms: boolean.default(false),
    includeDocumentation: boolean.since(3).default(false),
  },
  {
    throttleTimeMs: int32.default(0),
    results: array({
      errorCode: int16,
      errorMessage: string.orNull(),
      resourceType: int8,
      resourceName: string,
      configs: array({
        name: string,
        value: string.orNull(),
        readOnly: boolean,
        configSource: int8.default(-1).ignorable(),
        isSensitive: boolean,
        synonyms: array({
          name: string,
          value: string.orNull(),
          source: int8,
        }).ignorable(),
        configType: int8.since(3).default(0).ignorable(),
        documentation: string.orNull().since(3).ignorable(),
      }),
    }),
  },
)

/** Replaces all settings of a resource; IncrementalAlterConfigs changes single ones. */
export const AlterConfigs = api(
  33,
  'AlterConfigs',
  { versions: [0, 2], flexible: 2 },
  {
    resources: array({
      resourceType: int8,
      resourceName: string,
      configs: array({
        name: string,
        value: string.orNull(),
      }),
    }),
    validateOnly: boolean,
  },
  {
    throttleTimeMs: int32.default(0),
    responses: array({
      errorCode: int16,
      errorMessage: string.orNull(),
      resourceType: int8,
      resourceName: string,
    }),
  },
)

/** Changes single settings (KIP-339). */
export const IncrementalAlterConfigs = api(
  44,
  'IncrementalAlterConfigs',
  { versions: [0, 1], flexible: 1 },
  {
    resources: array({
      resourceType: int8,
      resourceName: string,
      configs: array({
        name: string,
        configOperation: int8,
        value: string.orNull(),
      }),
    }),
    validateOnly: boolean,
  },
  {
    throttleTimeMs: int32.default(0),
    responses: array({
      errorCode: int16,
      errorMessage: string.orNull(),
      resourceType: int8,
      resourceName: string,
    }),
  },
)

/** Which resources have settings (KIP-1142). */
export const ListConfigResources = api(
  74,
  'ListConfigResources',
  { versions: [0, 1], flexible: 0 },
  {
    resourceTypes: array(int8).since(1),
  },
  {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    configResources: array({
      resourceName: string,
      resourceType: int8.since(1).default(16).ignorable(),
    }),
  },
)
