/** Calls that are refused before they begin: they never become live, only their record says why. */
import { api, ApiFailure, take } from '@/api/client'

const FIRST_LOOK_MS = 800
const LOOKS = 5

/** Why the call was refused; null when it was not, or when nobody can tell. `isLive` ends the looking. */
export async function findRefusal(callId: string, isLive: () => boolean): Promise<string | null> {
  for (let look = 0; look < LOOKS; look++) {
    await new Promise((resolve) => setTimeout(resolve, FIRST_LOOK_MS))
    if (isLive()) return null
    try {
      const record = await take(api.GET('/api/v1/calls/{call_id}', { params: { path: { call_id: callId } } }))
      return record.refusal
    } catch (error) {
      if (!(error instanceof ApiFailure) || error.status !== 404) return null
    }
  }
  return null
}
