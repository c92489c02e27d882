/** Shorter pieces are words that may stand in any text. */
const shortestPart = 8;
/** Members of JSON credentials whose values are secret. */
const secretMember =
  /^(?:private_?key(?:_?id)?|client_?secret|refresh_?token|access_?token|id_?token|identity_?token|subject_?token|token|password|passwd|secret|api_?key|auth)$/i;
/** A line of a key: the lines that frame it are the same in every key. */
const frame = /^-+(?:BEGIN|END) [A-Z0-9 ]+-+$/;

/**
 * What a secret consists of: its lines, and of JSON its secret members, also where it is in base64, percent-encoded or
 * in quotes. A part is as secret as the whole, and may stand alone in a text.
 *
 * @example
 * secretParts('{"type":"authorized_user","refresh_token":"1//0abcdefg"}');
 * // ['1//0abcdefg']
 */
export function secretParts(secret: string): readonly string[] {
  const parts = new Set<string>();
  for (const text of readings(secret)) {
    collect(text, parts);
    const json = jsonOf(text);
    if (json !== undefined) collectMembers(json, parts);
    else for (const [, value = ''] of text.matchAll(memberInText)) collect(unescaped(value), parts);
  }
  parts.delete(secret);
  return [...parts];
}

/** The text in the forms in which tools hand it over: as it is, out of quotes, decoded. */
export function readings(text: string): readonly string[] {
  const found = new Set([text, text.trim()]);
  const bare = /^(["'`])([^]*)\1$/.exec(text.trim())?.[2];
  if (bare !== undefined) found.add(bare).add(unescaped(bare));
  if (/%[0-9a-f]{2}/i.test(text)) found.add(percentDecoded(text));
  for (const one of found) {
    const decoded = base64Decoded(one);
    if (decoded !== undefined) found.add(decoded);
  }
  return [...found];
}

/** Members of JSON that is cut off or otherwise no JSON. */
const memberInText = new RegExp(
  `"(?:${secretMember.source.slice('^(?:'.length, -')$'.length)})"\\s*:\\s*"((?:[^"\\\\]|\\\\.)*)`,
  'gi',
);

function collect(text: string, parts: Set<string>): void {
  if (text.length >= shortestPart && !frame.test(text)) parts.add(text);
  const lines = text.split(/[\r\n]+|\\n/).map((line) => line.trim());
  if (lines.length === 1) return;
  // Lines of JSON hold names and addresses that are no secret: its members are collected instead.
  if (lines.some((line) => /^[{}"]/.test(line))) return;
  for (const line of lines) if (line.length >= shortestPart && !frame.test(line)) parts.add(line);
}

function collectMembers(value: unknown, parts: Set<string>): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    if (typeof member === 'string' && secretMember.test(name)) collect(member, parts);
    else collectMembers(member, parts);
  }
}

function jsonOf(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function unescaped(text: string): string {
  return text.replaceAll(/\\(["\\/n])/g, (_, letter: string) => (letter === 'n' ? '\n' : letter));
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What a text in base64 says, if that is text, too. */
function base64Decoded(text: string): string | undefined {
  const letters = text.replaceAll(/\s+/g, '').replaceAll('-', '+').replaceAll('_', '/');
  if (letters.length < 24 || !/^[A-Za-z0-9+/]+={0,2}$/.test(letters)) return undefined;
  try {
    const bytes = Uint8Array.from(atob(letters), (letter) => letter.charCodeAt(0));
    const decoded = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    // oxlint-disable-next-line no-control-regex
    return /[\u0000-\u0008\u000e-\u001f]/.test(decoded) ? undefined : decoded;
  } catch {
    return undefined;
  }
}
