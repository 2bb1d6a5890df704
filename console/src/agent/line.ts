// One phone for all pages of a browser: two of them would take the registration from each other every two minutes.

const LOCK = 'ucc-phone'

export interface HeldLine {
  /** Resolves once this page is the phone; never, when it is released before. */
  isHeld: Promise<void>
  release: () => void
}

/** Asks to be the phone; `onWaiting` is called when another page is, and goes on waiting until that one is closed. */
export function holdLine(onWaiting: () => void): HeldLine {
  const stop = new AbortController()
  let release: () => void = () => undefined
  const isReleased = new Promise<void>((resolve) => (release = resolve))
  stop.signal.addEventListener('abort', () => release())
  // Only secure pages have locks; the others have no microphone either.
  if (navigator.locks === undefined) return { isHeld: Promise.resolve(), release: () => stop.abort() }
  const isHeld = new Promise<void>((resolve) => {
    const hold = (): Promise<void> => {
      resolve()
      return isReleased
    }
    navigator.locks
      .request(LOCK, { ifAvailable: true }, (lock) => (lock === null ? false : hold()))
      .then(async (answer) => {
        if (answer !== false || stop.signal.aborted) return
        onWaiting()
        await navigator.locks.request(LOCK, { signal: stop.signal }, hold)
      })
      .catch(() => undefined)
  })
  return { isHeld, release: () => stop.abort() }
}
