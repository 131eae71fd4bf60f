export { AUDIENCE, ISSUER_PATH, verifyAccessToken, type TokenProblem, type Verification } from './access-token'
export { createAuthentication, openAuthentication } from './entrypoint'
export { authErrors, renderAuthError } from './errors'
export { sessionOfRefreshToken } from './session'
