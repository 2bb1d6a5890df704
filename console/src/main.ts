import { createPinia } from 'pinia'
import { createApp } from 'vue'
import { setLoggedOutAction } from '@/api/client'
import { applyLanguage, i18n } from '@/i18n'
import { useSession } from '@/session/store'
import ConsoleApp from '@/shell/ConsoleApp.vue'
import { router } from '@/shell/router'
import '@/shell/theme.css'

const app = createApp(ConsoleApp)
app.use(createPinia())
app.use(i18n)
applyLanguage(i18n.global.locale.value)
setLoggedOutAction(() => useSession().forget())
app.use(router)
app.mount('#app')
