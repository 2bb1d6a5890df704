import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { effectScope } from 'vue'
import { percentOf, reasonOf, useStatementFile } from './file'

it.each([
  [{ state: 'waiting' as const, lines_done: 0, lines_total: null }, null],
  [{ state: 'making' as const, lines_done: 0, lines_total: 0 }, null],
  [{ state: 'making' as const, lines_done: 1, lines_total: 3 }, 33],
  [{ state: 'making' as const, lines_done: 3, lines_total: 3 }, 99],
  [{ state: 'ready' as const, lines_done: 3, lines_total: 3 }, 100],
])('knows how far a file is', (file, percent) => expect(percentOf(file)).toBe(percent))

it('says why it failed', () => {
  expect(reasonOf('3 lines of 4, ending at 1 of 2')).toBe('reconcile')
  expect(reasonOf('the sums of the statement are not those of the ledger')).toBe('reconcile')
  expect(reasonOf('no font with Chinese')).toBe('font')
  expect(reasonOf('[Errno 28] No space left on device')).toBe('other')
  expect(reasonOf(null)).toBe('other')
})

const answers: (object | null)[] = []
const asked: unknown[] = []
const answer = (options: unknown): Promise<unknown> => {
  asked.push(options)
  const data = answers.shift()
  if (!data) return Promise.reject(new TypeError('gone'))
  return Promise.resolve({ data, response: new Response(null, { status: 200 }) })
}
vi.mock('@/api/client', async (original) => ({
  ...(await original<typeof import('@/api/client')>()),
  api: { GET: (_: string, options: unknown) => answer(options), POST: (_: string, options: unknown) => answer(options) },
}))
beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

it('follows a file until it is ready, and asks on only when told after an answer was lost', async () => {
  answers.push({ id: 7, state: 'waiting' }, { id: 7, state: 'making' }, null, { id: 7, state: 'ready' })
  const scope = effectScope()
  const used = scope.run(useStatementFile)!
  await used.make(3, 'pdf', 'en')
  expect(asked[0]).toEqual({ params: { path: { statement_id: 3 } }, body: { format: 'pdf', language: 'en' } })
  expect(used.file.value?.state).toBe('waiting')
  await vi.advanceTimersByTimeAsync(1000)
  expect(used.file.value?.state).toBe('making')
  await vi.advanceTimersByTimeAsync(1000)
  expect(used.failure.value).not.toBeNull()
  await vi.advanceTimersByTimeAsync(5000)
  expect(asked).toHaveLength(3)
  await used.look()
  expect(asked[3]).toEqual({ params: { path: { file_id: 7 } } })
  expect(used.file.value?.state).toBe('ready')
  await vi.advanceTimersByTimeAsync(5000)
  expect(asked).toHaveLength(4)
  scope.stop()
})

it('asks no more for a page that is left', async () => {
  asked.length = 0
  answers.push({ id: 8, state: 'waiting' })
  const scope = effectScope()
  await scope.run(useStatementFile)!.make(3, 'pdf', 'en')
  scope.stop()
  await vi.advanceTimersByTimeAsync(5000)
  expect(asked).toHaveLength(1)
})
