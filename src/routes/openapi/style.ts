// The looks of /docs: one style sheet and one small script, both inline under a nonce.
import { raw } from 'hono/html'

export const STYLE = raw(`
:root { --ink: #1a1d21; --dim: #5c6570; --paper: #fff; --panel: #f5f6f8; --line: #dfe3e8; --accent: #0b6bcb; --get: #0b6bcb; --post: #177245; --patch: #9a5b00; --delete: #b3261e }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ed; --dim: #9aa4b0; --paper: #14171b; --panel: #1c2026; --line: #2d333b; --accent: #6db3ff; --get: #6db3ff; --post: #5fd08f; --patch: #f0b45a; --delete: #ff8a80 } }
* { box-sizing: border-box }
html { scroll-behavior: smooth; scroll-padding-top: 1rem }
body { margin: 0; display: grid; grid-template-columns: 15rem minmax(0, 1fr); font: 16px/1.55 system-ui, sans-serif; color: var(--ink); background: var(--paper) }
a { color: var(--accent); text-decoration: none } a:hover { text-decoration: underline }
nav { position: sticky; top: 0; height: 100vh; overflow: auto; padding: 1.5rem 1.25rem; background: var(--panel); border-right: 1px solid var(--line) }
nav ul { list-style: none; padding: 0; margin: 1rem 0 } nav li { margin: .35rem 0 }
.brand { font-weight: 700; font-size: 1.1rem; color: inherit }
input { width: 100%; margin-top: 1rem; padding: .45rem .6rem; font: inherit; font-size: .9rem; color: inherit; background: var(--paper); border: 1px solid var(--line); border-radius: .4rem }
main { max-width: 60rem; width: 100%; padding: 2rem clamp(1rem, 4vw, 3rem) 6rem }
h1 { margin: 0; font-size: 2.1rem; letter-spacing: -.02em } h2 { margin: 3.5rem 0 .25rem; font-size: 1.5rem } h3 { margin: 1.2rem 0 .4rem; font-size: .8rem; text-transform: uppercase; letter-spacing: .06em; color: var(--dim) }
.lead { font-size: 1.15rem; color: var(--dim); margin: .3rem 0 1.2rem }
code, pre { font: .88em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace }
:not(pre) > code { overflow-wrap: anywhere }
pre { padding: .9rem 1rem; overflow: auto; background: var(--panel); border: 1px solid var(--line); border-radius: .5rem }
.scroll { overflow-x: auto } table { width: 100%; border-collapse: collapse; font-size: .92rem; margin: .8rem 0 1.2rem } th { text-align: left; color: var(--dim); font-weight: 500 } th, td { padding: .4rem .8rem .4rem 0; border-bottom: 1px solid var(--line); vertical-align: top }
td code { overflow-wrap: normal; white-space: nowrap } td:last-child code { overflow-wrap: anywhere; white-space: normal } .errors td:last-child { white-space: nowrap } .columns th:first-child { width: 26% } .columns th:nth-child(2) { width: 32% }
details { border: 1px solid var(--line); border-radius: .5rem; margin: .6rem 0; padding: 0 1rem } details[open] { padding-bottom: 1rem }
summary { padding: .6rem 0; cursor: pointer; list-style: none } summary::-webkit-details-marker { display: none }
.method { display: inline-block; min-width: 4.2rem; font: 700 .78rem ui-monospace, monospace } .get { color: var(--get) } .post, .put { color: var(--post) } .patch { color: var(--patch) } .delete { color: var(--delete) }
.summary, small, dd { color: var(--dim) } .summary { margin-left: .5rem; font-size: .92rem }
dl { margin: 0; display: grid; grid-template-columns: minmax(8rem, 14rem) minmax(0, 1fr); gap: .35rem 1rem; font-size: .92rem } dd { margin: 0 }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: .3rem }
[hidden] { display: none }
@media (max-width: 46rem) { body { display: block } nav { position: static; height: auto; border: 0; border-bottom: 1px solid var(--line) } nav ul { display: flex; flex-wrap: wrap; gap: .2rem 1rem } dl { grid-template-columns: 1fr; gap: .1rem } dd { margin-bottom: .5rem } .summary { display: block; margin-left: 0 } .errors thead { display: none } .errors tr { display: flex; flex-wrap: wrap; gap: .1rem .8rem; padding: .6rem 0; border-bottom: 1px solid var(--line) } .errors td { border: 0; padding: 0 } .errors td:nth-child(4) { order: 1; width: 100% } .errors td:empty { display: none } }
`)

/** Hides what doesn't hold the text that is looked for. */
export const FILTER_SCRIPT = raw(`
const find = document.getElementById('find')
find.addEventListener('input', () => {
  const text = find.value.trim().toLowerCase()
  for (const section of document.querySelectorAll('main > section')) {
    section.hidden = text !== '' && !section.textContent.toLowerCase().includes(text)
    document.querySelector('nav a[href="#' + CSS.escape(section.id) + '"]').parentElement.hidden = section.hidden
  }
})
const open = () => { const target = document.getElementById(decodeURIComponent(location.hash.slice(1))); if (target instanceof HTMLDetailsElement) target.open = true }
addEventListener('hashchange', open)
open()
`)
