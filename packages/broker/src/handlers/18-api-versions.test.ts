import assert from 'node:assert/strict'
import test from 'node:test'
import { ApiVersions } from '@samsa/protocol'
import { Stage } from '../raw-client.test-support.ts'

const software = { clientSoftwareName: 'raw-client', clientSoftwareVersion: '1.0' }

test('every version lists every API of the broker, with Produce from 0 on', async () => {
  await using stage = await Stage.open()
  for (let version = ApiVersions.minVersion; version <= ApiVersions.maxVersion; version++) {
    const { errorCode, apiKeys } = await stage.ask(ApiVersions, version, software)
    assert.equal(errorCode, 0)
    assert.deepEqual(
      apiKeys.map(({ apiKey }) => apiKey),
      [0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 19, 20, 21, 22, 23, 37, 42, 60],
    )
    assert.deepEqual(apiKeys[0], { apiKey: 0, minVersion: 0, maxVersion: 13 })
    assert.deepEqual(
      apiKeys.find(({ apiKey }) => apiKey === 22),
      { apiKey: 22, minVersion: 0, maxVersion: 5 },
    )
  }
})

test('no feature is claimed that is not there', async () => {
  await using stage = await Stage.open()
  const answer = await stage.ask(ApiVersions, 4, software)
  assert.deepEqual(answer.finalizedFeatures, [])
  assert.deepEqual(answer.supportedFeatures, [])
})

test('software is named from v3 on, by letters and digits with dots and dashes between', async () => {
  await using stage = await Stage.open()
  const errorOf = async (clientSoftwareName: string, clientSoftwareVersion: string) => {
    const answer = await stage.ask(ApiVersions, 3, { clientSoftwareName, clientSoftwareVersion })
    assert.equal(answer.apiKeys.length > 0, answer.errorCode === 0)
    return answer.errorCode
  }
  assert.equal(await errorOf('apache-kafka-java', '4.0.0'), 0)
  assert.equal(await errorOf('x', '1'), 0)
  for (const bad of ['', '-', 'a-', '.a', 'a b', 'ä', 'a\n']) {
    assert.equal(await errorOf(bad, '1'), 42, JSON.stringify(bad))
    assert.equal(await errorOf('a', bad), 42, JSON.stringify(bad))
  }
})
