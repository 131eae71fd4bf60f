import type { Words } from './words'

export const es: Words = {
  mail: {
    confirmation: ({ appName }) => ({
      subject: `Confirma tu correo para ${appName}`,
      body: [`¡Te damos la bienvenida a ${appName}! Falta un paso: confirma que esta dirección es tuya.`],
      action: 'Confirmar correo',
    }),
    magic_link: ({ appName }) => ({
      subject: `Inicia sesión en ${appName}`,
      body: [`Has pedido iniciar sesión en ${appName}.`],
      action: 'Iniciar sesión',
    }),
    recovery: ({ appName }) => ({
      subject: `Nueva contraseña para ${appName}`,
      body: [`Has pedido restablecer tu contraseña de ${appName}.`],
      action: 'Elegir contraseña',
    }),
    invite: ({ appName }) => ({
      subject: `Invitación a ${appName}`,
      body: [`Has recibido una invitación a ${appName}. Acéptala para crear tu cuenta.`],
      action: 'Aceptar la invitación',
    }),
    email_change_current: ({ appName, newEmail = '' }) => ({
      subject: `Confirma el cambio de tu correo para ${appName}`,
      body: [`Has pedido cambiar el correo de tu cuenta a ${newEmail}. Ambas direcciones deben confirmarlo; esta es la actual.`],
      action: 'Confirmar el cambio',
    }),
    email_change_new: ({ appName }) => ({
      subject: `Confirma tu nuevo correo para ${appName}`,
      body: [`Has pedido usar esta dirección para tu cuenta de ${appName}.`],
      action: 'Confirmar el cambio',
    }),
    reauthentication: ({ appName }) => ({
      subject: `Tu código para ${appName}`,
      body: [`${appName} te pide que confirmes tu identidad.`],
    }),
    password_changed: ({ appName }) => ({
      subject: `Tu contraseña de ${appName} ha cambiado`,
      body: [`La contraseña de tu cuenta de ${appName} ha cambiado.`],
    }),
    email_changed: ({ appName, newEmail = '' }) => ({
      subject: `Tu correo de ${appName} ha cambiado`,
      body: [`El correo de tu cuenta de ${appName} es ahora ${newEmail}.`],
    }),
    phone_changed: ({ appName }) => ({
      subject: `Tu teléfono de ${appName} ha cambiado`,
      body: [`El número de teléfono de tu cuenta de ${appName} ha cambiado.`],
    }),
    identity_linked: ({ appName, provider = '' }) => ({
      subject: `Nueva forma de iniciar sesión en ${appName}`,
      body: [`Ya puedes iniciar sesión en ${appName} con ${provider}.`],
    }),
    identity_unlinked: ({ appName, provider = '' }) => ({
      subject: `Forma de iniciar sesión eliminada en ${appName}`,
      body: [`Ya no se puede iniciar sesión en ${appName} con ${provider}.`],
    }),
    mfa_factor_enrolled: ({ appName }) => ({
      subject: `Segundo factor añadido en ${appName}`,
      body: [`Para iniciar sesión en ${appName} ahora necesitas un segundo factor.`],
    }),
    mfa_factor_unenrolled: ({ appName }) => ({
      subject: `Segundo factor eliminado en ${appName}`,
      body: [`Se ha eliminado un segundo factor de tu cuenta de ${appName}.`],
    }),
  },
  sms: {
    phone_confirmation: ({ appName, code = '' }) => `${code} es tu código para ${appName}. No lo compartas con nadie.`,
    phone_change: ({ appName, code = '' }) => `${code} confirma tu nuevo número en ${appName}. No lo compartas con nadie.`,
    phone_reauthentication: ({ appName, code = '' }) => `${code} confirma tu identidad en ${appName}. No lo compartas con nadie.`,
    mfa_phone: ({ appName, code = '' }) => `${code} es tu código para ${appName}. No lo compartas con nadie.`,
  },
  code: 'O introduce este código:',
  codeOnly: 'Introduce este código:',
  ignore: 'Si no has sido tú, ignora este mensaje: no pasará nada.',
  notYou: 'Si no has sido tú, cambia tu contraseña y avísanos.',
  orOpen: 'Si el botón no funciona, abre esta dirección:',
}
