import type { Redactor } from '../../kit/redact.ts';
import type { DatabaseAddress } from '../postgres/address.ts';

/** Registers what a URL holds, in the form of the URL too: it may be encoded in a way that is not godwit's. */
export function registerSecrets(address: DatabaseAddress, given: string, redactor: Redactor): void {
  redactor.register(address.clientKeyPassword ?? '');
  if (address.password === undefined) return;
  redactor.register(address.password);
  redactor.register(given);
  redactor.register(/^[a-z]+:\/\/[^:@/]*:([^@]*)@/i.exec(given)?.[1] ?? '');
  for (const [, value] of given.matchAll(/[?&](?:password|sslpassword)=([^&]*)/g)) redactor.register(value ?? '');
}
