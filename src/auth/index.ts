export { AUDIENCE, ISSUER_PATH, verifyAccessToken, type TokenProblem, type Verification } from './access-token'
export { Authentication } from './entrypoint'
export { authErrors, renderAuthError } from './errors'
export { sessionOfRefreshToken } from './session'
