import type { ChildProcess } from 'node:child_process'
import { fork } from 'node:child_process'
import type { Done, Job } from './job.ts'
import { perform } from './job.ts'

/** Argument that makes the program a worker. */
export const WORKER = '--worker'

/** Worlds are short-lived: with room for young objects less of them is copied about (a tenth of the time). */
const YOUNG = '--max-semi-space-size=64'

/**
 * Does jobs in several processes, each one job at a time; in this process when one is enough.
 * @param program what is started as a worker
 * @param onDone told of each job when it is done; gives whether the others are still wanted
 */
export async function performAll(
  jobs: readonly Job[],
  count: number,
  program: string,
  onDone: (done: Done) => boolean,
): Promise<void> {
  const queue = [...jobs]
  const take = () => queue.shift()
  const finish = (done: Done) => {
    if (!onDone(done)) queue.length = 0
  }
  if (count <= 1) {
    for (let job = take(); job; job = take()) finish(await perform(job))
    return
  }
  const workers = Array.from({ length: Math.min(count, jobs.length) }, () =>
    fork(program, [WORKER], { execArgv: [...process.execArgv, YOUNG] }),
  )
  try {
    await Promise.all(workers.map((worker) => feed(worker, take, finish)))
  } finally {
    for (const worker of workers) worker.kill()
  }
}

/** Gives a worker one job after the other. @throws Error when it ends */
async function feed(
  worker: ChildProcess,
  take: () => Job | undefined,
  finish: (done: Done) => void,
): Promise<void> {
  for (let job = take(); job; job = take()) {
    const { seed, scenario } = job
    const done = await new Promise<Done>((resolve, reject) => {
      const onExit = (code: number | null) =>
        reject(new Error(`the worker ended with ${code} while it ran seed ${seed} ${scenario}`))
      worker.once('exit', onExit)
      worker.once('message', (message) => {
        worker.removeListener('exit', onExit)
        resolve(message as Done)
      })
      worker.send(job)
    })
    finish(done)
  }
}

/** Serves the process that started this one until it lets go. */
export function serve(): void {
  process.on('message', (job: Job) => {
    void perform(job).then((done) => process.send?.(done))
  })
  process.on('disconnect', () => process.exit(0))
}
