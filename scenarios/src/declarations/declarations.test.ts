import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { repository } from '../lab/cluster/surroundings.ts'
import { declarationsOf, published } from './declarations.ts'
import { keptDeclarations, withoutFields } from './kept.ts'

describe('what the packages make public is what api/ says', () => {
  for (const room of published) {
    it(`of ${room}`, () => {
      const kept = readFileSync(join(repository, 'api', `${room}.d.ts`), 'utf8').split('\n')
      const built = keptDeclarations(room).split('\n')
      const at = built.findIndex((line, index) => line !== kept[index])
      const first = at < 0 ? kept.length : at
      assert.ok(
        at < 0 && kept.length === built.length,
        `api/${room}.d.ts:${first + 1} has ${JSON.stringify(kept[first])}, the package ${JSON.stringify(built[first])}; ` +
          'if the change of the public API is meant, npm run api writes it there for the reviewer to read',
      )
    })
  }

  it('holds what users import', () => {
    const client = declarationsOf('client')
    for (const name of [
      'class KafkaProducer',
      'class KafkaConsumer',
      'class ConfigError',
      'interface ProducerRecord',
    ])
      assert.match(client, new RegExp(`^export (?:declare )?${name}\\b`, 'm'))
    assert.doesNotMatch(client, /^export .*\bClusterRequestOptions\b/m)
  })

  it('holds of an API its versions and not its fields, and all else as it is', () => {
    const kept = keptDeclarations('protocol')
    assert.match(
      kept,
      /^\/\*\* Keeps a member of .* \*\/\nexport declare const Heartbeat: Api; \/\/ key 12, versions 0 to 4, flexible from 4$/m,
    )
    assert.match(kept, /^export declare const EndTxnMarker: Message<Shape>; \/\/ versions? /m)
    assert.match(kept, /^export declare function encodeRequest</m)
    assert.doesNotMatch(kept, /generationId: Field/)
    const whole = declarationsOf('protocol')
    const names = (text: string) => [
      ...text.matchAll(/^export .*?(?:const|class|interface|type|function) (\w+)/gm),
    ]
    assert.deepEqual(
      names(kept).map(([, name]) => name),
      names(whole).map(([, name]) => name),
    )
    const other =
      '/** One. */\nexport declare function decode<S extends Shape>(of: Message<S>): Map<string, S>;'
    assert.equal(withoutFields(other, 'decode'), other)
  })

  it('is TypeScript that stands on its own', () => {
    const compiler = join(repository, 'node_modules/typescript/bin/tsc')
    const files = published.map((room) => join('api', `${room}.d.ts`))
    const options = '--ignoreConfig --noEmit --strict --module nodenext --target es2023 --types node'.split(
      ' ',
    )
    const { status, stdout } = spawnSync(
      process.execPath,
      [compiler, ...options, '--lib', 'es2023,esnext.disposable', ...files],
      { cwd: repository, encoding: 'utf8', timeout: 60_000 },
    )
    assert.equal(status, 0, stdout)
  })
})
