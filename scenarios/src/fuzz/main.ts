import { parseArgs } from 'node:util'
import { feedFresh, fuzzBroker } from './broker-campaign.ts'
import { campaign, prepareCodecs } from './campaign.ts'
import { isTooMuch, measureMemory } from './memory.ts'
import { signatureOf } from './oracle.ts'
import { describeMemory, describeTally } from './report.ts'
import type { Kind } from './targets.ts'
import { allTargets, kinds } from './targets.ts'

const usage = `npm run fuzz -- [--seconds N] [--executions N] [--seed S] [--only ${kinds.join('|')}]
npm run fuzz -- --replay HEX --target NAME
npm run fuzz -- --memory

  --seconds N     mutates for so long after the exhaustive passes. Default 30
  --executions N  stops after so many inputs instead
  --seed S        the same seed and number of inputs give the same inputs. Default 1
  --only KIND     only targets of this kind
  --memory        weighs what floods and bombs take instead
  --replay HEX    runs one input and shows how it ends`

const options = read(process.argv.slice(2))
if (options.isMemory) await memory()
else if (options.replay === undefined) await fuzz()
else await replay(options.replay, options.target)

async function fuzz(): Promise<void> {
  // Refusals are most of what happens, and nobody reads where they came from.
  Error.stackTraceLimit = 0
  const started = performance.now()
  const { seed, only, executions, seconds } = options
  // The broker is far slower than the rest: a quarter of the time, or a fiftieth of the executions, is its own.
  const share = only === 'broker' ? { time: 1, executions: 1 } : { time: 0.25, executions: 0.02 }
  const limit = (part: number, most: number) => {
    const deadline = performance.now() + seconds * 1000 * part
    return (count: number) =>
      executions === undefined ? performance.now() >= deadline : count >= executions * most
  }
  const common = { seed, only, isTimed: true, stride: 1 }
  const tally = await campaign({ ...common, isEnough: limit(1 - share.time, 1) })
  if (only === undefined || only === 'broker')
    await fuzzBroker({ ...common, isEnough: limit(share.time, share.executions) }, tally)
  console.log(describeTally(tally, performance.now() - started))
  if (tally.found.length > 0) process.exitCode = 1
}

async function memory(): Promise<void> {
  await prepareCodecs()
  const collect = globalThis.gc
  if (!collect) throw new Error('needs --expose-gc')
  const measured = measureMemory(() => collect())
  console.log(describeMemory(measured))
  if (measured.some(isTooMuch)) process.exitCode = 1
}

async function replay(hex: string, name: string | undefined): Promise<void> {
  await prepareCodecs()
  if (name === 'broker') {
    const what = await feedFresh(Buffer.from(hex, 'hex'))
    console.log(what === undefined ? 'all is well' : `FINDING: ${what}`)
    process.exitCode = what === undefined ? 0 : 1
    return
  }
  const target = allTargets().get(name ?? '')
  if (!target) {
    console.error(`there is no target ${name}; --target takes what a finding names`)
    process.exit(2)
  }
  const before = process.cpuUsage()
  try {
    target.run(Buffer.from(hex, 'hex'))
    console.log('it gives a value')
  } catch (error) {
    const isExpected = target.isExpected(error)
    console.log(`${isExpected ? 'refused' : 'FINDING'}: ${signatureOf(error)}`)
    console.log(error)
    if (!isExpected) process.exitCode = 1
  }
  const { user, system } = process.cpuUsage(before)
  console.log(`${((user + system) / 1000).toFixed(1)} ms of CPU`)
}

interface Options {
  seconds: number
  executions: number | undefined
  seed: number
  only: Kind | undefined
  isMemory: boolean
  replay: string | undefined
  target: string | undefined
}

function read(args: string[]): Options {
  try {
    const { values } = parseArgs({
      args,
      options: {
        seconds: { type: 'string', default: '30' },
        executions: { type: 'string' },
        seed: { type: 'string', default: '1' },
        only: { type: 'string' },
        memory: { type: 'boolean', default: false },
        replay: { type: 'string' },
        target: { type: 'string' },
      },
    })
    const only = kinds.find((kind) => kind === values.only)
    if (values.only !== undefined && !only) throw new Error(`there is no kind ${values.only}`)
    return {
      seconds: whole('seconds', values.seconds),
      executions: values.executions === undefined ? undefined : whole('executions', values.executions),
      seed: whole('seed', values.seed),
      only,
      isMemory: values.memory,
      replay: values.replay,
      target: values.target,
    }
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`)
    process.exit(2)
  }
}

function whole(name: string, text: string): number {
  const number = Number(text)
  if (Number.isSafeInteger(number) && number >= 0) return number
  throw new Error(`--${name} must be a whole number, not ${text}`)
}
