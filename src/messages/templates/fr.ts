import type { Words } from './words'

export const fr: Words = {
  mail: {
    confirmation: ({ appName }) => ({
      subject: `Confirmez votre adresse pour ${appName}`,
      body: [`Bienvenue sur ${appName} ! Il reste une étape : confirmez que cette adresse est la vôtre.`],
      action: "Confirmer l'adresse",
    }),
    magic_link: ({ appName }) => ({
      subject: `Connexion à ${appName}`,
      body: [`Vous avez demandé à vous connecter à ${appName}.`],
      action: 'Se connecter',
    }),
    recovery: ({ appName }) => ({
      subject: `Nouveau mot de passe pour ${appName}`,
      body: [`Vous avez demandé à réinitialiser votre mot de passe pour ${appName}.`],
      action: 'Choisir un mot de passe',
    }),
    invite: ({ appName }) => ({
      subject: `Invitation à ${appName}`,
      body: [`Vous êtes invité à rejoindre ${appName}. Acceptez pour créer votre compte.`],
      action: "Accepter l'invitation",
    }),
    email_change_current: ({ appName, newEmail = '' }) => ({
      subject: `Confirmez le changement de votre adresse pour ${appName}`,
      body: [
        `Vous avez demandé à remplacer l'adresse de votre compte par ${newEmail}. Les deux adresses doivent confirmer ; celle-ci est votre adresse actuelle.`,
      ],
      action: 'Confirmer le changement',
    }),
    email_change_new: ({ appName }) => ({
      subject: `Confirmez votre nouvelle adresse pour ${appName}`,
      body: [`Vous avez demandé à utiliser cette adresse pour votre compte ${appName}.`],
      action: 'Confirmer le changement',
    }),
    reauthentication: ({ appName }) => ({
      subject: `Votre code pour ${appName}`,
      body: [`${appName} vous demande de confirmer votre identité.`],
    }),
    password_changed: ({ appName }) => ({
      subject: `Votre mot de passe pour ${appName} a été modifié`,
      body: [`Le mot de passe de votre compte ${appName} a été modifié.`],
    }),
    email_changed: ({ appName, newEmail = '' }) => ({
      subject: `Votre adresse pour ${appName} a été modifiée`,
      body: [`L'adresse de votre compte ${appName} est désormais ${newEmail}.`],
    }),
    phone_changed: ({ appName }) => ({
      subject: `Votre numéro pour ${appName} a été modifié`,
      body: [`Le numéro de téléphone de votre compte ${appName} a été modifié.`],
    }),
    identity_linked: ({ appName, provider = '' }) => ({
      subject: `Un moyen de connexion à ${appName} a été ajouté`,
      body: [`Vous pouvez désormais vous connecter à ${appName} avec ${provider}.`],
    }),
    identity_unlinked: ({ appName, provider = '' }) => ({
      subject: `Un moyen de connexion à ${appName} a été retiré`,
      body: [`La connexion à ${appName} avec ${provider} n'est plus possible.`],
    }),
    mfa_factor_enrolled: ({ appName }) => ({
      subject: `Un second facteur a été ajouté sur ${appName}`,
      body: [`La connexion à votre compte ${appName} demande désormais un second facteur.`],
    }),
    mfa_factor_unenrolled: ({ appName }) => ({
      subject: `Un second facteur a été retiré sur ${appName}`,
      body: [`Un second facteur de votre compte ${appName} a été retiré.`],
    }),
  },
  sms: {
    phone_confirmation: ({ appName, code = '' }) => `${code} est votre code pour ${appName}. Ne le communiquez à personne.`,
    phone_change: ({ appName, code = '' }) => `${code} confirme votre nouveau numéro sur ${appName}. Ne le communiquez à personne.`,
    phone_reauthentication: ({ appName, code = '' }) => `${code} confirme votre identité sur ${appName}. Ne le communiquez à personne.`,
    mfa_phone: ({ appName, code = '' }) => `${code} est votre code pour ${appName}. Ne le communiquez à personne.`,
  },
  code: 'Ou saisissez ce code :',
  codeOnly: 'Saisissez ce code :',
  ignore: "Si ce n'était pas vous, ignorez ce message : rien ne se passera.",
  notYou: "Si ce n'était pas vous, changez votre mot de passe et prévenez-nous.",
  orOpen: 'Si le bouton ne fonctionne pas, ouvrez cette adresse :',
}
