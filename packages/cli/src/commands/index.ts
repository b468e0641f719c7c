import type { Command } from '../command.ts'
import { broker } from './broker.ts'
import { explain } from './explain.ts'

/** Every command, in the order in which help lists them. A new one is a file beside this one and a line here. */
export const commands: readonly Command[] = [broker, explain]
