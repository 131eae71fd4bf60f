// Which addresses this machine can be called by, and whether a port is free. Opens nothing for longer than it takes to ask.
import { createServer } from 'node:net'
import { networkInterfaces } from 'node:os'

/** Whether nobody listens on this port of the local addresses; of all addresses with `everywhere`. */
export async function isPortFree(port: number, everywhere = false): Promise<boolean> {
  const hosts = everywhere ? ['0.0.0.0', '127.0.0.1', '::1'] : ['127.0.0.1', '::1']
  for (const host of hosts) if (!(await canListen(port, host))) return false
  return true
}

function canListen(port: number, host: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(false)
      // A machine without IPv6 has no ::1 to be taken.
      else if (error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT') resolve(true)
      else reject(error)
    })
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)))
  })
}

/** IPv4 addresses that others in the same network may reach, home networks' ranges first. */
export function networkAddresses(interfaces: ReturnType<typeof networkInterfaces> = networkInterfaces()): string[] {
  const addresses = Object.values(interfaces)
    .flatMap((list) => list ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address)
  return addresses.toSorted((a, b) => rank(a) - rank(b))
}

function rank(address: string): number {
  if (address.startsWith('192.168.')) return 0
  if (address.startsWith('10.')) return 1
  // 172.17.0.0 is where containers live more often than phones.
  if (/^172\.(1[6-9]|2\d|3[01])\./.test(address)) return 2
  return 3
}
