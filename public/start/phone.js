// One phone: a signed-in person, a list, a form. It talks to the backend through supabase-js alone.

const LIST = 'id, title, visibility, owner_id, team_id, owner:profiles(display_name), team:teams(name)'
const AUDIENCES = [
  ['private', 'Only me'],
  ['team', 'Team'],
  ['public', 'Everyone'],
]
const ADDRESSES = { private: 'Only me', team: 'Team', public: 'Everyone' }

/** What a request was and what the server said it cost; `requestId` finds its SQL. */
function seen(input, init, response) {
  const request = input instanceof Request ? input : null
  return {
    method: init?.method ?? request?.method ?? 'GET',
    path: new URL(request?.url ?? input, location.href).pathname,
    status: response.status,
    requestId: response.headers.get('x-request-id'),
  }
}

export class Phone {
  /** @param {HTMLElement} root @param {{ name: string, email: string, password: string, suggestions: string[] }} person @param {string} key */
  constructor(root, person, key) {
    this.root = root
    this.person = person
    this.last = null
    this.known = null
    this.onAction = async () => {}
    this.client = globalThis.supabase.createClient(location.origin, key, {
      auth: { persistSession: false, autoRefreshToken: true, detectSessionInUrl: false, storageKey: `start-${person.name}` },
      global: {
        fetch: async (input, init) => {
          const response = await fetch(input, init)
          this.last = seen(input, init, response)
          return response
        },
      },
    })
    root.replaceChildren(document.querySelector('#phone-template').content.cloneNode(true))
    this.find('.avatar').textContent = person.name[0]
    this.find('.who').textContent = `${person.name}’s journal`
    this.find('.email').textContent = person.email
    const input = this.find('input')
    input.id = `title-${person.name.toLowerCase()}`
    this.find('label').htmlFor = input.id
    input.value = this.suggestion()
    this.find('form').addEventListener('submit', (event) => {
      event.preventDefault()
      void this.write(input.value.trim())
    })
  }

  find(selector) {
    return this.root.querySelector(selector)
  }

  say(text, failed = false) {
    this.find('.toast').textContent = text
    this.find('.toast').classList.toggle('failed', failed)
  }

  /** Whether the trip is on this phone's list now. */
  shows(id) {
    return this.known?.has(id) ?? false
  }

  async signIn() {
    const { data, error } = await this.client.auth.signInWithPassword({ email: this.person.email, password: this.person.password })
    if (error) throw new Error(`${this.person.name} couldn’t sign in: ${error.message}`)
    this.id = data.user.id
    const { data: teams, error: denied } = await this.client.from('teams').select('id, name').order('created_at').limit(1)
    if (denied) throw new Error(denied.message)
    this.team = teams[0] ?? null
  }

  /** Reads the list as this person may, draws it, and answers what was asked. */
  async refresh() {
    const { data, error } = await this.client.from('trips').select(LIST).order('created_at', { ascending: false }).limit(4)
    const request = { ...this.last, action: 'read', rows: data?.length ?? 0 }
    if (error) this.say(error.message, true)
    else this.draw(data)
    return request
  }

  /** A title to write next; they come round again. */
  suggestion() {
    this.suggested = (this.suggested ?? -1) + 1
    return this.person.suggestions[this.suggested % this.person.suggestions.length]
  }

  async write(title) {
    if (title === '') return
    this.find('input').value = this.suggestion()
    await this.act(`writes “${title}”`, 'insert', () =>
      this.client.from('trips').insert({ title, visibility: 'private' }).select('id').single(),
    )
  }

  async share(trip, visibility) {
    const what =
      visibility === 'private'
        ? `takes “${trip.title}” back`
        : visibility === 'team'
          ? `shares “${trip.title}” with the team`
          : `shows “${trip.title}” to everyone`
    const change = { visibility, team_id: visibility === 'team' ? (this.team?.id ?? null) : trip.team_id }
    await this.act(what, 'update', () => this.client.from('trips').update(change).eq('id', trip.id).select('id').single())
  }

  async act(what, action, call) {
    this.root.classList.add('busy')
    const { data, error } = await call()
    if (error) this.say(error.message, true)
    const request = { ...this.last, action, what, trip: error ? null : data.id }
    await this.onAction(request)
    this.root.classList.remove('busy')
  }

  draw(trips) {
    const before = this.known
    this.known = new Set(trips.map(({ id }) => id))
    this.find('.trips').replaceChildren(...trips.map((trip) => this.card(trip, before !== null && !before.has(trip.id))))
  }

  card(trip, isNew) {
    const card = document.createElement('li')
    card.dataset.visibility = trip.visibility
    if (isNew) card.classList.add('new')
    const title = document.createElement('h3')
    title.textContent = trip.title
    const line = document.createElement('p')
    const own = trip.owner_id === this.id
    line.textContent = `${own ? 'You' : (trip.owner?.display_name ?? 'Somebody')} · ${trip.visibility === 'team' ? (trip.team?.name ?? 'a team') : ADDRESSES[trip.visibility]}`
    card.append(title, line)
    if (own) card.append(this.audience(trip))
    return card
  }

  audience(trip) {
    const group = document.createElement('div')
    group.className = 'audience'
    group.setAttribute('role', 'group')
    group.setAttribute('aria-label', `Who may see “${trip.title}”`)
    for (const [value, label] of AUDIENCES) {
      const button = document.createElement('button')
      button.type = 'button'
      button.textContent = label
      button.setAttribute('aria-pressed', String(trip.visibility === value))
      button.disabled = value === 'team' && this.team === null
      button.addEventListener('click', () => trip.visibility !== value && void this.share(trip, value))
      group.append(button)
    }
    return group
  }
}
