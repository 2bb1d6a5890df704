/** What this browser remembers. A browser that forbids storage forgets, nothing more. */

export function recall(key: string): string | null {
  try {
    return globalThis.localStorage?.getItem(`ucc.${key}`) ?? null
  } catch {
    return null
  }
}

export function remember(key: string, value: string): void {
  try {
    globalThis.localStorage?.setItem(`ucc.${key}`, value)
  } catch {
    // Remembered for this page only.
  }
}
