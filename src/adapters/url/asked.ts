import type { SecureVersion } from 'node:tls';

/** What the parameters of a URL ask for, each in its own terms. */
export interface Asked {
  readonly host?: string;
  readonly port?: string;
  readonly dbname?: string;
  readonly user?: string;
  readonly password?: string;
  readonly passfile?: string;
  readonly hostaddr?: string;
  readonly options?: string;
  /** Text of a search path, as the setting is written. */
  readonly searchPath?: string;
  readonly sslmode?: string;
  readonly sslrootcert?: string;
  readonly sslcert?: string;
  readonly sslkey?: string;
  readonly sslpassword?: string;
  readonly sslcrl?: string;
  readonly withholdsCertificate?: boolean;
  readonly tlsMinimum?: SecureVersion;
  readonly tlsMaximum?: SecureVersion;
  readonly tlsDirect?: boolean;
  readonly channelBinding?: 'prefer' | 'disable' | 'require';
  readonly requireAuth?: string;
  readonly session?: 'any' | 'primary' | 'read-write';
  readonly connectTimeoutMs?: number;
  readonly keepAlive?: boolean;
  readonly keepAliveMs?: number;
}

/** How one parameter is understood: what it asks for, why it is refused, or why it has no effect. */
export type ParameterReading =
  | { readonly asked: Asked }
  | { readonly why: string; readonly fix: string }
  | { readonly told: string; readonly fix: string };

/** Reads the value of one parameter. */
export type Rule = (value: string) => ParameterReading;
