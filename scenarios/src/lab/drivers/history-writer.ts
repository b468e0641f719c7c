import { closeSync, openSync, writeSync } from 'node:fs'

/** What is written lies in memory no longer than this. Milliseconds. */
const FLUSH_MS = 200
/** ... and no more than so many characters of it. */
const FLUSH_SIZE = 1 << 16

/** Who did something, and as which of its clients. */
export interface Author {
  who: string
  inc: string
}

/** Writes a history as JSON lines, in the order of time. Everything is in the file after `flush`, `close` and an `exit`. */
export class HistoryWriter {
  readonly #file: number
  readonly #timer: NodeJS.Timeout
  #waiting = ''
  #nextOp: number
  #isOpen = true

  /** `firstOp`: the first number that a call is given; no other process of the run has it or one above. */
  constructor(path: string, firstOp: number) {
    this.#file = openSync(path, 'a')
    this.#nextOp = firstOp
    this.#timer = setInterval(() => this.flush(), FLUSH_MS)
    this.#timer.unref()
    process.once('exit', () => this.close())
  }

  /** A client was opened: gives its author, whose incarnation is named after the line that says so. */
  open(who: string, text: string): Author {
    const op = this.#nextOp++
    const author = { who, inc: `${who}#${op}` }
    this.#write('b', op, author, { f: 'open', text })
    return author
  }

  /** Something without duration. */
  moment(author: Author, event: object): void {
    this.#write('b', this.#nextOp++, author, event)
  }

  /** A call begins; gives what writes its end. */
  begin<F extends object>(author: Author, event: F): (ending?: object) => void {
    const op = this.#nextOp++
    this.#write('b', op, author, event)
    const { f } = event as { f?: string }
    return (ending) => this.#write('e', op, author, { f, ...ending })
  }

  flush(): void {
    if (this.#waiting === '' || !this.#isOpen) return
    const text = this.#waiting
    this.#waiting = ''
    let bytes = Buffer.from(text)
    while (bytes.length > 0) bytes = bytes.subarray(writeSync(this.#file, bytes))
  }

  close(): void {
    if (!this.#isOpen) return
    this.flush()
    this.#isOpen = false
    clearInterval(this.#timer)
    closeSync(this.#file)
  }

  #write(ph: 'b' | 'e', op: number, { who, inc }: Author, event: object): void {
    const t = Number(process.hrtime.bigint())
    this.#waiting += `${JSON.stringify({ t, op, ph, who, inc, ...event })}\n`
    if (this.#waiting.length > FLUSH_SIZE) this.flush()
  }
}
