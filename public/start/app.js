// The start page: signs two people in, lets them write and share, and shows between them what the backend did.
import { highlight } from './highlight.js'
import { Phone } from './phone.js'
import { snippets } from './snippets.js'
import { addToTrail, block, policyText } from './trail.js'

/** The seed's demo accounts (app/seed/accounts.ts). */
const PEOPLE = [
  {
    name: 'Ada',
    email: 'ada@trailhead.example',
    password: 'trailhead-demo',
    suggestions: [
      'Sunrise on the Old Heron Ridge',
      'The Seven Larch Steps, in the rain',
      'Down to the Salt Ferry',
      'Lantern Tarn by night',
    ],
  },
  {
    name: 'Bo',
    email: 'bo@trailhead.example',
    password: 'trailhead-demo',
    suggestions: [
      'The Crooked Kettle Pass in the fog',
      'Soup at the Upper Marmot Hut',
      'Two days on the Drover Col',
      'Bilberries below Fiddler Crag',
    ],
  },
]

const byId = (id) => document.getElementById(id)

function notify(text) {
  byId('notice').textContent = text
  byId('notice').hidden = false
}

async function copy(text, button) {
  // Browsers give a clipboard to secure pages only, and a phone on the Wi-Fi calls by plain address.
  if (navigator.clipboard) await navigator.clipboard.writeText(text)
  else {
    const field = document.createElement('textarea')
    field.value = text
    button.after(field)
    field.select()
    document.execCommand('copy')
    field.remove()
  }
  const label = button.textContent
  button.textContent = 'Copied'
  setTimeout(() => (button.textContent = label), 1200)
}

const masked = (key) => `${key.slice(0, 12)}${'•'.repeat(18)}`

/** A list of texts to copy: each a name, the text, and whether it is one that nobody should read over a shoulder. */
function showTexts(id, rows) {
  byId(id).replaceChildren(
    ...rows.flatMap(([label, value, secret = false]) => {
      const term = document.createElement('dt')
      term.textContent = label
      const definition = document.createElement('dd')
      const code = document.createElement('code')
      code.textContent = secret ? masked(value) : value
      const button = document.createElement('button')
      button.type = 'button'
      button.textContent = 'Copy'
      button.setAttribute('aria-label', `Copy: ${label}`)
      button.addEventListener('click', () => void copy(value, button))
      definition.append(code, button)
      return [term, definition]
    }),
  )
}

function showKeys(keys) {
  showTexts('keys', [
    ['URL', location.origin],
    ['Publishable key', keys.publishableKey],
    ['Secret key', keys.secretKey, true],
    ['Legacy anon JWT', keys.anonJwt],
    ['Legacy service_role JWT', keys.serviceRoleJwt, true],
  ])
}

/** The ways in that the app's rules leave open, as its clients hear of them. */
async function showWays(key) {
  const { external, passkeys_enabled: passkeys } = await (await fetch('/auth/v1/settings', { headers: { apikey: key } })).json()
  const { anonymous_users: anonymous, email: _, phone, ...providers } = external
  const open = Object.keys(providers).filter((name) => providers[name])
  showTexts('ways', [
    ['E-mail and password', 'perigee.auth.signInWithPassword({ email, password })'],
    ['Code or link by mail', 'perigee.auth.signInWithOtp({ email })'],
    ...(phone ? [['Code by text message', 'perigee.auth.signInWithOtp({ phone })']] : []),
    ...(anonymous ? [['Anonymously, to sign up later', 'perigee.auth.signInAnonymously()']] : []),
    ...(passkeys ? [['Passkey, at localhost too', 'perigee.auth.signInWithPasskey()']] : []),
    ...open.map((provider) => [`By ${provider}`, `perigee.auth.signInWithIdToken({ provider: '${provider}', token, nonce })`]),
  ])
}

/** Links in mails lead here where the app says no other place; what they bring stands in the address. */
function tellOfLink() {
  const brought = new URLSearchParams(`${location.search.slice(1)}&${location.hash.slice(1)}`)
  const error = brought.get('error_description')
  if (error === null && !['access_token', 'code', 'message'].some((name) => brought.has(name))) return
  history.replaceState(null, '', location.pathname)
  const what = error ?? brought.get('message') ?? 'it signed somebody in'
  notify(`A link brought you here: ${what}. Your app names another place with redirectTo, or auth.siteUrl for all links.`)
}

function showSnippets(sample) {
  let shown = snippets[0]
  const tabs = snippets.map((snippet) => {
    const tab = document.createElement('button')
    tab.type = 'button'
    tab.role = 'tab'
    tab.textContent = snippet.name
    tab.addEventListener('click', () => choose(snippet))
    return tab
  })
  const choose = (snippet) => {
    shown = snippet
    for (const tab of tabs) tab.setAttribute('aria-selected', String(tab.textContent === snippet.name))
    highlight(byId('snippet'), snippet.code(sample), 'code')
    byId('snippet-hint').textContent = snippet.hint
  }
  byId('languages').replaceChildren(...tabs)
  byId('copy-snippet').addEventListener('click', (event) => void copy(shown.code(sample), event.currentTarget))
  choose(shown)
}

/** For an app of one's own, which has no phones here: each table with its policies. */
function showTables({ name, description, tables }) {
  byId('stage').hidden = true
  byId('told').hidden = true
  byId('headline').textContent = `${name} is running.`
  byId('lede').textContent =
    description || 'Below is who may do what with each table, as it stands in your code. What isn’t allowed here is denied.'
  byId('tables').hidden = false
  byId('tables').replaceChildren(
    ...Object.entries(tables).map(([table, policies]) => {
      const sheet = document.createElement('article')
      const title = document.createElement('h2')
      title.textContent = table
      sheet.append(title, ...['read', 'insert', 'update', 'delete'].map((action) => block(action, policyText(policies, action), 'code')))
      return sheet
    }),
  )
}

/** Whose step of the three it is: write, share, unshare. */
function mark(step) {
  ;[...byId('steps').children].forEach((item, index) => {
    item.classList.toggle('done', index < step)
    item.classList.toggle('next', index === step)
  })
}

const STEP_AFTER = { insert: () => 1, update: (what) => (what.startsWith('takes') ? 3 : 2) }

async function run() {
  const app = await (await fetch('/dev/app')).json()
  document.title = `${app.name} on Perigee`
  byId('app-name').textContent = `${app.name}, on this machine`
  if (app.keys === null) return notify('This Worker has no PERIGEE_ROOT_KEY. Start it with npm run dev, which makes one.')
  showKeys(app.keys)
  await showWays(app.keys.publishableKey)
  const sample = { url: location.origin, key: app.keys.publishableKey }
  if (app.tables.trips === undefined || app.tables.teams === undefined) {
    showSnippets({
      ...sample,
      email: 'me@example.com',
      password: 'correct horse battery',
      table: Object.keys(app.tables)[0] ?? 'table',
      titled: false,
    })
    return showTables(app)
  }
  showSnippets({ ...sample, email: PEOPLE[0].email, password: PEOPLE[0].password, table: 'trips', titled: true })

  const phones = PEOPLE.map((person) => new Phone(byId(`phone-${person.name.toLowerCase()}`), person, app.keys.publishableKey))
  const policies = app.tables.trips
  const record = (phone, text, request, open) => addToTrail(byId('trail'), { person: phone.person.name, text, request, policies, open })
  for (const phone of phones) {
    const other = phones.find((candidate) => candidate !== phone)
    phone.onAction = async (request) => {
      await phone.refresh()
      const read = await other.refresh()
      if (request.trip !== null) phone.say(`${other.person.name} ${other.shows(request.trip) ? 'sees it now' : 'doesn’t see it'}.`)
      mark(STEP_AFTER[request.action](request.what))
      // What the other phone may now see is the point of sharing; of writing, that one may write.
      await record(phone, request.what, request, request.action === 'insert')
      await record(other, `asks again: ${read.rows} trips`, read, request.action !== 'insert')
    }
  }
  await Promise.all(phones.map((phone) => phone.signIn()))
  for (const phone of phones) {
    const request = await phone.refresh()
    await record(phone, `opens the list: ${request.rows} trips`, request, phone === phones[1])
  }
  mark(0)
  document.body.dataset.ready = 'true'
}

tellOfLink()
run().catch((error) => notify(`${error.message} If the database is empty, npm run seed fills it.`))
