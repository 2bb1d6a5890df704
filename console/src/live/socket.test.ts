import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { LiveSocket, type Link } from './socket'
import type { LiveMessage, Snapshot, View } from './view'
import { aCall, anAgent, expectSameView } from './view.fixtures'

class FakeSocket {
  onmessage: ((message: { data: string }) => void) | null = null
  onclose: ((event: { code: number }) => void) | null = null
  isClosed = false
  close(): void {
    this.isClosed = true
  }
  send(message: LiveMessage): void {
    this.onmessage?.({ data: JSON.stringify(message) })
  }
  drop(code = 1006): void {
    this.onclose?.({ code })
  }
}

const SNAPSHOT: Snapshot = { kind: 'snapshot', seq: 0, agents: [anAgent(1)], calls: [], queues: [] }

describe('live socket', () => {
  let sockets: FakeSocket[]
  let links: Link[]
  let view: View | undefined
  let loggedOut: number
  let live: LiveSocket

  beforeEach(() => {
    vi.useFakeTimers()
    sockets = []
    links = []
    loggedOut = 0
    live = new LiveSocket(
      {
        changed: (now) => (view = now),
        linked: (link) => links.push(link),
        loggedOut: () => loggedOut++,
      },
      () => {
        const socket = new FakeSocket()
        sockets.push(socket)
        return socket as unknown as WebSocket
      },
    )
  })
  afterEach(() => {
    live.close()
    vi.useRealTimers()
  })

  it('shows the snapshot and what follows it', () => {
    sockets[0]!.send(SNAPSHOT)
    sockets[0]!.send({ seq: 1, tenant_id: 3, kind: 'call.changed', call: aCall('a') })
    expectSameView(view!, { ...SNAPSHOT, seq: 1, calls: [aCall('a')] })
    expect(links).toEqual(['live'])
  })

  it('begins again from a snapshot when an event is missing', () => {
    sockets[0]!.send(SNAPSHOT)
    sockets[0]!.send({ seq: 2, tenant_id: 3, kind: 'call.changed', call: aCall('a') })
    expect(sockets[0]!.isClosed).toBe(true)
    expect(sockets).toHaveLength(2)
    sockets[0]!.send({ seq: 3, tenant_id: 3, kind: 'call.changed', call: aCall('b') })
    expect(view!.calls.size).toBe(0)
  })

  it('comes back after the connection is lost, later and later', () => {
    sockets[0]!.drop()
    expect(links).toEqual(['lost'])
    vi.advanceTimersByTime(500)
    expect(sockets).toHaveLength(2)
    sockets[1]!.drop()
    vi.advanceTimersByTime(500)
    expect(sockets).toHaveLength(2)
    vi.advanceTimersByTime(500)
    expect(sockets).toHaveLength(3)
  })

  it('says that call control is away, and takes its new snapshot', () => {
    sockets[0]!.send({ kind: 'controller.away' })
    sockets[0]!.send({ seq: 1, tenant_id: 3, kind: 'call.changed', call: aCall('a') })
    sockets[0]!.send(SNAPSHOT)
    expect(links).toEqual(['away', 'live'])
    expect(view!.calls.size).toBe(0)
  })

  it('ends when the login has ended', () => {
    sockets[0]!.drop(4401)
    vi.advanceTimersByTime(60_000)
    expect(loggedOut).toBe(1)
    expect(sockets).toHaveLength(1)
  })
})
