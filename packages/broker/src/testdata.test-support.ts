import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'

/** For tests only: a gzipped file of the package's testdata. */
function testdata(name: string): string {
  const file = fileURLToPath(new URL(`../testdata/${name}.gz`, import.meta.url))
  return gunzipSync(readFileSync(file)).toString('utf8')
}

/** For tests only: the lines of a gzipped file of JSON objects. */
export function testlines<T>(name: string): T[] {
  return testdata(name)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T)
}

/** For tests only: a gzipped file that holds one JSON object. */
export function testobject<T>(name: string): T {
  return JSON.parse(testdata(name)) as T
}
