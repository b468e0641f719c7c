/** Takes `topic-0` apart. */
export function splitName(tp: string): { topic: string; partition: number } {
  const at = tp.lastIndexOf('-')
  return { topic: tp.slice(0, at), partition: Number(tp.slice(at + 1)) }
}

/** Offsets by topic and then by partition, as some clients take them. */
export function byTopic(
  offsets: Readonly<Record<string, number>>,
): Map<string, { partition: number; offset: number }[]> {
  const topics = new Map<string, { partition: number; offset: number }[]>()
  for (const [tp, offset] of Object.entries(offsets)) {
    const { topic, partition } = splitName(tp)
    topics.set(topic, [...(topics.get(topic) ?? []), { partition, offset }])
  }
  return topics
}

/** Counts within each partition which place a record has among those of one call. */
export class Places {
  readonly #counts = new Map<string, number>()

  next(tp: string): number {
    const place = this.#counts.get(tp) ?? 0
    this.#counts.set(tp, place + 1)
    return place
  }
}
