// `npm test`: what CI runs. The checks, the bundle and its size, then every test; the last line is `N passed, N failed` over all of them.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import budgets from '../bench/budgets.json' with { type: 'json' }
import { check } from './check'
import { runQuietly } from './outcome'
import { startGroup } from './process-group'

const root = join(import.meta.dirname, '..')
const MAX_BUNDLE_KIB = budgets.bundle.gzipKiB

interface Tally {
  readonly passed: number
  readonly failed: number
}

/** Bundles the Worker as a deploy would, and weighs it. Tests in tests/clients run this very bundle. */
async function build(): Promise<Tally> {
  rmSync(join(root, 'dist'), { recursive: true, force: true })
  const { ok, output, ms } = await runQuietly(join(root, 'node_modules/.bin/wrangler'), ['deploy', '--dry-run', '--outdir', 'dist'], root, {
    WRANGLER_SEND_METRICS: 'false',
  })
  if (!ok) {
    console.log(`FAILED bundle\n${output.trim().replaceAll(/^/gm, '       ')}`)
    return { passed: 0, failed: 1 }
  }
  const kib = bundleBytes(join(root, 'dist')) / 1024
  const fits = kib < MAX_BUNDLE_KIB
  console.log(`${fits ? 'ok    ' : 'FAILED'} bundle (${(ms / 1000).toFixed(1)} s): ${kib.toFixed(0)} KiB gzip of ${MAX_BUNDLE_KIB} allowed`)
  return fits ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 }
}

/** Gzipped bytes of the modules that would be uploaded. */
function bundleBytes(folder: string): number {
  const modules = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(m?js|wasm)$/.test(name))
  return modules.reduce((sum, name) => sum + gzipSync(readFileSync(join(folder, name))).length, 0)
}

interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numTodoTests: number
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly { readonly status: string }[] }[]
}

/** All projects of vitest.config.ts. A file that can't be loaded and an error outside any test count as a failure each. */
async function tests(): Promise<Tally> {
  const folder = mkdtempSync(join(tmpdir(), 'perigee-test-'))
  const report = join(folder, 'report.json')
  const group = startGroup(
    join(root, 'node_modules/.bin/vitest'),
    ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
    {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  )
  const stop = () => void group.stop().then(() => process.exit(130))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop)
  const code = await group.ended
  try {
    return existsSync(report) ? tally(JSON.parse(readFileSync(report, 'utf8')) as Report, code) : { passed: 0, failed: 1 }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function tally(report: Report, code: number): Tally {
  const unloaded = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.every((test) => test.status !== 'failed'),
  ).length
  const skipped = report.numPendingTests + report.numTodoTests
  if (skipped > 0) console.log(`${skipped} tests were SKIPPED; each says above why.`)
  const failed = report.numFailedTests + unloaded
  return { passed: report.numPassedTests, failed: failed === 0 && code !== 0 ? 1 : failed }
}

const started = Date.now()
const parts = [await check(), await build(), await tests()]
const passed = parts.reduce((sum, part) => sum + part.passed, 0)
const failed = parts.reduce((sum, part) => sum + part.failed, 0)
const { stdout: commit } = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' })
console.log(`\n${(commit ?? '').trim() || 'no commit'}, ${((Date.now() - started) / 60_000).toFixed(1)} minutes`)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0
