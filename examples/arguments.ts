import { parseArgs } from 'node:util'

/** What every example takes: where the brokers are, which topic, and when to stop (without it: never). */
export function readArguments(): { bootstrapServers: string; topic: string; maxMessages: number } {
  const { values } = parseArgs({
    options: {
      'bootstrap-servers': { type: 'string', default: 'localhost:9092' },
      topic: { type: 'string', default: 'my.topic' },
      'max-messages': { type: 'string', default: 'Infinity' },
    },
  })
  return {
    bootstrapServers: values['bootstrap-servers'],
    topic: values.topic,
    maxMessages: Number(values['max-messages']),
  }
}
