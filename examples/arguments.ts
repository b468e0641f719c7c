import { parseArgs } from 'node:util'

/** What every example takes: where the brokers are, which topic, and when to stop (without it: never). */
export function readArguments(): { bootstrapServers: string; topic: string; maxMessages: number } {
  const options = {
    'bootstrap-servers': { type: 'string', default: 'localhost:9092' },
    topic: { type: 'string', default: 'my.topic' },
    'max-messages': { type: 'string', default: 'Infinity' },
  } as const
  try {
    const { values } = parseArgs({ options })
    const maxMessages = Number(values['max-messages'])
    if (!(maxMessages >= 1)) throw new Error(`--max-messages takes a number, not ${values['max-messages']}`)
    return { bootstrapServers: values['bootstrap-servers'], topic: values.topic, maxMessages }
  } catch (error) {
    console.error((error as Error).message)
    console.error('usage: [--bootstrap-servers HOST:PORT,...] [--topic NAME] [--max-messages N]')
    process.exit(2)
  }
}
