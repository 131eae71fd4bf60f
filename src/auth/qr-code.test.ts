// Checked against another implementation, module by module, and by reading the drawing back.
import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { utf8 } from '../core'
import { qrMatrix, qrSvg } from './qr-code'
import { totpUri } from './totp'

interface Reference {
  addData(data: string): void
  make(): void
  makeImpl(test: boolean, mask: number): void
  getModuleCount(): number
  isDark(row: number, column: number): boolean
}
const require = createRequire(import.meta.url)
const QRCode = require('qrcode-terminal/vendor/QRCode') as new (version: number, level: number) => Reference
const LEVEL_M = 0

function reference(text: string, mask: number): boolean[][] {
  const code = new QRCode(-1, LEVEL_M)
  // It takes a character for a byte.
  code.addData(String.fromCharCode(...utf8(text)))
  code.make()
  code.makeImpl(false, mask)
  const size = code.getModuleCount()
  return Array.from({ length: size }, (_, row) => Array.from({ length: size }, (_, column) => code.isDark(row, column)))
}

test.each([0, 1, 2, 3, 4, 5, 6, 7])('every module is as another implementation draws it, mask %i', (mask) => {
  for (const text of ['', 'a', 'otpauth://totp/x?secret=ABC', 'é'.repeat(40), 'x'.repeat(300)]) {
    expect(qrMatrix(text, mask)).toEqual(reference(text, mask))
  }
})

test('both sides of what each version holds are as another implementation draws them', () => {
  const versionOf = (length: number) => (qrMatrix('x'.repeat(length), 0).length - 17) / 4
  for (let version = 1; version < 40; version++) {
    let [fits, over] = [0, 2_331]
    while (over - fits > 1) {
      const middle = (fits + over) >> 1
      if (versionOf(middle) <= version) fits = middle
      else over = middle
    }
    for (const length of [fits, over]) {
      const text = 'x'.repeat(length)
      expect(qrMatrix(text, version % 8), `${length} bytes`).toEqual(reference(text, version % 8))
    }
    expect([versionOf(fits), versionOf(over)]).toEqual([version, version + 1])
  }
})

test('a text that no version holds is refused', () => {
  expect(qrMatrix('x'.repeat(2_331))).toHaveLength(177)
  expect(() => qrMatrix('x'.repeat(2_332))).toThrow('too long')
})

test('the drawing has the modules of the matrix, and nothing of the text', () => {
  const uri = totpUri('JBSWY3DPEHPK3PXP', 'Trail "<&>" head', 'ada@example.com')
  const svg = qrSvg(uri)
  expect(svg).not.toContain('JBSW')
  expect(svg).not.toContain('head')
  const side = Number(/viewBox="0 0 (\d+) /.exec(svg)?.[1])
  const read = Array.from({ length: side }, () => Array<boolean>(side).fill(false))
  const [, path = ''] = /fill="black" d="([^"]+)"/.exec(svg) ?? []
  for (const [, x, y, length] of path.matchAll(/M(\d+) (\d+)h(\d+)v1h-\3z/g))
    read[Number(y)]!.fill(true, Number(x), Number(x) + Number(length))
  expect(path.replaceAll(/M\d+ \d+h(\d+)v1h-\1z/g, '')).toBe('')
  const matrix = qrMatrix(uri)
  expect(read.slice(4, -4).map((row) => row.slice(4, -4))).toEqual(matrix)
  // The quiet zone is light.
  expect(read.flat().filter(Boolean)).toHaveLength(matrix.flat().filter(Boolean).length)
})
