import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { repository } from '../cluster/surroundings.ts'
import type { Stage } from './stage.ts'
import { stages } from './stage.ts'

const runFile = promisify(execFile)

for (const open of stages) {
  describe(`the guide's five programs on ${open.title}`, () => {
    let stage: Stage
    before(async () => {
      stage = await open()
    })
    after(() => stage?.close())

    async function program(name: string, ...args: string[]): Promise<string> {
      const file = join(repository, 'examples/dist', `${name}.js`)
      const common = [
        '--bootstrap-servers',
        `127.0.0.1:1,${stage.bootstrapServers}`,
        '--topic',
        'guide.topic',
      ]
      const { stdout, stderr } = await runFile(process.execPath, [file, ...common, ...args], {
        timeout: 70_000,
      })
      assert.equal(stderr, '')
      return stdout
    }

    it('1 sends without waiting, although the first address is dead', async () => {
      assert.match(await program('1-send'), /sent without waiting/)
    })

    it('2 waits for the result and prints where the record went', async () => {
      const output = await program('2-send-and-wait')
      assert.match(
        output,
        /RecordMetadata\(topic='guide.topic', partition=\d, offset=\d+, timestamp=1\d{12}, /,
      )
    })

    it('3 reads both records as a member of a group', async () => {
      const output = await program('3-group', '--max-messages', '2')
      assert.equal(
        output.match(/ConsumerRecord\(topic='guide.topic'.* value='Hello kafka!', headers=\{\}\)/g)?.length,
        2,
      )
    })

    it('4 reads them again from chosen offsets', async () => {
      const output = await program('4-assign-and-seek', '--max-messages', '2')
      assert.equal(output.match(/value='Hello kafka!'/g)?.length, 2)
    })

    it('5 takes the next record and commits it', async () => {
      assert.match(await program('5-error-handling'), /processed and committed/)
      // What was committed does not come again: the second run takes the other record.
      const second = await program('5-error-handling')
      assert.match(second, /processed and committed/)
    })
  })
}
