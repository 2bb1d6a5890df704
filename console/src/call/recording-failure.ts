/** Why a recording failed: the worker's sentences as keys of messages.ts, so that every language has words for them. */

export interface RecordingFailure {
  /** `other`: a sentence that is not known here; shown as it is. */
  reason: 'disk_full' | 'nothing_captured' | 'cut_short' | 'capture_gone' | 'no_memory' | 'no_audio' | 'border' | 'other'
  seconds: string
  willRetry: boolean
}

const RETRY_MARK = /; will be tried again$/

const REASONS: readonly [RegExp, RecordingFailure['reason']][] = [
  [/^disk_full$/, 'disk_full'],
  [/captured nothing/, 'nothing_captured'],
  [/^only the first (\d+) s were captured/, 'cut_short'],
  [/^the capture is gone/, 'capture_gone'],
  [/^not enough memory/, 'no_memory'],
  [/^the captures hold no packets|^no audio of a known codec/, 'no_audio'],
  [/^rtpengine: /, 'border'],
]

export function readFailure(text: string): RecordingFailure {
  for (const [pattern, reason] of REASONS) {
    const found = pattern.exec(text)
    if (found) return { reason, seconds: found[1] ?? '', willRetry: RETRY_MARK.test(text) }
  }
  return { reason: 'other', seconds: '', willRetry: RETRY_MARK.test(text) }
}
