// The start page in a real browser, against the server that a newcomer starts: what is shared reaches the other phone, what isn't doesn't.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chromiumPath, openBrowser, startDevServer, type DevServer } from './server'

/** A busy machine needs longer than the second that polling waits by itself. */
const SOON = { timeout: 15_000 }

const path = chromiumPath()
if (path === null) {
  console.warn(
    'SKIPPED: the start page was not tried in a browser, because Chromium is not installed (`apt-get install -y chromium`, or set CHROMIUM).',
  )
}

interface DevApp {
  readonly keys: { readonly publishableKey: string; readonly secretKey: string; readonly serviceRoleJwt: string }
}

let server: DevServer

beforeAll(async () => {
  server = await startDevServer()
}, 120_000)

afterAll(async () => {
  await server.close()
})

describe.skipIf(path === null)('the start page', () => {
  let browser: Browser
  let page: Page
  const troubles: string[] = []
  const hosts = new Set<string>()

  beforeAll(async () => {
    browser = await openBrowser(path ?? '')
    page = await browser.newPage({ viewport: { width: 1440, height: 1000 } })
    // A refused script, style or call of the Content-Security-Policy is an error on the console too.
    page.on('console', (message) => message.type() === 'error' && troubles.push(message.text()))
    page.on('pageerror', (error) => troubles.push(error.message))
    page.on('request', (request) => hosts.add(new URL(request.url()).host))
    await page.goto(server.url)
    await page.waitForSelector('body[data-ready]')
  })

  afterAll(async () => {
    await browser.close()
  })

  const title = `Over the Test Col ${Date.now()}`
  const card = (person: 'ada' | 'bo') => page.locator(`#phone-${person} .trips li`, { hasText: title })
  const newest = () => page.locator('#trail > li').first()
  /** The phone is busy from the click until both lists and the trail are up to date. */
  const press = async (label: string) => {
    await card('ada').getByRole('button', { name: label }).click()
    await page.locator('#phone-ada:not(.busy)').waitFor()
  }

  test('both people are signed in and see trips of others', async () => {
    for (const person of ['ada', 'bo']) expect(await page.locator(`#phone-${person} .trips li`).count()).toBe(4)
    expect(await page.locator('#notice').isHidden()).toBe(true)
  })

  test('a private trip stays on the phone it was written on', async () => {
    await page.fill('#phone-ada input', title)
    await page.click('#phone-ada button[type=submit]')
    await card('ada').waitFor()
    await expect.poll(() => page.locator('#phone-ada .toast').textContent(), SOON).toBe('Bo doesn’t see it.')
    expect(await card('bo').count()).toBe(0)
    const written = page.locator('#trail > li', { hasText: `writes “${title}”` })
    await expect.poll(() => written.locator('.meters').textContent(), SOON).toMatch(/1 D1 call\d+ rows? read\d+ writtenPOST 201/)
    expect(await written.locator('figcaption').first().textContent()).toBe('app/tables/trips.ts · insert')
  })

  test('shared with the team it appears on the other phone, with the policy and the SQL that let it', async () => {
    await press('Team')
    await expect.poll(() => card('bo').count(), SOON).toBe(1)
    expect(await card('bo').textContent()).toContain('Ada Fairweather · Wednesday Walkers')
    expect(await card('bo').getByRole('button').count()).toBe(0)
    const entry = newest()
    expect(await entry.locator('details').getAttribute('open')).not.toBeNull()
    expect(await entry.locator('pre').first().textContent()).toContain("eq(row.visibility, 'team')")
    expect(await entry.locator('.decides').allTextContents()).toContainEqual(expect.stringMatching(/`visibility` = 'public'/))
    expect(await entry.locator('.meters').textContent()).toMatch(/^1 D1 call[1-9]\d* rows read/)
  })

  test('taken back it is gone from the other phone', async () => {
    await press('Only me')
    await expect.poll(() => card('bo').count(), SOON).toBe(0)
    expect(await card('ada').count()).toBe(1)
    expect(await page.locator('#phone-bo').textContent()).not.toContain(title)
  })

  test('says which ways to sign in are open, and what a link out of a mail brought', async () => {
    expect(await page.locator('#ways dd code').allTextContents()).toEqual(
      [
        'signInWithPassword({ email, password })',
        'signInWithOtp({ email })',
        'signInWithOtp({ phone })',
        'signInAnonymously()',
        'signInWithPasskey()',
      ].map((call) => `perigee.auth.${call}`),
    )
    const other = await browser.newPage()
    await other.goto(`${server.url}/auth/v1/verify?token=none&type=magiclink`)
    await other.locator('#notice', { hasText: 'Email link is invalid or has expired' }).waitFor(SOON)
    expect(new URL(other.url()).hash).toBe('')
    await other.close()
  })

  test('four snippets carry this server’s address and key', async () => {
    const { keys } = (await (await fetch(`${server.url}/dev/app`)).json()) as DevApp
    for (const language of ['Swift', 'Kotlin', 'Dart', 'JavaScript']) {
      await page.getByRole('tab', { name: language }).click()
      const code = await page.locator('#snippet').textContent()
      expect(code).toContain(server.url)
      expect(code).toContain(keys.publishableKey)
    }
    const shown = await page.content()
    expect(shown).not.toContain(keys.secretKey)
    expect(shown).not.toContain(keys.serviceRoleJwt)
  })

  test('nothing came from another host, and nothing went wrong', () => {
    expect([...hosts]).toEqual([new URL(server.url).host])
    expect(troubles).toEqual([])
  })

  test('for an app of one’s own it shows the tables and their policies instead of the phones', async () => {
    const own = await browser.newPage({ viewport: { width: 1440, height: 1000 } })
    const app = (await (await fetch(`${server.url}/dev/app`)).json()) as DevApp
    const mine = 'eq(row.ownerId, auth.uid)'
    const tables = { notes: { read: mine, insert: mine, update: { using: mine, check: mine }, delete: 'never' } }
    await own.route('**/dev/app', (route) => route.fulfill({ json: { ...app, name: 'Notebook', description: '', tables } }))
    await own.goto(server.url)
    await expect.poll(() => own.locator('h1').textContent(), SOON).toBe('Notebook is running.')
    expect(await own.locator('#stage').isHidden()).toBe(true)
    expect(await own.locator('#tables article').textContent()).toBe(`notesread${mine}insert${mine}update${mine}deletenever`)
    expect(await own.locator('#snippet').textContent()).toContain('.from("notes").select()')
    if (process.env.SCREENSHOTS) await own.screenshot({ path: `${process.env.SCREENSHOTS}/own.png` })
    await own.close()
  })

  test.each([
    [390, 844],
    [768, 1024],
    [1440, 900],
  ])('it fits a screen of %i × %i', async (width, height) => {
    await page.setViewportSize({ width, height })
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
    const phones = await Promise.all(['ada', 'bo'].map((person) => page.locator(`#phone-${person}`).boundingBox()))
    const [ada, bo] = phones.map((box) => box ?? { x: 0, y: 0, width: 0, height: 0 })
    if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/${width}.png`, fullPage: true })
    // Side by side where there is room, else one under the other.
    if (width >= 768) expect(bo!.x).toBeGreaterThanOrEqual(ada!.x + ada!.width)
    else expect(bo!.y).toBeGreaterThanOrEqual(ada!.y + ada!.height)
  })

  test('the outbox beside it shows what people were sent as text, runs nothing of it, and fits every screen', async () => {
    const evil = '<img src=x onerror="document.title=1">'
    const variables = { code: '314159', link: 'javascript:alert(1)', tokenHash: 'c0ffee' }
    const mail = {
      id: 'x',
      at: new Date().toISOString(),
      channel: 'email',
      to: evil,
      kind: 'recovery',
      locale: 'en',
      subject: evil,
      text: evil,
    }
    const box = await browser.newPage({ viewport: { width: 1440, height: 900 } })
    box.on('console', (message) => message.type() === 'error' && troubles.push(message.text()))
    await box.route('**/dev/outbox.json?*', (route) => route.fulfill({ json: { messages: [{ ...mail, html: null, variables }] } }))
    await box.goto(`${server.url}/dev/outbox`)
    await box.waitForSelector('body[data-ready]')
    expect(await box.locator('#subject').textContent()).toBe(evil)
    expect(await box.locator('#messages img, #message img').count()).toBe(0)
    expect(await box.locator('#proof').textContent()).toBe('314159Copy token hash')
    for (const width of [1440, 768, 390]) {
      await box.setViewportSize({ width, height: 844 })
      expect(await box.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
    }
    expect(troubles).toEqual([])
    await box.close()
  })
})

describe('npm run demo', () => {
  const demo = (url: string) =>
    spawnSync(process.execPath, ['--import', './scripts/register.mjs', 'scripts/demo.ts', '--url', url], {
      cwd: join(import.meta.dirname, '../..'),
      encoding: 'utf8',
    })

  test('tells its story to the end', () => {
    const { status, stdout, stderr } = demo(server.url)
    expect(stderr).toBe('')
    expect(status).toBe(0)
    expect(stdout.match(/✓/g)).toHaveLength(14)
  })

  test('says what to do when nothing runs', () => {
    const { status, stderr } = demo('http://localhost:1')
    expect(status).toBe(1)
    expect(stderr).toContain('npm run dev')
  })
})
