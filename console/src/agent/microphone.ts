// The microphone of the page: asked for once when the phone starts, so that a refusal is seen before a call comes.
import { recall, remember } from '@/kit/storage'
import type { MicrophoneTrouble } from './machine'

const CLEANING = 'microphone_cleaning'

/** Whether the browser takes echo and noise out of the voice; a headset that does so itself sounds better without. */
export function isCleaned(): boolean {
  return recall(CLEANING) !== 'off'
}

/** From the next call on. */
export function setCleaned(isOn: boolean): void {
  remember(CLEANING, isOn ? 'on' : 'off')
}

export async function openMicrophone(): Promise<MediaStream> {
  if (!window.isSecureContext || navigator.mediaDevices === undefined) throw new MicrophoneError('insecure')
  const isOn = isCleaned()
  try {
    return await navigator.mediaDevices.getUserMedia({
      audio: { echoCancellation: isOn, noiseSuppression: isOn, autoGainControl: isOn },
      video: false,
    })
  } catch (error) {
    throw new MicrophoneError(describeTrouble(error))
  }
}

export class MicrophoneError extends Error {
  constructor(readonly trouble: MicrophoneTrouble) {
    super(`no microphone: ${trouble}`)
  }
}

export function describeTrouble(error: unknown): MicrophoneTrouble {
  switch ((error as { name?: unknown } | null)?.name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return 'denied'
    case 'NotFoundError':
    case 'OverconstrainedError':
      return 'missing'
    case 'NotReadableError':
    case 'AbortError':
      return 'busy'
    default:
      return 'unknown'
  }
}
