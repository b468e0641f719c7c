/** The command as its users meet it: a process with pipes, signals and an exit code. */
import assert from 'node:assert/strict'
import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { KafkaConsumer, KafkaProducer } from '@samsa/client'

const program = fileURLToPath(new URL('../bin/samsa.js', import.meta.url))
const PROCESS_LIMIT_MS = 30_000

test('without arguments, and with --help, samsa lists its commands', async () => {
  const bare = await samsa([])
  assert.equal(bare.code, 0)
  assert.match(bare.out, /^Apache Kafka for TypeScript/)
  assert.match(bare.out, /broker, mock +start an embedded broker/)
  assert.match(bare.out, /explain +say what the bytes/)
  assert.equal((await samsa(['--help'])).out, bare.out)
  assert.equal((await samsa(['help'])).out, bare.out)
})

test('a command explains itself in three ways, which are one', async () => {
  const { out, code } = await samsa(['help', 'broker'])
  assert.equal(code, 0)
  assert.match(out, /--port PORT/)
  assert.match(out, /--topic NAME\[:PARTITIONS\]/)
  assert.equal((await samsa(['broker', '--help'])).out, out)
  assert.equal((await samsa(['mock', '--port', 'nonsense', '-h'])).out, out)
})

test('no line of help is wider than 120 columns', async () => {
  for (const name of ['broker', 'explain']) {
    const { out } = await samsa(['help', name])
    assert.deepEqual(
      out.split('\n').filter((line) => line.length > 120),
      [],
    )
  }
})

test('--version is the version of the package', async () => {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  assert.equal((await samsa(['--version'])).out, `samsa ${version}\n`)
})

const refusals: [args: string[], message: string, help: string][] = [
  [['brokr'], 'unknown command brokr; did you mean broker?', 'samsa --help'],
  [['xyzzy'], 'unknown command xyzzy', 'samsa --help'],
  [['help', 'brocker'], 'unknown command brocker; did you mean broker?', 'samsa --help'],
  [['--versoin'], 'unknown option --versoin; did you mean --version?', 'samsa --help'],
  [['broker', '--brokres', '3'], 'unknown option --brokres; did you mean --brokers?', 'samsa broker --help'],
  [['broker', '-z'], 'unknown option -z', 'samsa broker --help'],
  [['broker', '--port', 'abc'], '--port needs a whole number, not "abc"', 'samsa broker --help'],
  [['broker', '--port'], '--port needs a value: PORT', 'samsa broker --help'],
  [['broker', '--json=yes'], '--json takes no value', 'samsa broker --help'],
  [
    ['broker', '--topic', '--json'],
    '--topic needs a value: NAME[:PARTITIONS]; if --json is meant to be it, write --topic=--json',
    'samsa broker --help',
  ],
  [['broker', 'orders'], 'samsa broker takes options only, not "orders"', 'samsa broker --help'],
  [['broker', '--topic', 'a:b'], '--topic needs NAME or NAME:PARTITIONS, not "a:b"', 'samsa broker --help'],
  [['broker', '--set', 'oops'], '--set needs NAME=VALUE, not "oops"', 'samsa broker --help'],
  [
    ['broker', '-X', 'num.partition=3'],
    'startBroker: unknown setting numPartition; did you mean numPartitions?',
    'samsa broker --help',
  ],
  [['explain', 'xyz'], '"xyz" is no hex: two digits for each byte', 'samsa explain --help'],
  [['explain', '00', '--file', 'x'], 'give the frame as hex or in a file, not both', 'samsa explain --help'],
  [
    ['explain', '00', '-r', 'Metadata'],
    '--response needs API:VERSION, e.g. Metadata:12, not "Metadata"',
    'samsa explain --help',
  ],
  [
    ['explain', '00', '-r', 'Metdata:1'],
    'there is no API Metdata; did you mean Metadata?',
    'samsa explain --help',
  ],
  [
    ['explain', '--client', 'x', '00'],
    '--client and --server take a whole connection; give no frame beside them',
    'samsa explain --help',
  ],
  [
    ['broker', '--port', '99999'],
    'startBroker: port must be a whole number from 0 to 65535, not 99999',
    'samsa broker --help',
  ],
]

for (const [args, message, help] of refusals) {
  test(`samsa ${args.join(' ')} is refused with the next step, and prints no data`, async () => {
    const { code, out, err } = await samsa(args)
    assert.equal(err, `error: ${message}\nTry: ${help}\n`)
    assert.equal(out, '')
    assert.equal(code, 2)
  })
}

test('a broker says where it listens, serves a client, and stops cleanly on SIGINT', async () => {
  const running = start(['broker', '--port', '0', '--topic', 'orders:3', '--set', 'num.partitions=2'])
  const banner = await running.untilOutput(/kcat -b \S+ -L\n/)
  const servers = /listens on (\S+) \(in memory\)/.exec(banner)?.[1] as string
  assert.match(servers, /^127\.0\.0\.1:\d+$/)
  assert.ok(banner.includes(`new KafkaProducer({ bootstrapServers: '${servers}' })`))
  assert.equal(banner.split('\n').length, 4, 'three lines, the last of them ended')
  await using producer = new KafkaProducer({ bootstrapServers: servers })
  assert.deepEqual(await producer.partitionsFor('orders'), [0, 1, 2])
  const { offset } = await producer.send({ topic: 'made.by.sending', value: 'Hello kafka!' })
  assert.equal(offset, 0)
  assert.deepEqual(await producer.partitionsFor('made.by.sending'), [0, 1])
  await producer.close()
  running.child.kill('SIGINT')
  assert.deepEqual(await running.end, { code: 0, signal: null })
  assert.equal(running.err(), '')
})

test('SIGTERM stops it too, while a client holds a connection open', async () => {
  const running = start(['broker', '--port', '0', '--json'])
  const { nodes } = JSON.parse(await running.untilOutput(/\n/))
  const socket = connect(nodes[0].port, nodes[0].host)
  await once(socket, 'connect')
  const closed = once(socket, 'close')
  socket.on('error', () => {})
  running.child.kill('SIGTERM')
  assert.deepEqual(await running.end, { code: 0, signal: null })
  await closed
})

test('--json is one line that a script can read, with every node', async () => {
  const running = start(['broker', '--port', '0', '--brokers', '3', '--json'])
  const told = JSON.parse(await running.untilOutput(/\n/))
  assert.deepEqual(
    told.nodes.map(({ id }: { id: number }) => id),
    [1, 2, 3],
  )
  assert.equal(told.dataDirectory, null)
  assert.equal(
    told.bootstrapServers,
    told.nodes.map(({ host, port }: { host: string; port: number }) => `${host}:${port}`).join(','),
  )
  running.child.kill('SIGINT')
  await running.end
  assert.equal(running.out().split('\n').length, 2)
})

test('clients are sent to the advertised host', async () => {
  const args = ['broker', '--port', '0', '--host', '0.0.0.0', '--advertised-host', 'localhost', '--json']
  const running = start(args)
  const { bootstrapServers } = JSON.parse(await running.untilOutput(/\n/))
  assert.match(bootstrapServers, /^localhost:\d+$/)
  running.child.kill('SIGINT')
  await running.end
  const refused = await samsa(['broker', '--port', '0', '--host', '0.0.0.0'])
  assert.equal(refused.code, 2)
  assert.match(refused.err, /set advertisedHost to the name or address under which they reach it/)
})

test('a port that is taken is named, with what to try instead', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const { port } = taken.address() as { port: number }
  const { code, out, err } = await samsa(['broker', '--port', String(port)])
  taken.close()
  assert.equal(code, 1)
  assert.equal(out, '')
  assert.match(err, new RegExp(`^error: port ${port} on 127\\.0\\.0\\.1 is taken by another program`))
  assert.match(err, /Try: samsa broker --port \d+, or --port 0\n$/)
})

test('a data directory keeps records from one run to the next, and only one broker has it', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'samsa-cli-'))
  const args = ['broker', '--port', '0', '--data-dir', directory, '--topic', 'kept:1', '--json']
  try {
    const first = start(args)
    const before = JSON.parse(await first.untilOutput(/\n/))
    assert.equal(before.dataDirectory, directory)
    const producer = new KafkaProducer({ bootstrapServers: before.bootstrapServers })
    await producer.send({ topic: 'kept', value: 'still here' })
    await producer.close()
    const second = await samsa(args)
    assert.equal(second.code, 1)
    assert.match(second.err, new RegExp(`^error: .* is in use by process ${first.child.pid}`))
    first.child.kill('SIGTERM')
    await first.end
    const again = start(args)
    const { bootstrapServers } = JSON.parse(await again.untilOutput(/\n/))
    assert.equal(again.err(), 'topic kept is there already and stays as it is\n')
    const consumer = new KafkaConsumer({ bootstrapServers })
    consumer.assign([{ topic: 'kept', partition: 0 }])
    consumer.seekToBeginning()
    assert.equal((await consumer.next()).value.value?.toString(), 'still here')
    await consumer.close()
    again.child.kill('SIGINT')
    await again.end
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})

test('bytes that are no request are reported and harm nothing', async () => {
  const running = start(['broker', '--port', '0', '--json'])
  const { nodes, bootstrapServers } = JSON.parse(await running.untilOutput(/\n/))
  const socket = connect(nodes[0].port, nodes[0].host)
  socket.on('error', () => {})
  socket.resume()
  const closed = once(socket, 'close')
  socket.write('GET / HTTP/1.1\r\nHost: \u001b[2J\r\n\r\n')
  await closed
  await running.untilError(/warning: closed the connection from 127\.0\.0\.1:\d+: .*\n/)
  const controls = [...running.err()].filter((character) => character < ' ' && character !== '\n')
  assert.deepEqual(controls, [], 'what came from outside cannot drive the terminal')
  const producer = new KafkaProducer({ bootstrapServers })
  await producer.send({ topic: 'fine', value: 'still serving' })
  await producer.close()
  running.child.kill('SIGINT')
  assert.deepEqual(await running.end, { code: 0, signal: null })
})

test('explain reads what is piped in', async () => {
  const running = start(['explain'])
  running.child.stdin.end('0012 0000 00000001 ffff\n')
  assert.deepEqual(await running.end, { code: 0, signal: null })
  assert.match(running.out(), /^ApiVersions v0 request, correlation id 1, 10 bytes\n/)
  assert.equal(running.err(), '')
})

test('explain stops while it waits for its input', async () => {
  const running = start(['explain'])
  running.child.stdin.write('0012')
  // Nothing shows that it waits; a signal that comes before it is read ends the process no less.
  running.child.kill('SIGINT')
  const { code, signal } = await running.end
  assert.ok(code === 0 || signal === 'SIGINT', `${code} ${signal}`)
})

test('a reader that goes away ends the command quietly', async () => {
  for (const args of [['--help'], ['broker', '--port', '0']]) {
    const running = start(args)
    running.child.stdout.destroy()
    assert.deepEqual(await running.end, { code: 0, signal: null }, args.join(' '))
    assert.equal(running.err(), '')
  }
})

test('colours are for terminals: a pipe gets none unless it is asked for, and NO_COLOR wins', async () => {
  const sequence = '\u001b['
  assert.ok(!(await samsa(['--help'])).out.includes(sequence))
  assert.ok((await samsa(['--help'], { FORCE_COLOR: '1' })).out.includes(sequence))
  assert.ok(!(await samsa(['--help'], { FORCE_COLOR: '1', NO_COLOR: '1' })).out.includes(sequence))
  assert.ok((await samsa(['nonsense'], { FORCE_COLOR: '1' })).err.startsWith(`${sequence}31merror:`))
})

interface Running {
  child: ChildProcessWithoutNullStreams
  out(): string
  err(): string
  /** Everything printed so far, once it matches. */
  untilOutput(pattern: RegExp): Promise<string>
  untilError(pattern: RegExp): Promise<string>
  end: Promise<{ code: number | null; signal: string | null }>
}

function start(args: readonly string[], env: Record<string, string> = {}): Running {
  const { FORCE_COLOR: _, NO_COLOR: __, ...inherited } = process.env
  const child = spawn(process.execPath, [program, ...args], {
    env: { ...inherited, ...env },
    timeout: PROCESS_LIMIT_MS,
  })
  const texts = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text
    })
  }
  const end = once(child, 'close').then(([code, signal]) => ({ code, signal }))
  const until = async (name: 'stdout' | 'stderr', pattern: RegExp): Promise<string> => {
    while (!pattern.test(texts[name])) {
      const over = end.then(() => 'over')
      const happened = await Promise.race([once(child[name], 'data'), over])
      if (happened === 'over' && !pattern.test(texts[name]))
        throw new Error(`samsa ended before ${pattern}: ${texts.stdout}${texts.stderr}`)
    }
    return texts[name]
  }
  return {
    child,
    out: () => texts.stdout,
    err: () => texts.stderr,
    untilOutput: (pattern) => until('stdout', pattern),
    untilError: (pattern) => until('stderr', pattern),
    end,
  }
}

async function samsa(args: readonly string[], env: Record<string, string> = {}) {
  const running = start(args, env)
  const { code } = await running.end
  return { code, out: running.out(), err: running.err() }
}
