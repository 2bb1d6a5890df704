// The microphone of the page: asked for once when the phone starts, so that a refusal is seen before a call comes.
import type { MicrophoneTrouble } from './machine'

export async function openMicrophone(): Promise<MediaStream> {
  if (!window.isSecureContext || navigator.mediaDevices === undefined) throw new MicrophoneError('insecure')
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: true, video: false })
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
