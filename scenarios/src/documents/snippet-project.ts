import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Broker } from '@samsa/broker'
import { startBroker } from '@samsa/broker'
import { KafkaProducer } from '@samsa/client'
import { repository } from '../lab/cluster/surroundings.ts'
import type { Block } from './document.ts'

/** Addresses that documents show; a running broker's stand in for them. */
const SHOWN_ADDRESSES = /localhost:9092|k1:19092,k2:19092,k3:19092/g
const RUN_LIMIT_MS = 30_000
const COMPILE_LIMIT_MS = 60_000

export interface Run {
  readonly code: number | null
  readonly signal: string | null
  readonly out: string
  readonly err: string
}

/** A project as a reader would have it, with the snippets of the documents as its files. */
export class SnippetProject {
  readonly #folder: string

  constructor() {
    const room = join(repository, 'scenarios/dist/documents')
    mkdirSync(room, { recursive: true })
    this.#folder = mkdtempSync(join(room, 'project-'))
    writeFileSync(join(this.#folder, 'package.json'), '{ "private": true, "type": "module" }\n')
  }

  /**
   * Compiles the snippets strictly.
   * @returns the compiler's complaints, with the lines of the documents; none when all is well
   */
  async compile(blocks: readonly Block[]): Promise<string[]> {
    for (const block of blocks) writeFileSync(join(this.#folder, `${nameOf(block)}.ts`), code(block))
    const compilerOptions = {
      target: 'es2022',
      lib: ['es2022', 'esnext.disposable'],
      module: 'nodenext',
      types: ['node'],
      strict: true,
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: true,
      moduleDetection: 'force',
    }
    const config = { compilerOptions, include: ['*.ts'] }
    writeFileSync(join(this.#folder, 'tsconfig.json'), JSON.stringify(config))
    const compiler = join(repository, 'node_modules/typescript/bin/tsc')
    const { code: exit, out } = await this.run([compiler, '--pretty', 'false'], { limitMs: COMPILE_LIMIT_MS })
    if (exit === 0) return []
    const lines = out.split('\n').filter((line) => line !== '')
    return lines.map((line) => inDocument(line, blocks))
  }

  /** Runs a compiled snippet against a broker of its own, with records to read; sends Ctrl-C to one that waits for it. */
  async runSnippet(block: Block): Promise<Run> {
    const broker = await startBroker({ brokers: 3 })
    try {
      await fill(broker)
      const waits = block.code.includes("process.once('SIGINT'")
      return await this.run([join(this.#folder, `${nameOf(block)}.js`)], {
        env: { SHOWN_ADDRESS: broker.bootstrapServers },
        interruptAfter: waits ? /\n/ : undefined,
      })
    } finally {
      await broker.close()
    }
  }

  /** Runs Node in the project's folder. */
  run(
    args: readonly string[],
    options: { env?: Record<string, string>; interruptAfter?: RegExp | undefined; limitMs?: number } = {},
  ): Promise<Run> {
    const { env = {}, interruptAfter, limitMs = RUN_LIMIT_MS } = options
    const child = spawn(process.execPath, [...args], {
      cwd: this.#folder,
      // The tests' own runner tells its children to report to it; a snippet's runner reports to the reader.
      env: { ...process.env, ...env, NODE_TEST_CONTEXT: undefined },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: limitMs,
    })
    let out = ''
    let err = ''
    let isInterrupted = false
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text
      if (isInterrupted || !interruptAfter?.test(out)) return
      isInterrupted = true
      child.kill('SIGINT')
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text
    })
    return new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code, signal) => resolve({ code, signal, out, err }))
    })
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** The snippet as it is run: only addresses differ, and no line moves. */
function code({ code }: Block): string {
  return code.replaceAll(
    new RegExp(`'(?:${SHOWN_ADDRESSES.source})'`, 'g'),
    "(process.env['SHOWN_ADDRESS'] as string)",
  )
}

function nameOf({ document, line }: Block): string {
  return `${document.replaceAll(/\W+/g, '-')}-${line}`
}

/** `README-md-34.ts(3,5): error ...` is `README.md:36: error ...`. */
function inDocument(complaint: string, blocks: readonly Block[]): string {
  return complaint.replace(/^(\S+)\.ts\((\d+),\d+\)/, (whole, name: string, line: string) => {
    const block = blocks.find((each) => nameOf(each) === name)
    return block ? `${block.document}:${block.line + Number(line) - 1}` : whole
  })
}

/** What the documents' readers have in their cluster: a topic of three partitions with records in each. */
async function fill(broker: Broker): Promise<void> {
  broker.createTopic('my.topic', { partitions: 3 })
  const producer = new KafkaProducer({ bootstrapServers: broker.bootstrapServers, lingerMs: 0 })
  for (const partition of [0, 1, 2])
    void producer.send({ topic: 'my.topic', partition, value: 'Hello kafka!' })
  await producer.close()
}
