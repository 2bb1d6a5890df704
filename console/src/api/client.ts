/** The one client of the API. Its types come from the OpenAPI document; a failure is thrown as `ApiFailure`. */
import createClient from 'openapi-fetch'
import { noteServerTime } from '@/kit/clock'
import type { components, paths } from './schema'

export type Schema = components['schemas']

/** What the API refused, by its stable code; `unreachable` when there was no answer at all. */
export class ApiFailure extends Error {
  constructor(
    readonly code: string,
    readonly status: number,
    message: string,
  ) {
    super(message)
  }
}

let onLoggedOut: () => void = () => undefined

/** What to do when the server no longer knows the session. */
export function setLoggedOutAction(action: () => void): void {
  onLoggedOut = action
}

export const api = createClient<paths>({
  // Looked up at each call, so that tests may replace it.
  fetch: (request) => globalThis.fetch(request),
})

interface Answer<T> {
  data?: T
  error?: unknown
  response: Response
}

/** The data of an answer. Throws ApiFailure. */
export async function take<T>(answer: Promise<Answer<T>>): Promise<T> {
  let result: Answer<T>
  try {
    result = await answer
  } catch {
    throw new ApiFailure('unreachable', 0, 'The server does not answer.')
  }
  noteServerTime(result.response.headers.get('date'))
  if (result.response.ok) return result.data as T
  const failure = describe(result.error, result.response.status)
  if (failure.code === 'not_logged_in') onLoggedOut()
  throw failure
}

function describe(body: unknown, status: number): ApiFailure {
  if (typeof body === 'object' && body !== null && 'code' in body && typeof body.code === 'string') {
    const message = 'message' in body && typeof body.message === 'string' ? body.message : body.code
    return new ApiFailure(body.code, status, message)
  }
  return new ApiFailure(status === 502 || status === 504 ? 'unreachable' : 'internal', status, `HTTP ${status}`)
}
