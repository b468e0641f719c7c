/**
 * ApiVersions. v3 names the client's software, v4 allows features whose least version is 0. What is answered is
 * computed from the handlers; features that are not there are not claimed, so clients keep to the classic ways.
 */
import { ApiVersions } from '@samsa/protocol'
import type { Handler } from './handler.ts'
import { code, handler } from './handler.ts'

const SOFTWARE = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/

export function apiVersionsHandler(handlers: () => Iterable<Handler>): Handler {
  return handler(ApiVersions, ({ clientSoftwareName, clientSoftwareVersion }, { version }) => {
    const isNamed = SOFTWARE.test(clientSoftwareName) && SOFTWARE.test(clientSoftwareVersion)
    const errorCode = version < 3 || isNamed ? 0 : code('INVALID_REQUEST')
    const apiKeys = [...handlers()]
      .map(({ api, minVersion, maxVersion }) => ({ apiKey: api.key, minVersion, maxVersion }))
      .sort((a, b) => a.apiKey - b.apiKey)
    return { errorCode, apiKeys: errorCode === 0 ? apiKeys : [] }
  })
}
