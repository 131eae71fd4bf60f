import type { Words } from './words'

export const en: Words = {
  mail: {
    confirmation: ({ appName }) => ({
      subject: `Confirm your e-mail address for ${appName}`,
      body: [`Welcome to ${appName}! One step is left: confirm that this address is yours.`],
      action: 'Confirm address',
    }),
    magic_link: ({ appName }) => ({
      subject: `Sign in to ${appName}`,
      body: [`You asked to sign in to ${appName}.`],
      action: 'Sign in',
    }),
    recovery: ({ appName }) => ({
      subject: `Choose a new password for ${appName}`,
      body: [`You asked to reset your password for ${appName}.`],
      action: 'Choose a new password',
    }),
    invite: ({ appName }) => ({
      subject: `You are invited to ${appName}`,
      body: [`Somebody invited you to ${appName}. Accept to make your account.`],
      action: 'Accept the invitation',
    }),
    email_change_current: ({ appName, newEmail = '' }) => ({
      subject: `Confirm the change of your address for ${appName}`,
      body: [
        `You asked to change the address of your account to ${newEmail}. Both addresses have to confirm it; this is the one you have now.`,
      ],
      action: 'Confirm the change',
    }),
    email_change_new: ({ appName }) => ({
      subject: `Confirm your new address for ${appName}`,
      body: [`You asked to use this address for your account at ${appName}.`],
      action: 'Confirm the change',
    }),
    reauthentication: ({ appName }) => ({
      subject: `Your code for ${appName}`,
      body: [`${appName} asks you to confirm that it is you.`],
    }),
    password_changed: ({ appName }) => ({
      subject: `Your password for ${appName} was changed`,
      body: [`The password of your account at ${appName} was changed.`],
    }),
    email_changed: ({ appName, newEmail = '' }) => ({
      subject: `Your address for ${appName} was changed`,
      body: [`The address of your account at ${appName} is now ${newEmail}.`],
    }),
    phone_changed: ({ appName }) => ({
      subject: `Your phone number for ${appName} was changed`,
      body: [`The phone number of your account at ${appName} was changed.`],
    }),
    identity_linked: ({ appName, provider = '' }) => ({
      subject: `A way to sign in to ${appName} was added`,
      body: [`Your account at ${appName} can now be entered with ${provider}.`],
    }),
    identity_unlinked: ({ appName, provider = '' }) => ({
      subject: `A way to sign in to ${appName} was removed`,
      body: [`Your account at ${appName} can no longer be entered with ${provider}.`],
    }),
    mfa_factor_enrolled: ({ appName }) => ({
      subject: `A second factor was added at ${appName}`,
      body: [`Signing in to your account at ${appName} now takes a second factor.`],
    }),
    mfa_factor_unenrolled: ({ appName }) => ({
      subject: `A second factor was removed at ${appName}`,
      body: [`A second factor of your account at ${appName} was removed.`],
    }),
  },
  sms: {
    phone_confirmation: ({ appName, code = '' }) => `${code} is your code for ${appName}. Tell it to nobody.`,
    phone_change: ({ appName, code = '' }) => `${code} confirms your new number at ${appName}. Tell it to nobody.`,
    phone_reauthentication: ({ appName, code = '' }) => `${code} confirms at ${appName} that it is you. Tell it to nobody.`,
    mfa_phone: ({ appName, code = '' }) => `${code} is your code for ${appName}. Tell it to nobody.`,
  },
  code: 'Or enter this code:',
  codeOnly: 'Enter this code:',
  ignore: "If it wasn't you, ignore this mail: nothing happens then.",
  notYou: "If it wasn't you, change your password and tell us.",
  orOpen: 'If the button does nothing, open this address:',
}
