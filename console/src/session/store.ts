/** Who is logged in. */
import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'
import { api, ApiFailure, take, type Schema } from '@/api/client'
import { proposeLanguage } from '@/i18n'

export type Session = Schema['SessionView']
export type Role = Schema['UserRole']

export const useSession = defineStore('session', () => {
  const current = shallowRef<Session | null>(null)
  let asked: Promise<void> | null = null

  function accept(session: Session): void {
    current.value = session
    proposeLanguage(session.user.language)
  }

  /** Asks the server once; afterwards `current` is right. Throws ApiFailure when the server does not answer. */
  async function restore(): Promise<void> {
    asked ??= (async () => {
      try {
        accept(await take(api.GET('/api/v1/session')))
      } catch (error) {
        if (!(error instanceof ApiFailure) || error.status !== 401) {
          asked = null
          throw error
        }
      }
    })()
    await asked
  }

  async function logIn(username: string, password: string): Promise<void> {
    accept(await take(api.POST('/api/v1/session', { body: { username, password } })))
  }

  /** All other sessions of the user end. */
  async function changePassword(current_password: string, new_password: string): Promise<void> {
    accept(await take(api.PUT('/api/v1/session/password', { body: { current_password, new_password } })))
  }

  async function logOut(): Promise<void> {
    await take(api.DELETE('/api/v1/session'))
    forget()
  }

  /** The login is gone. */
  function forget(): void {
    current.value = null
  }

  const role = computed(() => current.value?.user.role)
  const mayPhone = computed(() => current.value?.agent != null)
  const mustChangePassword = computed(() => current.value?.user.must_change_password === true)
  /** 局域网单用户版 has one enterprise and nothing about money. */
  const hasBilling = computed(() => current.value?.edition !== 'single')
  const maySeeMoney = computed(() => {
    const name = role.value
    return name === 'operator' || name === 'reseller' || name === 'enterprise'
  })

  return { current, role, mayPhone, maySeeMoney, mustChangePassword, hasBilling, restore, logIn, changePassword, logOut, forget }
})
