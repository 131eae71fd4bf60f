// QR codes (ISO/IEC 18004) of bytes at error correction level M, as a matrix and as a drawing: as much as an authenticator app's camera asks for.
import { AppError, utf8 } from '../core'
import { authErrors } from './errors'

/** Dark is true; row by row. */
export type QrMatrix = readonly (readonly boolean[])[]

/** Of level M, by version from 1 on: check bytes of a block, and blocks (table 9). */
const CHECK_BYTES =
  '10 16 26 18 24 16 18 22 22 26 30 22 22 24 24 28 28 26 26 26 26 28 28 28 28 28 28 28 28 28 28 28 28 28 28 28 28 28 28 28'
    .split(' ')
    .map(Number)
const BLOCKS = '1 1 1 2 2 4 4 4 5 5 5 8 9 9 10 10 11 13 14 16 17 17 18 20 21 23 25 26 28 29 31 33 35 37 38 40 43 45 47 49'
  .split(' ')
  .map(Number)
const VERSIONS = 40
/** The two bits of level M in the format information (table 12). */
const LEVEL_BITS = 0
/** Light modules around the drawing. */
const QUIET = 4

type Grid = (boolean | null)[][]

/** All bytes, of data and of checks, that a version holds. */
function capacityOf(version: number): number {
  const alignments = version === 1 ? 0 : Math.floor(version / 7) + 2
  const aligned = version === 1 ? 0 : (25 * alignments - 10) * alignments - 55
  return Math.floor(((16 * version + 128) * version + 64 - aligned - (version >= 7 ? 36 : 0)) / 8)
}

const dataBytesOf = (version: number) => capacityOf(version) - CHECK_BYTES[version - 1]! * BLOCKS[version - 1]!

/** Product in GF(256) modulo x⁸+x⁴+x³+x²+1. */
function multiply(a: number, b: number): number {
  let product = 0
  for (let bit = 7; bit >= 0; bit--) product = (product << 1) ^ ((product >> 7) * 0x11d) ^ (((b >> bit) & 1) * a)
  return product
}

/** The generator polynomial without its first coefficient, which is 1. */
function generatorOf(degree: number): number[] {
  let generator = [...Array<number>(degree - 1).fill(0), 1]
  let root = 1
  for (let i = 0; i < degree; i++) {
    generator = generator.map((one, j) => multiply(one, root) ^ (generator[j + 1] ?? 0))
    root = multiply(root, 2)
  }
  return generator
}

function checksOf(data: readonly number[], generator: readonly number[]): number[] {
  let rest = generator.map(() => 0)
  for (const byte of data) {
    const factor = byte ^ rest[0]!
    rest = generator.map((one, i) => (rest[i + 1] ?? 0) ^ multiply(one, factor))
  }
  return rest
}

/** Mode, length, the bytes and what fills up, 8 bits each. */
function dataOf(bytes: Uint8Array, version: number): number[] {
  const lengthBits = version < 10 ? 8 : 16
  let bits = `0100${bytes.length.toString(2).padStart(lengthBits, '0')}`
  for (const byte of bytes) bits += byte.toString(2).padStart(8, '0')
  const room = dataBytesOf(version)
  bits += '0'.repeat(Math.min(4, room * 8 - bits.length))
  bits = bits.padEnd(Math.ceil(bits.length / 8) * 8, '0')
  const data = (bits.match(/.{8}/g) ?? []).map((octet) => Number.parseInt(octet, 2))
  for (let i = 0; data.length < room; i++) data.push(i % 2 === 0 ? 0xec : 0x11)
  return data
}

/** Splits into blocks, shorter ones first, and takes from each in turn: data first, then checks. */
function interleave(data: readonly number[], version: number): number[] {
  const blocks = BLOCKS[version - 1]!
  const generator = generatorOf(CHECK_BYTES[version - 1]!)
  const short = Math.floor(data.length / blocks)
  const long = data.length % blocks
  const parts = Array.from({ length: blocks }, (_, i) => {
    const start = i * short + Math.max(0, i - (blocks - long))
    return data.slice(start, start + short + (i >= blocks - long ? 1 : 0))
  })
  const turns = (lists: readonly (readonly number[])[], most: number) =>
    Array.from({ length: most }, (_, i) => lists.flatMap((list) => list[i] ?? [])).flat()
  return [
    ...turns(parts, short + 1),
    ...turns(
      parts.map((part) => checksOf(part, generator)),
      generator.length,
    ),
  ]
}

/** `value` with its remainder by a generator of `degree` behind it. */
function withRemainder(value: number, generator: number, degree: number): number {
  let rest = value
  for (let i = 0; i < degree; i++) rest = (rest << 1) ^ ((rest >> (degree - 1)) * generator)
  return (value << degree) | rest
}

function alignmentsOf(version: number): number[] {
  if (version === 1) return []
  const count = Math.floor(version / 7) + 2
  const size = version * 4 + 17
  const step = version === 32 ? 26 : Math.ceil((version * 4 + 4) / (count * 2 - 2)) * 2
  return [6, ...Array.from({ length: count - 1 }, (_, i) => size - 7 - (count - 2 - i) * step)]
}

/** All that stands the same in every code of a version; null where data goes. The format's places are taken, and light. */
function patterns(version: number): Grid {
  const size = version * 4 + 17
  const grid: Grid = Array.from({ length: size }, () => Array<boolean | null>(size).fill(null))
  const put = (row: number, column: number, dark: boolean) => {
    if (row >= 0 && row < size && column >= 0 && column < size) grid[row]![column] = dark
  }
  const rings = (row: number, column: number, radius: number, light: readonly number[]) => {
    for (let y = -radius; y <= radius; y++)
      for (let x = -radius; x <= radius; x++) put(row + y, column + x, !light.includes(Math.max(Math.abs(x), Math.abs(y))))
  }
  for (let i = 0; i < size; i++) {
    put(6, i, i % 2 === 0)
    put(i, 6, i % 2 === 0)
  }
  for (const [row, column] of [[3, 3], [3, size - 4], [size - 4, 3]] as const) rings(row, column, 4, [2, 4]) // prettier-ignore
  const centres = alignmentsOf(version)
  const last = centres.length - 1
  centres.forEach((row, i) =>
    centres.forEach((column, j) => {
      const corner = (i === 0 && (j === 0 || j === last)) || (i === last && j === 0)
      if (!corner) rings(row, column, 2, [1])
    }),
  )
  for (const [row, column] of formatPlaces(size).flat()) put(row, column, false)
  put(size - 8, 8, true)
  if (version >= 7) {
    const bits = withRemainder(version, 0x1f25, 12)
    for (let i = 0; i < 18; i++) {
      const dark = ((bits >> i) & 1) === 1
      put(Math.floor(i / 3), size - 11 + (i % 3), dark)
      put(size - 11 + (i % 3), Math.floor(i / 3), dark)
    }
  }
  return grid
}

/** Where the fifteen bits of the format stand, the lowest first; each in two places. */
function formatPlaces(size: number): (readonly [number, number])[][] {
  return Array.from({ length: 15 }, (_, i) => {
    const first = i < 6 ? [i, 8] : i < 8 ? [i + 1, 8] : i === 8 ? [8, 7] : [8, 14 - i]
    const second = i < 8 ? [8, size - 1 - i] : [size - 15 + i, 8]
    return [first as [number, number], second as [number, number]]
  })
}

const MASKS: readonly ((row: number, column: number) => boolean)[] = [
  (y, x) => (x + y) % 2 === 0,
  (y) => y % 2 === 0,
  (_, x) => x % 3 === 0,
  (y, x) => (x + y) % 3 === 0,
  (y, x) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
  (y, x) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (y, x) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (y, x) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
]

/** Lays the bytes in the free places, in columns of two from the right, up and down in turn, and turns over what the mask says. */
function drawn(version: number, bytes: readonly number[], mask: number): boolean[][] {
  const grid = patterns(version)
  const size = grid.length
  let at = 0
  for (let pair = size - 1; pair >= 1; pair -= 2) {
    // The column of the timing pattern has no data.
    const right = pair <= 6 ? pair - 1 : pair
    for (let i = 0; i < size; i++) {
      const row = ((right + 1) & 2) === 0 ? size - 1 - i : i
      for (const column of [right, right - 1]) {
        if (grid[row]![column] !== null) continue
        const bit = ((bytes[at >> 3] ?? 0) >> (7 - (at & 7))) & 1
        at += 1
        grid[row]![column] = (bit === 1) !== MASKS[mask]!(row, column)
      }
    }
  }
  const format = withRemainder((LEVEL_BITS << 3) | mask, 0x537, 10) ^ 0x5412
  formatPlaces(size).forEach((places, i) => {
    for (const [row, column] of places) grid[row]![column] = ((format >> i) & 1) === 1
  })
  return grid as boolean[][]
}

const LIKE_A_FINDER = /(?=10111010000|00001011101)/g

/** How hard a code is on a reader (ISO/IEC 18004 §7.8.3); the mask with the least is taken. */
function penaltyOf(matrix: QrMatrix): number {
  const size = matrix.length
  const lines = [...matrix, ...matrix.map((_, i) => matrix.map((row) => row[i]!))].map((line) => line.map(Number).join(''))
  let penalty = 0
  for (const line of lines) {
    for (const [run] of line.matchAll(/0{5,}|1{5,}/g)) penalty += run.length - 2
    penalty += 40 * [...line.matchAll(LIKE_A_FINDER)].length
  }
  for (let row = 1; row < size; row++) {
    for (let column = 1; column < size; column++) {
      const [one, above] = [matrix[row]!, matrix[row - 1]!]
      if (one[column] === one[column - 1] && one[column] === above[column] && one[column] === above[column - 1]) penalty += 3
    }
  }
  const dark = matrix.flat().filter(Boolean).length
  return penalty + 10 * Math.floor(Math.abs((dark * 100) / (size * size) - 50) / 5)
}

/** The code of a text in UTF-8, in the smallest version that holds it; `mask` (0 to 7) is chosen when absent. Errors: `validation_failed` over 2,331 bytes. */
export function qrMatrix(text: string, mask?: number): QrMatrix {
  const bytes = utf8(text)
  const version = Array.from({ length: VERSIONS }, (_, i) => i + 1).find((one) => bytes.length + (one < 10 ? 2 : 3) <= dataBytesOf(one))
  if (version === undefined) throw new AppError(authErrors.validation_failed, { message: 'The text is too long for a QR code' })
  const laid = interleave(dataOf(bytes, version), version)
  if (mask !== undefined) return drawn(version, laid, mask)
  const [best] = MASKS.map((_, one) => drawn(version, laid, one)).sort((a, b) => penaltyOf(a) - penaltyOf(b))
  return best!
}

/** A code as SVG, black on white with its quiet zone. Nothing of the text stands in it but the modules. */
export function qrSvg(text: string): string {
  const matrix = qrMatrix(text)
  const size = matrix.length + 2 * QUIET
  const path = matrix
    .map((row, y) => {
      const line = row.map((dark) => (dark ? '1' : '0')).join('')
      return [...line.matchAll(/1+/g)].map((run) => `M${run.index + QUIET} ${y + QUIET}h${run[0].length}v1h-${run[0].length}z`).join('')
    })
    .join('')
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${size * 4}" height="${size * 4}" viewBox="0 0 ${size} ${size}" shape-rendering="crispEdges">` +
    `<path fill="white" d="M0 0h${size}v${size}H0z"/><path fill="black" d="${path}"/></svg>`
  )
}
