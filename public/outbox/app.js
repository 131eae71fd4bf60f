// Shows what the outbox holds, and looks for more while somebody looks at it. Everything of a message is put in as text; its HTML only in the frame.

const AGAIN_MS = 2_500

const $ = (id) => document.getElementById(id)

const state = { messages: [], selected: null, form: 'html' }

const element = (name, className, text) => {
  const made = document.createElement(name)
  if (className) made.className = className
  if (text !== undefined) made.textContent = text
  return made
}

const clock = (iso) => {
  const at = new Date(iso)
  const today = at.toDateString() === new Date().toDateString()
  return at.toLocaleString([], today ? { timeStyle: 'medium' } : { dateStyle: 'medium', timeStyle: 'short' })
}

const say = (text) => {
  $('said').textContent = text
}

/** An address that leads somewhere and runs nothing. */
const leads = (link) =>
  typeof link === 'string' && /^[a-z][a-z0-9+.-]*:/i.test(link) && !/^(javascript|data|vbscript|blob|file):/i.test(link)

function listItem(message) {
  const button = element('button')
  button.type = 'button'
  button.append(
    element('span', 'to', message.to),
    element('time', '', clock(message.at)),
    element('span', 'line', message.subject ?? message.text),
  )
  button.setAttribute('aria-current', String(message.id === state.selected))
  button.addEventListener('click', () => select(message.id, true))
  const item = element('li')
  item.append(button)
  return item
}

function showList() {
  $('messages').replaceChildren(...state.messages.map(listItem))
  $('none').hidden = state.messages.length > 0
  $('none').textContent =
    $('search').value.trim() === ''
      ? 'Nothing here yet. Ask for a code (signInWithOtp): it shows up by itself.'
      : 'Nothing was sent to such a recipient.'
}

function copyButton(className, text, label) {
  const button = element('button', className, label ?? text)
  button.type = 'button'
  button.setAttribute('aria-label', `Copy ${label ?? text}`)
  button.title = 'Copy'
  const copy = async () => {
    await navigator.clipboard.writeText(text)
    say(`Copied ${label ?? text}`)
    button.textContent = 'Copied'
    setTimeout(() => (button.textContent = label ?? text), 1_200)
  }
  button.addEventListener('click', () => void copy().catch((error) => say(error.message)))
  return button
}

function proofs({ code, link, tokenHash }) {
  const shown = []
  if (code) shown.push(copyButton('code', code))
  if (leads(link)) {
    const open = element('a', '', 'Open link')
    open.href = link
    open.target = '_blank'
    open.rel = 'noreferrer'
    shown.push(open, copyButton('', link, 'Copy link'))
  }
  if (tokenHash) shown.push(copyButton('', tokenHash, 'Copy token hash'))
  return shown
}

function showMessage() {
  const message = state.messages.find(({ id }) => id === state.selected)
  $('message').hidden = message === undefined
  $('panes').classList.toggle('reading', message !== undefined)
  if (message === undefined) return
  $('subject').textContent = message.subject ?? 'Text message'
  const about = [
    ['To', message.to],
    ['For', message.kind.replaceAll('_', ' ')],
    ['Language', message.locale],
    ['At', clock(message.at)],
  ]
  $('about').replaceChildren(...about.flatMap(([name, value]) => [element('dt', '', name), element('dd', '', value)]))
  $('proof').replaceChildren(...proofs(message.variables))
  $('text').textContent = message.text
  const address = message.html === null ? 'about:blank' : `/dev/outbox.html?id=${encodeURIComponent(message.id)}`
  if ($('frame').getAttribute('src') !== address) $('frame').setAttribute('src', address)
  $('tab-html').hidden = message.html === null
  showForm(message.html === null ? 'text' : state.form)
}

function showForm(form) {
  for (const one of ['html', 'text']) $(`tab-${one}`).setAttribute('aria-selected', String(one === form))
  $('frame').hidden = form !== 'html'
  $('text').hidden = form !== 'text'
  $('view').setAttribute('aria-labelledby', `tab-${form}`)
}

function select(id, focus = false) {
  state.selected = id
  showList()
  showMessage()
  if (!focus) return
  $('message').focus({ preventScroll: true })
  // On a phone the letter takes the list's place.
  if (!matchMedia('(min-width: 860px)').matches) scrollTo(0, 0)
}

async function load() {
  const search = $('search').value.trim()
  const answer = await fetch(`/dev/outbox.json?${new URLSearchParams({ search, limit: '200' })}`)
  if (!answer.ok) throw new Error(`The outbox answered ${answer.status}.`)
  const { messages } = await answer.json()
  if (search !== $('search').value.trim()) return
  const same = messages.length === state.messages.length && messages[0]?.id === state.messages[0]?.id
  state.messages = messages
  if (same && document.body.dataset.ready) return
  if (!messages.some(({ id }) => id === state.selected)) {
    // On a wide page something is always open; a phone shows the list first.
    state.selected = matchMedia('(min-width: 860px)').matches ? (messages[0]?.id ?? null) : null
  }
  showList()
  showMessage()
  document.body.dataset.ready = 'yes'
}

const refresh = () => void load().catch((error) => say(error.message))

for (const form of ['html', 'text']) {
  $(`tab-${form}`).addEventListener('click', () => {
    state.form = form
    showForm(form)
  })
}
$('toolbar').addEventListener('submit', (event) => event.preventDefault())
$('search').addEventListener('input', refresh)
$('back').addEventListener('click', () => {
  select(null)
  $('search').focus()
})
const empty = async () => {
  await fetch('/dev/outbox.json', { method: 'DELETE' })
  say('The outbox is empty.')
  await load()
}
$('empty').addEventListener('click', () => void empty().catch((error) => say(error.message)))
setInterval(() => document.visibilityState === 'visible' && refresh(), AGAIN_MS)
refresh()
