import * as protocol from '@samsa/protocol'
import { declarationsOf } from './declarations.ts'

/** Where the fields of an API, a message or a kind of record begin: where the type is from, its name, a kind's own name. */
const FIELDS = /(import\("[^"]+"\)\.|)\b(Api|Message|RecordKind)<("\w+"|)(?:, )?\{/g
/** A declaration whose type is nothing else. */
const SHAPED =
  /^(?:\/\*\*[\s\S]*?\*\/\n)?export declare const [\w$]+: (?:import\("[^"]+"\)\.|)(?:Api|Message)<\{/

interface Versions {
  readonly key?: number
  readonly minVersion: number
  readonly maxVersion: number
  readonly flexible: number
}

/**
 * What `api/` keeps of a package. Of the protocol's APIs and messages the versions stand there and not the fields: those
 * are what Kafka's schema says, in every version, and a test of the package compares them with it.
 * @param room a folder of `packages/`, built
 */
export function keptDeclarations(room: string): string {
  return room === 'protocol' ? declarationsOf(room, withoutFields) : declarationsOf(room)
}

/** A declaration as it is kept: without fields, and where it is one API or message, with its versions. */
export function withoutFields(text: string, name: string): string {
  let kept = ''
  let from = 0
  for (const found of text.matchAll(FIELDS)) {
    if (found.index < from) continue
    const [whole, place = '', kind = '', own = ''] = found
    const of = kind === 'Message' ? `<${place}Shape>` : own === '' ? '' : `<${own}>`
    kept += `${text.slice(from, found.index)}${place}${kind}${of}`
    from = behind(text, found.index + whole.length)
  }
  kept += text.slice(from)
  if (!SHAPED.test(text)) return kept
  return `${kept} // ${told((protocol as Record<string, unknown>)[name] as Versions)}`
}

/** Where the `>` that closes the type ends; `at` is behind the first brace in it. */
function behind(text: string, at: number): number {
  let end = at
  for (let depth = 2; depth > 0; end++) {
    const mark = text[end]
    if (mark === '<' || mark === '{') depth++
    if (mark === '}' || (mark === '>' && text[end - 1] !== '=')) depth--
    if (mark === undefined) throw new Error(`a type that does not end: ${text.slice(0, 200)}`)
  }
  return end
}

function told({ key, minVersion, maxVersion, flexible }: Versions): string {
  const which = key === undefined ? '' : `key ${key}, `
  const versions =
    minVersion === maxVersion ? `version ${minVersion}` : `versions ${minVersion} to ${maxVersion}`
  return `${which}${versions}${flexible <= maxVersion ? `, flexible from ${flexible}` : ''}`
}
