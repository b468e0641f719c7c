import type { Row } from '../row.ts'
import { controls } from './controls.ts'
import { ct01 } from './ct-01.ts'
import { ct02 } from './ct-02.ts'
import { ct03 } from './ct-03.ts'
import { ct04 } from './ct-04.ts'
import { ct06 } from './ct-06.ts'
import { ct07 } from './ct-07.ts'
import { ct11 } from './ct-11.ts'
import { ct39 } from './ct-39.ts'

/** Every row that can be run, in the order of the table. */
export const rows: readonly Row[] = [ct01, ct02, ct03, ct04, ct06, ct07, ct11, ct39, ...controls]
