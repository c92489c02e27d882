import { fault } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';

/** Why a value cannot be an access token, if it cannot: no part of it is quoted. */
export function tokenProblem(variable: string, token: string): Finding | undefined {
  const reason = reasonOf(token);
  if (reason === undefined) return undefined;
  return fault('google-credentials-invalid', {
    why: `${variable} is not an access token: ${reason}.`,
    fix: `Set it to the token alone: \`export ${variable}="$(gcloud auth print-access-token 2>/dev/null)"\`.`,
  });
}

function reasonOf(token: string): string | undefined {
  if (/^\s*[{[]/.test(token)) return 'it is JSON';
  if (/-----BEGIN /.test(token)) return 'it is a key';
  if (/[\r\n]/.test(token)) return 'it has several lines, so that other output is probably part of it';
  if (/^bearer\s/i.test(token)) return 'it begins with `Bearer`, which does not belong to it';
  if (/^(["'`]).*\1$/.test(token)) return 'it is in quotes';
  if (/\s/.test(token)) return 'it contains a space';
  return /[^!-~]/.test(token) ? 'it contains a character that is not ASCII' : undefined;
}
