/** The one socket of live events: reconnects by itself, and begins again from a snapshot when events are missing. */
import { applyEvent, EMPTY, fromSnapshot, type LiveEvent, type LiveMessage, type View } from './view'

/** `away`: call control does not run, what is shown may be old. `lost`: the server cannot be reached. */
export type Link = 'connecting' | 'live' | 'away' | 'lost'

export interface Listener {
  changed(view: View, event: LiveEvent | null): void
  linked(link: Link): void
  loggedOut(): void
}

const NOT_LOGGED_IN = 4401
const FIRST_RETRY_MS = 500
const LAST_RETRY_MS = 8000

export class LiveSocket {
  private socket: WebSocket | null = null
  private view: View = EMPTY
  private hasSnapshot = false
  private failures = 0
  private retry: ReturnType<typeof setTimeout> | undefined
  private isClosed = false

  constructor(
    private readonly listener: Listener,
    private readonly open: () => WebSocket = openLive,
  ) {
    this.connect()
  }

  close(): void {
    this.isClosed = true
    clearTimeout(this.retry)
    this.socket?.close()
  }

  private connect(): void {
    const socket = this.open()
    this.socket = socket
    this.hasSnapshot = false
    socket.onmessage = (message) => {
      if (socket === this.socket) this.take(JSON.parse(String(message.data)) as LiveMessage)
    }
    socket.onclose = (event) => {
      if (socket === this.socket) this.lose(event.code)
    }
  }

  private take(message: LiveMessage): void {
    if (message.kind === 'controller.away') {
      this.failures = 0
      this.hasSnapshot = false
      this.listener.linked('away')
    } else if (message.kind === 'snapshot') {
      this.failures = 0
      this.hasSnapshot = true
      this.show(fromSnapshot(message), null)
      this.listener.linked('live')
    } else if (this.hasSnapshot) {
      const next = applyEvent(this.view, message)
      if (next === null) this.reconnect()
      else this.show(next, message)
    }
  }

  private show(view: View, event: LiveEvent | null): void {
    this.view = view
    this.listener.changed(view, event)
  }

  /** Events are missing: what is held is of no use. */
  private reconnect(): void {
    const old = this.socket
    this.socket = null
    old?.close()
    this.connect()
  }

  private lose(code: number): void {
    this.socket = null
    if (this.isClosed) return
    if (code === NOT_LOGGED_IN) {
      this.isClosed = true
      this.listener.loggedOut()
      return
    }
    this.listener.linked('lost')
    const wait_ms = Math.min(FIRST_RETRY_MS * 2 ** this.failures++, LAST_RETRY_MS)
    this.retry = setTimeout(() => this.connect(), wait_ms)
  }
}

function openLive(): WebSocket {
  const url = new URL('/api/v1/live', window.location.href)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  return new WebSocket(url)
}
