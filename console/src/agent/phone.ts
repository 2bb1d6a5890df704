// The phone of an agent's page: runs what `decide` asks for over JsSIP, and tells it what JsSIP reports.
import JsSIP from 'jssip'
import type { RTCSession } from 'jssip/lib/RTCSession'
import type { RTCSessionEvent } from 'jssip/lib/UA'
import { holdLine } from './line'
import { decide, INITIAL, type PhoneEffect, type PhoneEvent, type PhoneState } from './machine'
import { MicrophoneError, openMicrophone } from './microphone'
import { RingTone } from './ring'
import { preferPcma } from './sdp'

export interface PhoneAccount {
  ws_url: string
  sip_uri: string
  username: string
  realm: string
  ha1: string
}

const REGISTER_EXPIRES_S = 120
const REGISTER_RETRY_MS = 5000
const CODEC_KEY = 'ucc.codec'
const KEY_IN_AUDIO = { transportType: JsSIP.C.DTMF_TRANSPORT.RFC2833, duration: 120, interToneGap: 70 }
const RECONNECT_MIN_S = 2
const RECONNECT_MAX_S = 5

export class Phone {
  private state: PhoneState = INITIAL
  private ua: JsSIP.UA | null = null
  private releaseLine: (() => void) | null = null
  private readonly sessions = new Map<string, RTCSession>()
  private readonly audio = new Audio()
  private readonly ringTone = new RingTone()

  constructor(
    private readonly loadAccount: () => Promise<PhoneAccount>,
    private readonly onChange: (state: PhoneState) => void,
  ) {
    this.audio.autoplay = true
    // A headset that was plugged in ends the trouble of having none.
    navigator.mediaDevices?.addEventListener('devicechange', () => {
      if (this.state.microphone !== null && this.state.line.name !== 'off') void this.checkMicrophone()
    })
  }

  tell(event: PhoneEvent): void {
    const [after, effects] = decide(this.state, event)
    const hasChanged = after !== this.state
    this.state = after
    if (hasChanged) this.onChange(after)
    if (after.call?.name === 'ringing') this.ringTone.start()
    else this.ringTone.stop()
    for (const effect of effects) this.run(effect)
  }

  /** Asks for the microphone and gives it back: permission lasts, the light goes out. */
  async checkMicrophone(): Promise<void> {
    try {
      const stream = await openMicrophone()
      stopStream(stream)
      this.tell({ kind: 'microphone.opened' })
    } catch (error) {
      this.failMicrophone(error)
    }
  }

  /** The microphone itself, at once; the switch mutes the leg too. */
  setMuted(isMuted: boolean): void {
    for (const session of this.sessions.values()) {
      if (isMuted) session.mute({ audio: true })
      else session.unmute({ audio: true })
    }
  }

  private run(effect: PhoneEffect): void {
    switch (effect.kind) {
      case 'register':
        void this.register()
        return
      case 'unregister':
        this.unregister()
        return
      case 'answer':
        void this.answer(effect.id)
        return
      case 'reject':
        this.end(effect.id, effect.status)
        return
      case 'end':
        this.end(effect.id)
        return
      case 'send-key':
        this.sessions.get(effect.id)?.sendDTMF(effect.key, KEY_IN_AUDIO)
    }
  }

  private async register(): Promise<void> {
    this.unregister()
    const isWanted = (): boolean => this.state.line.name !== 'off' && this.releaseLine === release
    const { release, isHeld } = holdLine(() => this.tell({ kind: 'line.failed', trouble: 'elsewhere' }))
    this.releaseLine = release
    await isHeld
    if (!isWanted()) return
    await this.checkMicrophone()
    let account: PhoneAccount
    try {
      account = await this.loadAccount()
    } catch {
      this.tell({ kind: 'line.failed', trouble: 'no_account' })
      return
    }
    // Signed out, or started a second time, while the account was loaded.
    if (!isWanted()) return
    this.ua = this.makeAgent(account)
    this.ua.start()
  }

  private unregister(): void {
    const ua = this.ua
    this.ua = null
    this.releaseLine?.()
    this.releaseLine = null
    ua?.stop()
  }

  private makeAgent(account: PhoneAccount): JsSIP.UA {
    const ua = new JsSIP.UA({
      sockets: [new JsSIP.WebSocketInterface(account.ws_url)],
      uri: account.sip_uri,
      authorization_user: account.username,
      realm: account.realm,
      ha1: account.ha1,
      register_expires: REGISTER_EXPIRES_S,
      session_timers: false,
      connection_recovery_min_interval: RECONNECT_MIN_S,
      connection_recovery_max_interval: RECONNECT_MAX_S,
      user_agent: 'UCC console',
    })
    // Over a network that loses packets Opus sounds better; the border converts it, so it is not the usual choice.
    if (localStorage.getItem(CODEC_KEY) === 'opus') ua.registrator().setExtraHeaders(['X-UCC-Codec: opus'])
    const isPresent = () => this.ua === ua
    ua.on('registered', () => isPresent() && this.tell({ kind: 'registered' }))
    ua.on('registrationFailed', ({ response }) => {
      if (!isPresent()) return
      const isRefused = response !== null && [401, 403, 404, 407].includes(response.status_code)
      this.tell({ kind: 'line.failed', trouble: isRefused ? 'refused' : 'lost' })
      if (!isRefused) window.setTimeout(() => isPresent() && ua.isConnected() && ua.register(), REGISTER_RETRY_MS)
    })
    ua.on('disconnected', () => isPresent() && this.tell({ kind: 'line.failed', trouble: 'lost' }))
    ua.on('newRTCSession', (event: RTCSessionEvent) => {
      if (event.originator === 'remote') this.takeInvite(event.session, event.request)
    })
    return ua
  }

  private takeInvite(session: RTCSession, request: { getHeader(name: string): string | undefined }): void {
    const id = session.id
    this.sessions.set(id, session)
    session.on('peerconnection', ({ peerconnection }) => {
      peerconnection.addEventListener('track', ({ track }) => this.play(id, track))
    })
    session.on('sdp', (data) => {
      if (data.originator === 'local') data.sdp = preferPcma(data.sdp)
    })
    session.on('confirmed', () => this.tell({ kind: 'call.confirmed', id, at: Date.now() }))
    session.on('ended', () => this.forget(id))
    session.on('failed', () => this.forget(id))
    this.tell({
      kind: 'invited',
      id,
      number: session.remote_identity.uri.user || session.remote_identity.display_name,
      isAnsweredAtOnce: /;\s*answer-after\s*=\s*0\b/i.test(request.getHeader('Call-Info') ?? ''),
    })
  }

  private async answer(id: string): Promise<void> {
    const session = this.sessions.get(id)
    if (session === undefined) return
    let stream: MediaStream
    try {
      stream = await openMicrophone()
    } catch (error) {
      this.failMicrophone(error)
      return
    }
    session.on('ended', () => stopStream(stream))
    session.on('failed', () => stopStream(stream))
    if (session.isEnded()) {
      stopStream(stream)
      return
    }
    session.answer({ mediaStream: stream, pcConfig: { iceServers: [] } })
  }

  private end(id: string, status?: number): void {
    const session = this.sessions.get(id)
    if (session === undefined || session.isEnded()) {
      this.forget(id)
      return
    }
    session.terminate(status === undefined ? undefined : { status_code: status })
  }

  private forget(id: string): void {
    this.sessions.delete(id)
    if (this.state.call?.id === id) this.audio.srcObject = null
    this.tell({ kind: 'call.ended', id })
  }

  private play(id: string, track: MediaStreamTrack): void {
    if (this.state.call?.id !== id) return
    this.audio.srcObject = new MediaStream([track])
    void this.audio.play().catch(() => undefined)
  }

  private failMicrophone(error: unknown): void {
    const trouble = error instanceof MicrophoneError ? error.trouble : 'unknown'
    this.tell({ kind: 'microphone.failed', trouble })
  }
}

function stopStream(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop()
}
