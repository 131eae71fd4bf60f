// Where a provider's endpoints are: built in for those that everybody knows, told by OpenID Connect Discovery 1.0 for the others.
import type { Endpoints, Provider } from './provider'
import { isAskable, remoteDocument } from './remote'
import type { Workshop } from './workshop'

/** Whether a document is that of the declared issuer, and sends us nowhere we may not go. */
function isConfiguration(document: unknown, issuer: string, loopback: boolean): document is Record<string, unknown> {
  if (typeof document !== 'object' || document === null) return false
  const { issuer: own, jwks_uri, authorization_endpoint, token_endpoint, userinfo_endpoint } = document as Record<string, unknown>
  const askable = (address: unknown) => typeof address === 'string' && address.length <= 400 && isAskable(address, loopback)
  const required = [jwks_uri, authorization_endpoint, token_endpoint].every(askable)
  return own === issuer && required && (userinfo_endpoint === undefined || askable(userinfo_endpoint))
}

/** Whether a list has an entry; one that isn't there has the default. */
const listed = (list: unknown, entry: string) => !Array.isArray(list) || list.includes(entry)

/** The endpoints of a provider. Errors: `service_unavailable` when its discovery document can't be had, or isn't its own. */
export async function endpointsOf(workshop: Workshop, provider: Provider): Promise<Endpoints> {
  if (provider.endpoints !== null) return provider.endpoints
  const issuer = provider.issuers[0]!
  const address = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  const { loopback } = provider
  const document = (await remoteDocument(workshop, address, loopback, (one) => isConfiguration(one, issuer, loopback))) as Record<
    string,
    unknown
  >
  return {
    authorization: String(document['authorization_endpoint']),
    token: String(document['token_endpoint']),
    userinfo: typeof document['userinfo_endpoint'] === 'string' ? document['userinfo_endpoint'] : null,
    jwks: String(document['jwks_uri']),
    // Discovery 1.0: the header is what goes without saying.
    secretIn: listed(document['token_endpoint_auth_methods_supported'], 'client_secret_basic') ? 'header' : 'body',
    namesIssuer: document['authorization_response_iss_parameter_supported'] === true,
  }
}
