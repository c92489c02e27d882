import type { FaultCode } from '../../kit/catalogue/index.ts';
import { fault } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';

/** Says why a stored value is no bare URL of a PostgreSQL database. No text quotes the value. */
export function formFault(stored: string, label: string): Finding | undefined {
  if (stored === '') return fault('url-missing', { why: `${label} is empty.` });
  if (/^["'`“”‘’]/.test(stored)) return refuse('url-quoted', label);
  const wrapped = wrapping(stored);
  if (wrapped !== undefined) return fault('url-wrapped', { why: `${label} ${wrapped[0]}`, fix: wrapped[1] });
  if (/^jdbc:/i.test(stored)) return schemeFault(label, 'jdbc:', 'Remove the leading `jdbc:`.');
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(stored)?.[1];
  if (scheme === undefined)
    return /^\w+\s*=/.test(stored)
      ? refuse('url-keywords', label)
      : fault('url-scheme', { why: `${label} does not begin with postgresql://.` });
  if (!/^postgres(ql)?$/i.test(scheme)) return schemeFault(label, `${scheme}://`, schemeFix(scheme));
  return trailing(stored, label);
}

const url = 'postgres(?:ql)?(?:\\+\\w+)?://';
const assignment = new RegExp(`^(?:(?:export|set|env)\\s+)?[A-Za-z_][\\w.-]*\\s*(?:=|:\\s)\\s*["'\`]?${url}`, 'i');

/** What is around the URL, and what to do. */
function wrapping(stored: string): readonly [string, string] | undefined {
  if (assignment.test(stored))
    return ['begins with the name of a variable.', 'Store only what follows `=`: the value begins with postgresql://.'];
  if (/^(psql|pg_dump)\s/.test(stored))
    return ['is a command line.', 'Store only the URL in it: the value begins with postgresql://.'];
  if (/^(\$\w|\$?\{\{|\$[{(]|%\w+%$|<)/.test(stored))
    return [
      'is a placeholder such as ${NAME} that nothing has replaced.',
      'Store the URL itself, or let the shell or the CI system replace the placeholder.',
    ];
  if (/^[{[]/.test(stored)) return ['is JSON.', 'Store only the URL in it: the value begins with postgresql://.'];
  if (isBase64(stored))
    return ['is a URL encoded as base64.', 'Decode it first: `base64 --decode`. Secrets hold the URL itself.'];
  const invisible = /(?!\s)[\p{Cc}\p{Cf}]/u.exec(stored);
  if (invisible !== null) {
    const point = (invisible[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
    return [
      `contains an invisible character (U+${point}), as copying from a web page or a chat can add it.`,
      'Type the URL again, or copy it from another place. A character that belongs to the password is percent-encoded.',
    ];
  }
  return undefined;
}

function isBase64(stored: string): boolean {
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(stored.replaceAll(/\s/g, ''))) return false;
  try {
    return /^\s*["'`]?postgres(ql)?:\/\//.test(
      atob(stored.replaceAll(/\s/g, '').replaceAll('-', '+').replaceAll('_', '/')),
    );
  } catch {
    return false;
  }
}

/** What has been left behind the URL. */
function trailing(stored: string, label: string): Finding | undefined {
  if (/["'`“”‘’]$/.test(stored))
    return fault('url-quoted', {
      why: `${label} ends with a quote, which would become a part of the database’s name.`,
      fix: 'Remove the quote at the end.',
    });
  if (/[;,]$/.test(stored))
    return fault('url-wrapped', {
      why: `${label} ends with \`${stored.at(-1)}\`, which would become a part of the database’s name.`,
      fix: `Remove the \`${stored.at(-1)}\` at the end.`,
    });
  if (/\\[nrt]$/.test(stored))
    return fault('url-wrapped', {
      why: `${label} ends with a line end that is written as two characters, such as \\n.`,
      fix: 'Store the URL without it: `printf %s "$URL"` in place of `echo`.',
    });
  return undefined;
}

function schemeFault(label: string, scheme: string, fix: string): Finding {
  return fault('url-scheme', { why: `${label} begins with ${scheme}, not with postgresql://.`, fix });
}

function schemeFix(scheme: string): string {
  if (/^postgres(ql)?\+/i.test(scheme))
    return `Write postgresql:// in place of ${scheme}://: the part after + names a driver.`;
  if (/^prisma/i.test(scheme))
    return 'That is the address of a Prisma service. Give the URL of the database itself, which begins with postgresql://.';
  if (/^(psql|pgsql|pg|postgis|ecto|postgre|postgressql|postgress|postgresq)$/i.test(scheme))
    return `Write postgresql:// in place of ${scheme}://.`;
  return 'Godwit works with PostgreSQL: begin the URL with postgresql://.';
}

function refuse(code: FaultCode, label: string): Finding {
  return fault(code, { why: `${label}: ${fault(code).why}` });
}
