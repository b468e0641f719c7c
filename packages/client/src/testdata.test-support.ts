import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'

/** For tests only: the lines of a gzipped file of JSON objects in the package's testdata. */
export function testlines<T>(name: string): T[] {
  const file = fileURLToPath(new URL(`../testdata/${name}.gz`, import.meta.url))
  return gunzipSync(readFileSync(file))
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T)
}
