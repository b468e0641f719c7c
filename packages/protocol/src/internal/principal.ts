import { boolean, message, string } from '../schema/schema.ts'

/** A principal, as a broker forwards it to the controller, with its version in front (KIP-590). */
export const DefaultPrincipalData = message(
  'DefaultPrincipalData',
  { versions: [0, 0], flexible: 0 },
  {
    type: string,
    name: string,
    tokenAuthenticated: boolean,
  },
)
