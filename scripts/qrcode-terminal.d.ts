// The package has no types of its own; these are of the one function that we call.
declare module 'qrcode-terminal' {
  const qrcode: { generate(text: string, options: { readonly small: boolean }, done: (code: string) => void): void }
  export default qrcode
}
