import { maskCredentials } from './credential-shapes.ts';

/**
 * A text about a failure as it may be kept, and sent to other machines: without what looks like a credential, and without
 * the values of rows that PostgreSQL quotes. The screen of whoever ran the command shows them.
 *
 * @example
 * storedText('Key (email)=(sue@example.com) already exists.');
 * // 'Key (email)=(…) already exists.'
 */
export function storedText(text: string): string {
  return maskCredentials(text)
    .replaceAll(
      /(\bKey \([^]*?\)=)\([^]*?\)(?= (?:already exists|is duplicated|is not present|is still referenced|conflicts))/g,
      '$1(…)',
    )
    .replaceAll(/(\bFailing row contains )\([^]*?\)(?=\.(?:\s|$)|$)/g, '$1(…)');
}
