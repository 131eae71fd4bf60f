// Draws the README's picture: `node --import ./scripts/register.mjs tests/browser/screenshot.ts` writes docs/images/start.png.
import { join } from 'node:path'
import { chromiumPath, openBrowser, startDevServer } from './server'

const path = chromiumPath()
if (path === null) throw new Error('Chromium is not installed.')

const server = await startDevServer()
const browser = await openBrowser(path)
try {
  const page = await browser.newPage({ viewport: { width: 1440, height: 1230 }, deviceScaleFactor: 1.5 })
  await page.goto(server.url)
  await page.waitForSelector('body[data-ready]')
  await page.click('#phone-ada button[type=submit]')
  await page.locator('#phone-ada .toast', { hasText: 'doesn’t see it' }).waitFor()
  await page.locator('#phone-ada .trips').getByRole('button', { name: 'Team' }).first().click()
  await page.locator('#trail > li:first-child details[open] .decides').first().waitFor()
  // Cards arrive in half a second.
  await page.waitForTimeout(800)
  await page.screenshot({ path: join(import.meta.dirname, '../../docs/images/start.png') })
} finally {
  await browser.close()
  await server.close()
}
