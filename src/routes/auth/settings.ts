// What anybody may know of sign-in: the public keys, which ways to sign in there are, and that it runs.
import { Hono } from 'hono'
import { transportOf } from '../../messages'
import type { AppContext, AppEnv } from '../../middleware'
import { callAuthentication } from './call'
import { rulesOf } from './request'

/** Providers that GoTrue's clients know; those that the app declares are on. */
const PROVIDERS = (
  'apple azure bitbucket discord facebook figma fly github gitlab google kakao keycloak linkedin linkedin_oidc ' +
  'notion slack slack_oidc snapchat spotify twitch twitter workos x zoom'
).split(' ')

async function settings(c: AppContext): Promise<Response> {
  const rules = await rulesOf(c)
  return c.json({
    external: {
      anonymous_users: rules.anonymousUsers,
      ...Object.fromEntries(PROVIDERS.map((name) => [name, false])),
      ...Object.fromEntries((c.var.app.auth?.providers ?? []).map(({ name }) => [name, true])),
      email: true,
      phone: rules.phone,
    },
    disable_signup: rules.disableSignup,
    mailer_autoconfirm: !rules.confirmEmail,
    phone_autoconfirm: false,
    sms_provider: rules.phone ? (transportOf(c.var.app, c.env, 'sms')?.name ?? '') : '',
    saml_enabled: false,
    saml_private_key_next_configured: false,
    passkeys_enabled: c.var.app.auth?.passkeys !== undefined,
  })
}

async function jwks(c: AppContext): Promise<Response> {
  return c.json(await callAuthentication(c, (service) => service.publicKeys()), 200, { 'cache-control': 'public, max-age=600' })
}

async function health(c: AppContext): Promise<Response> {
  return c.json(await callAuthentication(c, (service) => service.health()))
}

export const settingsRoutes = new Hono<AppEnv>()
  .get('/settings', (c) => settings(c))
  .get('/.well-known/jwks.json', (c) => jwks(c))
  .get('/health', (c) => health(c))
