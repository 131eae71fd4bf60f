import type { Words } from './words'

export const de: Words = {
  mail: {
    confirmation: ({ appName }) => ({
      subject: `Bestätige deine E-Mail-Adresse für ${appName}`,
      body: [`Willkommen bei ${appName}! Ein Schritt fehlt noch: Bestätige, dass diese Adresse dir gehört.`],
      action: 'Adresse bestätigen',
    }),
    magic_link: ({ appName }) => ({
      subject: `Anmelden bei ${appName}`,
      body: [`Du möchtest dich bei ${appName} anmelden.`],
      action: 'Anmelden',
    }),
    recovery: ({ appName }) => ({
      subject: `Neues Passwort für ${appName}`,
      body: [`Du möchtest dein Passwort für ${appName} zurücksetzen.`],
      action: 'Neues Passwort wählen',
    }),
    invite: ({ appName }) => ({
      subject: `Einladung zu ${appName}`,
      body: [`Du bist zu ${appName} eingeladen. Nimm an, um dein Konto anzulegen.`],
      action: 'Einladung annehmen',
    }),
    email_change_current: ({ appName, newEmail = '' }) => ({
      subject: `Bestätige die Änderung deiner Adresse für ${appName}`,
      body: [`Du möchtest die Adresse deines Kontos auf ${newEmail} ändern. Beide Adressen müssen zustimmen; diese ist deine bisherige.`],
      action: 'Änderung bestätigen',
    }),
    email_change_new: ({ appName }) => ({
      subject: `Bestätige deine neue Adresse für ${appName}`,
      body: [`Du möchtest diese Adresse für dein Konto bei ${appName} verwenden.`],
      action: 'Änderung bestätigen',
    }),
    reauthentication: ({ appName }) => ({
      subject: `Dein Code für ${appName}`,
      body: [`${appName} bittet dich zu bestätigen, dass du es bist.`],
    }),
    password_changed: ({ appName }) => ({
      subject: `Dein Passwort für ${appName} wurde geändert`,
      body: [`Das Passwort deines Kontos bei ${appName} wurde geändert.`],
    }),
    email_changed: ({ appName, newEmail = '' }) => ({
      subject: `Deine Adresse für ${appName} wurde geändert`,
      body: [`Die Adresse deines Kontos bei ${appName} ist jetzt ${newEmail}.`],
    }),
    phone_changed: ({ appName }) => ({
      subject: `Deine Telefonnummer für ${appName} wurde geändert`,
      body: [`Die Telefonnummer deines Kontos bei ${appName} wurde geändert.`],
    }),
    identity_linked: ({ appName, provider = '' }) => ({
      subject: `Neuer Anmeldeweg bei ${appName}`,
      body: [`Du kannst dich bei ${appName} jetzt auch mit ${provider} anmelden.`],
    }),
    identity_unlinked: ({ appName, provider = '' }) => ({
      subject: `Anmeldeweg bei ${appName} entfernt`,
      body: [`Die Anmeldung bei ${appName} mit ${provider} ist nicht mehr möglich.`],
    }),
    mfa_factor_enrolled: ({ appName }) => ({
      subject: `Zweiter Faktor bei ${appName} eingerichtet`,
      body: [`Für die Anmeldung bei ${appName} brauchst du jetzt einen zweiten Faktor.`],
    }),
    mfa_factor_unenrolled: ({ appName }) => ({
      subject: `Zweiter Faktor bei ${appName} entfernt`,
      body: [`Ein zweiter Faktor deines Kontos bei ${appName} wurde entfernt.`],
    }),
  },
  sms: {
    phone_confirmation: ({ appName, code = '' }) => `${code} ist dein Code für ${appName}. Gib ihn niemandem weiter.`,
    phone_change: ({ appName, code = '' }) => `${code} bestätigt deine neue Nummer bei ${appName}. Gib den Code niemandem weiter.`,
    phone_reauthentication: ({ appName, code = '' }) => `${code} bestätigt bei ${appName}, dass du es bist. Gib den Code niemandem weiter.`,
    mfa_phone: ({ appName, code = '' }) => `${code} ist dein Code für ${appName}. Gib ihn niemandem weiter.`,
  },
  code: 'Oder gib diesen Code ein:',
  codeOnly: 'Gib diesen Code ein:',
  ignore: 'Warst du das nicht, dann ignoriere diese Mail: Es passiert dann nichts.',
  notYou: 'Warst du das nicht, dann ändere dein Passwort und melde dich bei uns.',
  orOpen: 'Falls der Knopf nichts bewirkt, öffne diese Adresse:',
}
