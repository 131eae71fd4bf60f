// The Worker that tests run in: the real one.
export { default } from '../../src/index'
export * from '../../src/index'
